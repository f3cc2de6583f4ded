/** Small synthetic init segments and parts: real boxes around bytes that no player needs. */
import type { InitSegment, Part } from '../../../agent/media/types.ts';

const timescale = 90_000;

export function makeInit(key = 'init-a', moovBytes = 64): InitSegment {
  return {
    key,
    ftyp: box('ftyp', new TextEncoder().encode('iso5\0\0\0\0iso5')),
    moov: box('moov', text(key, moovBytes)),
  };
}

export interface PartOptions {
  readonly startMs: number;
  readonly durationMs?: number;
  readonly payloadBytes?: number;
  readonly seed?: number;
  readonly onRelease?: () => void;
  /** UTC ms of the first decode time; the start unless told. */
  readonly decodeMs?: number;
  /** Begins with a key frame; true unless told. */
  readonly randomAccess?: boolean;
}

/** A `moof` with one track, and an `mdat` in two chunks. */
export function makePart(options: PartOptions): Part {
  const { startMs, durationMs = 1_000, payloadBytes = 2_000, seed = 1 } = options;
  const tfdt = box('tfdt', new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
  const traf = box('traf', concat(box('tfhd', new Uint8Array([0, 2, 0, 0, 0, 0, 0, 1])), tfdt));
  const moof = box('moof', concat(box('mfhd', new Uint8Array(8)), traf));
  const mdatHeader = new Uint8Array(8);
  new DataView(mdatHeader.buffer).setUint32(0, payloadBytes + 8);
  mdatHeader.set(new TextEncoder().encode('mdat'), 4);
  const head = concat(moof, mdatHeader);
  const payload = new Uint8Array(payloadBytes);
  for (let i = 0; i < payloadBytes; i += 1) payload[i] = (i * 31 + seed * 17 + (i >> 8)) & 0xff;
  const half = payloadBytes >> 1;
  return {
    startMs,
    endMs: startMs + durationMs,
    randomAccess: options.randomAccess ?? true,
    videoFrames: 25,
    audioFrames: 0,
    head,
    decodeTimes: [
      {
        offsetBytes: moof.length - 8,
        ticks: Math.round(((options.decodeMs ?? startMs) / 1000) * timescale),
        timescale,
      },
    ],
    sequenceOffsetBytes: 8 + 8 + 4,
    chunks: [payload.subarray(0, half), payload.subarray(half)],
    lengthBytes: head.length + payloadBytes,
    release: options.onRelease ?? (() => {}),
  };
}

function box(type: string, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + body.length);
  new DataView(bytes.buffer).setUint32(0, bytes.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(body, 8);
  return bytes;
}

function concat(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function text(value: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(new TextEncoder().encode(value).subarray(0, length));
  return bytes;
}
