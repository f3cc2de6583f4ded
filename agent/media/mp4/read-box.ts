/** Walks ISO base media boxes in a buffer; a box that does not fit is an error, an unknown one is not. */
import { AppError } from '../../../src/errors.ts';

export interface Box {
  readonly type: string;
  /** Of the box itself, and of what follows its header, in `bytes`. */
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
}

/** A bounded cursor over big-endian fields; reading past the end throws `data_loss`. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  skip(count: number): void {
    if (this.position + count > this.end) throw damaged(`${count} bytes expected at ${this.position}`);
    this.position += count;
  }

  u8(): number {
    this.skip(1);
    return this.#view.getUint8(this.position - 1);
  }

  u16(): number {
    this.skip(2);
    return this.#view.getUint16(this.position - 2);
  }

  u32(): number {
    this.skip(4);
    return this.#view.getUint32(this.position - 4);
  }

  i32(): number {
    this.skip(4);
    return this.#view.getInt32(this.position - 4);
  }

  u64(): number {
    const high = this.u32();
    return high * 0x1_0000_0000 + this.u32();
  }

  ascii(count: number): string {
    this.skip(count);
    return String.fromCharCode(...this.bytes.subarray(this.position - count, this.position));
  }

  /** A count of entries of `entryBytes` each that must fit into what is left. */
  count(entryBytes: number): number {
    const count = this.u32();
    if (count * entryBytes > this.end - this.position) throw damaged(`${count} table entries do not fit`);
    return count;
  }
}

export function damaged(detail: string): AppError {
  return new AppError('data_loss', `The MP4 structure is damaged: ${detail}.`);
}

/** The boxes that stand one behind the other in `[start, end)`. */
export function boxes(bytes: Uint8Array, start: number, end: number): Box[] {
  const found: Box[] = [];
  let position = start;
  while (position + 8 <= end) {
    const reader = new ByteReader(bytes, position, end);
    const short = reader.u32();
    const type = reader.ascii(4);
    const size = short === 1 ? reader.u64() : short === 0 ? end - position : short;
    if (size < reader.position - position || position + size > end) {
      throw damaged(`box "${type}" at ${position} claims ${size} bytes`);
    }
    found.push({ type, start: position, bodyStart: reader.position, end: position + size });
    position += size;
  }
  return found;
}

export function childrenOf(bytes: Uint8Array, box: Box, headerBytes = 0): Box[] {
  return boxes(bytes, box.bodyStart + headerBytes, box.end);
}

/** The first box at the end of `path`, or null. */
export function findBox(bytes: Uint8Array, within: Box, ...path: readonly string[]): Box | null {
  let found = within;
  for (const type of path) {
    const next = childrenOf(bytes, found).find((child) => child.type === type);
    if (next === undefined) return null;
    found = next;
  }
  return found;
}

export function bodyReader(bytes: Uint8Array, box: Box): ByteReader {
  return new ByteReader(bytes, box.bodyStart, box.end);
}
