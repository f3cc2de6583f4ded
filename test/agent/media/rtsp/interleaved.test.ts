import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InterleavedSplitter } from '../../../../agent/media/rtsp/interleaved.ts';

function frame(channel: number, ...payload: number[]): number[] {
  return [0x24, channel, payload.length >> 8, payload.length & 0xff, ...payload];
}

function text(message: string): number[] {
  return [...Buffer.from(message)];
}

/** What comes out, in order: "channel:hex" or "status body". */
function split(pieces: readonly (readonly number[])[], known = [0, 1]): string[] {
  const out: string[] = [];
  const splitter = new InterleavedSplitter({
    frame: (channel, bytes, start, end) => {
      out.push(`${channel}:${Buffer.from(bytes.slice(start, end)).toString('hex')}`);
    },
    message: (message) => {
      out.push(message.kind === 'response' ? `${message.status} ${message.body}` : message.method);
    },
  });
  for (const channel of known) splitter.know(channel);
  for (const piece of pieces) splitter.push(Uint8Array.from(piece), piece.length);
  return out;
}

const ok = text('RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n');
const withBody = text('RTSP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n$\x00he\r');

describe('the interleaved splitter', () => {
  it('tells frames and messages apart', () => {
    const bytes = [
      ...ok,
      ...frame(0, 0x80, 1),
      ...withBody,
      ...frame(1, 0x81),
      ...text('OPTIONS * RTSP/1.0\r\n\r\n'),
    ];
    expect(split([bytes])).toEqual(['200 ', '0:8001', '200 $\x00he\r', '1:81', 'OPTIONS']);
  });

  it('skips frames of unknown channels, empty ones, and blank lines between messages', () => {
    const bytes = [...frame(7, 1, 2, 3), ...frame(0), ...text('\r\n'), ...frame(0, 0x80), ...ok];
    expect(split([bytes])).toEqual(['0:80', '200 ']);
  });

  it.each([
    ['garbage', [1, 2, 3, 0x24, 9, 9, 0x24]],
    ['letters that begin like a message', text('RTXX GARBAGE')],
    ['a start line with binary in it', [...text('PLAY '), 0, 1, 2]],
    ['a frame whose length was wrong', [0x24, 0, 0, 9, 0x12, 0x34]],
    ['the end of a description whose length was wrong', text('0 RTP/AVP 8\r\na=control:track2\r\n')],
    ['a false start at a known channel', [0x24, 0, 0, 2, 0x00, 0x00]],
  ])('finds its way after %s', (_name, garbage) => {
    const good = [...frame(0, 0x80, 1, 2), ...frame(1, 0x81, 3), ...ok, ...frame(0, 0x80, 4)];
    const out = split([[...frame(0, 0x80, 0), ...garbage, ...good, ...good]]);
    expect(out[0]).toBe('0:8000');
    expect(out.slice(-4)).toEqual(['0:800102', '1:8103', '200 ', '0:8004']);
  });

  it('holds frames of the greatest length over reads of any size', () => {
    const payload = Array.from({ length: 65_535 }, (_, i) => (i === 0 ? 0x80 : i & 0xff));
    const bytes = [...frame(0, ...payload), ...frame(1, 0x80)];
    const pieces = [];
    for (let at = 0; at < bytes.length; at += 7001) pieces.push(bytes.slice(at, at + 7001));
    expect(split(pieces)).toEqual([`0:${Buffer.from(payload).toString('hex')}`, '1:80']);
  });

  it('refuses headers and bodies beyond their bounds', () => {
    expect(() => split([text(`RTSP/1.0 200 OK\r\nX: ${'y'.repeat(70_000)}`)])).toThrow(/too long/);
    expect(() => split([text('RTSP/1.0 200 OK\r\nContent-Length: 999999\r\n\r\n')])).toThrow(/not accepted/);
  });

  it('hands out nothing after it was stopped in the middle of a read', () => {
    const out: number[] = [];
    const splitter = new InterleavedSplitter({
      frame: (channel) => {
        out.push(channel);
        splitter.stop();
      },
      message: () => out.push(-1),
    });
    splitter.know(0);
    const bytes = Uint8Array.from([...frame(0, 0x80), ...frame(0, 0x80), ...ok]);
    splitter.push(bytes, bytes.length);
    expect(out).toEqual([0]);
  });

  const piece = fc.oneof(
    fc
      .tuple(fc.constantFrom(0, 1, 5), fc.uint8Array({ maxLength: 30 }))
      .map(([channel, payload]) => frame(channel, 0x80, ...payload)),
    fc.constantFrom(
      ok,
      withBody,
      text('\r\n'),
      text('GET_PARAMETER rtsp://h/ RTSP/1.0\nCSeq: 4\n\n'),
      frame(0),
    ),
  );
  const cut = (bytes: readonly number[], cuts: readonly number[]) => {
    const at = [0, ...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
    return at.slice(1).map((end, i) => bytes.slice(at[i], end));
  };

  it('gives the same for a valid stream wherever the reads cut it', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 20 }),
        fc.array(fc.nat(2000), { maxLength: 30 }),
        (pieces, cuts) => {
          const bytes = pieces.flat();
          expect(split(cut(bytes, cuts))).toEqual(split([bytes]));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives the same for a broken stream wherever the reads cut it', () => {
    const broken = fc.array(
      fc.oneof(piece, fc.array(fc.constantFrom(0x24, 0, 1, 0x80, 0x52, 0x41), { maxLength: 9 })),
      {
        maxLength: 15,
      },
    );
    const outcome = (pieces: number[][]) => {
      try {
        return split(pieces);
      } catch {
        return 'refused';
      }
    };
    fc.assert(
      fc.property(broken, fc.array(fc.nat(2000), { maxLength: 30 }), (pieces, cuts) => {
        const bytes = pieces.flat();
        expect(outcome(cut(bytes, cuts))).toEqual(outcome([bytes]));
      }),
      { numRuns: 1000 },
    );
  });
});
