import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../../../agent/alarms/dc09/byte-text.ts';
import { decodeFrame, encodeFrame } from '../../../../../agent/alarms/dc09/codec.ts';
import {
  createFrameSplitter,
  frameBytesMax,
  type SplitResult,
} from '../../../../../agent/alarms/dc09/splitter/codec.ts';
import { textOf, vectors, wired } from '../vectors.ts';

/** Everything that came of the text in pieces of the sizes given, the last of which repeats. */
function split(bytes: Uint8Array, sizes: readonly number[] = [bytes.length], bytesMax?: number) {
  const splitter = createFrameSplitter(bytesMax === undefined ? {} : { bytesMax });
  const all: SplitResult = { frames: [], garbageBytes: 0, oversized: 0 };
  let heldMax = 0;
  for (let at = 0, piece = 0; at < bytes.length; piece += 1) {
    const size = Math.max(1, sizes[Math.min(piece, sizes.length - 1)] ?? 1);
    const result = splitter.push(bytes.subarray(at, at + size));
    all.frames.push(...result.frames);
    all.garbageBytes += result.garbageBytes;
    all.oversized += result.oversized;
    heldMax = Math.max(heldMax, splitter.heldBytes());
    at += size;
  }
  return { ...all, texts: all.frames.map(textOf), heldMax, heldBytes: splitter.heldBytes() };
}

const framed = vectors.map((text) => `\n${text}\r`);
/** A frame with a binary CRC that begins with the byte given, found by trying. */
function binaryWithCrcByte(byte: number, at: 1 | 2): Uint8Array {
  for (let sequence = 0; sequence < 10_000; sequence += 1) {
    const fields = { id: 'NULL', sequence: String(sequence).padStart(4, '0'), line: '0', account: '1234' };
    const bytes = encodeFrame({ ...fields, crcForm: 'binary' });
    if (bytes[at] === byte) return bytes;
  }
  throw new Error('no such frame');
}

describe('frames out of a stream', () => {
  it('come out whole when several are in a read', () => {
    const { texts, garbageBytes, heldBytes } = split(bytesOf(framed.join('')));
    expect(texts).toEqual(framed);
    expect({ garbageBytes, heldBytes }).toEqual({ garbageBytes: 0, heldBytes: 0 });
  });

  it('come out the same byte by byte', () => {
    expect(split(bytesOf(framed.join('')), [1]).texts).toEqual(framed);
  });

  it('are not hidden by NULs and noise between them', () => {
    const [first = '', second = ''] = framed;
    const { texts, garbageBytes } = split(bytesOf(`noise${first}\0\0\r\n\n${second}\0`));
    expect(texts).toEqual([first, second]);
    // NULs count for nothing: five of the word, CR and two LF that begin nothing.
    expect(garbageBytes).toBe(8);
  });

  it('are not hidden by one that was cut off', () => {
    const [first = '', second = ''] = framed;
    for (let at = 1; at < first.length; at += 1) {
      expect(split(bytesOf(first.slice(0, at) + second)).texts, `cut at ${at}`).toEqual([second]);
    }
  });

  it.each([0x0a, 0x0d, 0x22, 0x30])('may have %i as a byte of a binary CRC', (byte) => {
    for (const at of [1, 2] as const) {
      const bytes = binaryWithCrcByte(byte, at);
      for (const sizes of [[bytes.length], [1], [2, 3]]) {
        expect(split(bytes, sizes).texts).toEqual([textOf(bytes)]);
      }
    }
  });

  it('of a datagram that was cut off leave something held', () => {
    const text = framed[0] ?? '';
    expect(split(bytesOf(text.slice(0, -1))).heldBytes).toBe(text.length - 1);
  });
});

describe('the bound', () => {
  const longest = encodeFrame({
    id: 'SIA-DCS',
    sequence: '0001',
    line: '0',
    account: '1234',
    data: 'x'.repeat(4073),
  });

  it('lets the longest frame pass that the length field can tell', () => {
    expect(longest.length).toBe(frameBytesMax);
    expect(split(longest).texts).toEqual([textOf(longest)]);
    expect(decodeFrame(longest)).toMatchObject({ ok: true });
  });

  it('reports one more and skips to the next LF', () => {
    const [next = ''] = framed;
    const { texts, oversized, garbageBytes } = split(
      bytesOf(`${textOf(longest).slice(0, -1)}xxxxx\rjunk${next}`),
      [7],
    );
    expect(texts).toEqual([next]);
    expect({ oversized, garbageBytes }).toEqual({ oversized: 1, garbageBytes: 0 });
  });
});

describe('whatever comes', () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(...framed).map(bytesOf),
    fc.constantFrom(...framed).map((text) => bytesOf(text.slice(0, text.length / 2))),
    fc.string({ unit: fc.constantFrom('\n', '\r', '"', '0', 'A', '\0'), maxLength: 60 }).map(bytesOf),
  );
  const stream = fc.array(anything, { maxLength: 12 }).map((parts) => Buffer.concat(parts));
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });

  it('the pieces it comes in make no difference', () => {
    fc.assert(
      fc.property(stream, sizes, (bytes, pieces) => {
        const { heldMax: _whole, frames: _frames, ...whole } = split(bytes);
        const { heldMax: _split, frames: _same, ...inPieces } = split(bytes, pieces);
        expect(inPieces).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  it('never more is held than the bound', () => {
    fc.assert(
      fc.property(stream, sizes, (bytes, pieces) => {
        const { heldMax, frames } = split(bytes, pieces, 64);
        expect(heldMax).toBeLessThanOrEqual(64);
        for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(64);
      }),
      { numRuns: 300 },
    );
  });

  it('a frame after noise without LF is always found', () => {
    const noise = fc.uint8Array({ maxLength: 100 }).map((bytes) => bytes.filter((byte) => byte !== 0x0a));
    fc.assert(
      fc.property(noise, fc.constantFrom(...vectors), (bytes, text) => {
        expect(split(Buffer.concat([bytes, wired(text)]), [3]).texts).toEqual([`\n${text}\r`]);
      }),
    );
  });
});
