/** Finds DC-09 frames in a TCP stream or a datagram: holds never more than its bound, and no noise before or between costs a frame. Pure. */
import { bodyOffset } from '../codec.ts';

/** The longest body that the length field can tell, with head and CR: 4 KiB and a little. */
export const frameBytesMax = 0xfff + 10;

const LF = 0x0a;
const CR = 0x0d;
const NUL = 0;
/** LF, CRC, length and quote: once that many are in, we know whether it is a head. */
const headBytes = 10;

export interface SplitResult {
  /** Each from LF to CR, copied. */
  frames: Uint8Array[];
  /** Bytes that belong to no frame; NULs are not counted. */
  garbageBytes: number;
  /** Frames that were longer than allowed; each is skipped up to the next LF. */
  oversized: number;
}

export interface FrameSplitter {
  /** Takes what came, in whatever pieces; returns what is whole now. */
  push(bytes: Uint8Array): SplitResult;
  /** How many bytes wait for the rest of their frame. */
  heldBytes(): number;
}

/** One per connection. A datagram that is read with one of its own and leaves `heldBytes()` above 0 was cut off. */
export function createFrameSplitter({ bytesMax = frameBytesMax }: { bytesMax?: number } = {}): FrameSplitter {
  // Grows up to bytesMax, so that idle connections cost little.
  let held = new Uint8Array(Math.min(256, bytesMax));
  let length = 0;
  let inBody = false;
  let skipping = false;

  const start = (result: SplitResult, lostBytes: number): void => {
    result.garbageBytes += lostBytes;
    length = 0;
    inBody = false;
  };
  const keep = (byte: number): void => {
    if (length === held.length) held = grown(held, bytesMax);
    held[length] = byte;
    length += 1;
  };
  const seek = (byte: number, result: SplitResult): void => {
    if (byte === LF) {
      skipping = false;
      keep(byte);
    } else if (byte !== NUL && !skipping) result.garbageBytes += 1;
  };
  const head = (byte: number, result: SplitResult): void => {
    keep(byte);
    if (length < headBytes - 2) return;
    // The two bytes of a binary CRC may be LF or CR, so no byte of the head is taken for an end.
    inBody = bodyOffset(held.subarray(0, length)) !== null;
    if (inBody || length < headBytes) return;
    const again = held.slice(1, length);
    start(result, 1);
    for (const each of again) take(each, result);
  };
  const body = (byte: number, result: SplitResult): void => {
    if (byte === LF) {
      start(result, length);
      keep(byte);
      return;
    }
    keep(byte);
    if (byte === CR) {
      result.frames.push(held.slice(0, length));
      start(result, 0);
    } else if (length >= bytesMax) {
      result.oversized += 1;
      skipping = true;
      start(result, 0);
    }
  };
  const take = (byte: number, result: SplitResult): void => {
    if (length === 0) seek(byte, result);
    else if (inBody) body(byte, result);
    else head(byte, result);
  };

  return {
    push(bytes) {
      const result: SplitResult = { frames: [], garbageBytes: 0, oversized: 0 };
      for (const byte of bytes) take(byte, result);
      return result;
    },
    heldBytes: () => length,
  };
}

function grown(held: Uint8Array, bytesMax: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(held.length * 4, bytesMax));
  larger.set(held);
  return larger;
}
