/** Lays parts out behind one another in a block: one write per append, and a valid MP4 file after each (pure but for the CRC). */
import type { Part } from '../../media/types.ts';
import { crcOf } from './checksum.ts';
import {
  encodeFreeHeader,
  encodePartHeader,
  freeHeaderBytes,
  partHeaderBytes,
  trailingFreeMinBytes,
} from './codec.ts';

/** A part on its way to disk; `head` may be patched for the block it goes into. */
export interface Placed {
  readonly part: Part;
  readonly head: Uint8Array;
}

/** Where the next part goes, and what it must name. */
export interface Tail {
  readonly offsetBytes: number;
  readonly sequence: number;
  readonly chain: number;
}

export interface Append {
  readonly buffers: readonly Uint8Array[];
  readonly tail: Tail;
  /** Offset of each part header. */
  readonly offsets: readonly number[];
}

/** UTC ms, a whole second at or before the part's earliest decode time: what decode time 0 of a new file stands for. */
export function baseMsOf(part: Part): number {
  const seconds = part.decodeTimes.map((field) => Math.floor(field.ticks / field.timescale));
  return Math.max(0, Math.min(...seconds, Math.floor(part.startMs / 1000))) * 1000;
}

/** No decode time of the part lies before the file's zero. */
export function fitsBase(part: Part, baseMs: number): boolean {
  return part.decodeTimes.every((field) => field.ticks >= baseTicks(baseMs, field.timescale));
}

/** `count` parts of `bytes` in all fit behind `offsetBytes`, with the trailing `free`. */
export function fitsBlock(offsetBytes: number, partBytes: number, blockBytes: number): boolean {
  return offsetBytes + partHeaderBytes + partBytes + trailingFreeMinBytes <= blockBytes;
}

/** The bytes to write at `tail.offsetBytes`: part header, `moof`, `mdat` of each part, and a `free` header over the rest. */
export function layOut(
  placed: readonly Placed[],
  block: { generation: number; baseMs: number; blockBytes: number; tail: Tail },
): Append {
  const frame = new Uint8Array(placed.length * partHeaderBytes + freeHeaderBytes);
  const buffers: Uint8Array[] = [];
  const offsets: number[] = [];
  let tail = block.tail;
  placed.forEach((one, i) => {
    patchHead(one, block.baseMs, tail.sequence);
    const body = [one.head, ...one.part.chunks];
    const chain = encodePartHeader(frame, i * partHeaderBytes, {
      generation: block.generation,
      sequence: tail.sequence,
      startMs: one.part.startMs,
      endMs: one.part.endMs,
      randomAccess: one.part.randomAccess,
      lengthBytes: one.part.lengthBytes,
      crc: crcOf(body),
      chain: tail.chain,
    });
    buffers.push(frame.subarray(i * partHeaderBytes, (i + 1) * partHeaderBytes), ...body);
    offsets.push(tail.offsetBytes);
    tail = {
      offsetBytes: tail.offsetBytes + partHeaderBytes + one.part.lengthBytes,
      sequence: tail.sequence + 1,
      chain,
    };
  });
  const freeAt = placed.length * partHeaderBytes;
  encodeFreeHeader(frame, freeAt, block.blockBytes - tail.offsetBytes);
  buffers.push(frame.subarray(freeAt));
  return { buffers, tail, offsets };
}

/** `mfhd` counts from 1; decode times become relative to the file's zero. */
function patchHead({ part, head }: Placed, baseMs: number, sequence: number): void {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  view.setUint32(part.sequenceOffsetBytes, sequence + 1);
  for (const field of part.decodeTimes) {
    const ticks = field.ticks - baseTicks(baseMs, field.timescale);
    view.setUint32(field.offsetBytes, Math.floor(ticks / 0x1_0000_0000));
    view.setUint32(field.offsetBytes + 4, ticks >>> 0);
  }
}

/** Exact: `baseMs` is a whole second. */
function baseTicks(baseMs: number, timescale: number): number {
  return (baseMs / 1000) * timescale;
}
