/** The byte stream of one camera in pooled chunks: appended once, then cut into parts without a second copy. */
import { type Chunk, type ChunkPool, chunkBytes } from './chunk-pool.ts';

/** A stretch of a chunk; each one holds the chunk in use. */
export interface Extent {
  readonly chunk: Chunk;
  readonly start: number;
  end: number;
}

export class ChunkLog {
  readonly #pool: ChunkPool;
  #extents: Extent[] = [];
  #length = 0;
  /** The chunk that takes the next byte, held by the log itself. */
  #current: Chunk | null = null;
  #offset = 0;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
  }

  get length(): number {
    return this.#length;
  }

  /** False when the pool is exhausted; what was written of this call stays until `rewind`. */
  write(bytes: Uint8Array, start: number, end: number): boolean {
    let from = start;
    while (from < end) {
      const extent = this.#tail();
      if (extent === null) return false;
      const count = Math.min(end - from, chunkBytes - this.#offset);
      extent.chunk.bytes.set(bytes.subarray(from, from + count), this.#offset);
      this.#offset += count;
      extent.end = this.#offset;
      this.#length += count;
      from += count;
    }
    return true;
  }

  /** Overwrites four bytes, which may lie in two chunks, with a big-endian number. */
  patchU32(position: number, value: number): void {
    let index = this.#extents.length - 1;
    let base = this.#length;
    for (let byte = 3; byte >= 0; byte -= 1) {
      let extent = this.#extents[index];
      while (extent !== undefined && base - (extent.end - extent.start) > position + byte) {
        base -= extent.end - extent.start;
        index -= 1;
        extent = this.#extents[index];
      }
      if (extent === undefined) return;
      extent.chunk.bytes[extent.end - (base - (position + byte))] = (value >>> (8 * (3 - byte))) & 255;
    }
  }

  /** Forgets everything from `position` on. */
  rewind(position: number): void {
    while (this.#length > position) {
      const extent = this.#extents[this.#extents.length - 1];
      if (extent === undefined) return;
      const length = extent.end - extent.start;
      const atTail = extent.chunk === this.#current && extent.end === this.#offset;
      const keep = Math.max(0, length - (this.#length - position));
      extent.end = extent.start + keep;
      this.#length -= length - keep;
      if (atTail) this.#offset = extent.end;
      if (keep > 0) return;
      this.#extents.pop();
      this.#pool.leave(extent.chunk);
    }
  }

  /**
   * Takes the first `position` bytes out of the log, and `appended` behind them. Null, with nothing changed, when
   * there is no room for `appended`. The caller gives every extent's chunk back.
   */
  split(position: number, appended: Uint8Array, appendedLength: number): Extent[] | null {
    const before = this.#length;
    if (!this.write(appended, 0, appendedLength)) {
      this.rewind(before);
      return null;
    }
    const head = this.#takeFirst(position);
    const kept = this.#takeFirst(before - position);
    const out = head.concat(this.#extents);
    this.#extents = kept;
    this.#length = before - position;
    return out;
  }

  /** Gives back everything, the half-filled chunk too. */
  clear(): void {
    this.rewind(0);
    if (this.#current !== null) this.#pool.leave(this.#current);
    this.#current = null;
  }

  #takeFirst(count: number): Extent[] {
    const taken: Extent[] = [];
    let left = count;
    while (left > 0) {
      const extent = this.#extents[0];
      if (extent === undefined) break;
      const length = extent.end - extent.start;
      this.#extents.shift();
      if (length > left) {
        extent.chunk.users += 1;
        taken.push({ chunk: extent.chunk, start: extent.start, end: extent.start + left });
        this.#extents.unshift({ chunk: extent.chunk, start: extent.start + left, end: extent.end });
      } else taken.push(extent);
      left -= Math.min(length, left);
    }
    return taken;
  }

  /** The extent that the next byte goes into, with room for at least one. */
  #tail(): Extent | null {
    if (this.#current === null || this.#offset === chunkBytes) {
      const chunk = this.#pool.take();
      if (chunk === null) return null;
      if (this.#current !== null) this.#pool.leave(this.#current);
      this.#current = chunk;
      this.#offset = 0;
    }
    const last = this.#extents[this.#extents.length - 1];
    if (last !== undefined && last.chunk === this.#current && last.end === this.#offset) return last;
    const extent = { chunk: this.#current, start: this.#offset, end: this.#offset };
    this.#current.users += 1;
    this.#extents.push(extent);
    return extent;
  }
}
