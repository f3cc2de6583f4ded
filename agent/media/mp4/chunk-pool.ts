/** Fixed-size chunks shared by all cameras of a process: what is in memory on its way to disk has one named maximum. */
import { AppError } from '../../../src/errors.ts';

export const chunkBytes = 65_536;

/** Counted by its users: it goes back to the pool when the last one lets go. */
export interface Chunk {
  readonly bytes: Uint8Array;
  users: number;
}

export interface ChunkPoolOptions {
  /** Upper bound of all chunks handed out and kept, rounded down to whole chunks. */
  readonly bytesMax: number;
}

export function createChunkPool(options: ChunkPoolOptions): ChunkPool {
  return new ChunkPool(options);
}

export class ChunkPool {
  readonly chunksMax: number;
  readonly #free: Chunk[] = [];
  #made = 0;

  constructor(options: ChunkPoolOptions) {
    this.chunksMax = Math.floor(options.bytesMax / chunkBytes);
    if (!(this.chunksMax >= 1)) {
      throw new AppError('invalid_input', `A chunk pool of ${options.bytesMax} bytes holds no chunk.`, {
        hint: `Give it at least ${chunkBytes} bytes.`,
      });
    }
  }

  /** Bytes in use, by parts under construction and by parts waiting to be written. */
  get usedBytes(): number {
    return (this.#made - this.#free.length) * chunkBytes;
  }

  /** A chunk with one user, or null when the maximum is in use. */
  take(): Chunk | null {
    const chunk = this.#free.pop();
    if (chunk !== undefined) {
      chunk.users = 1;
      return chunk;
    }
    if (this.#made >= this.chunksMax) return null;
    this.#made += 1;
    return { bytes: Buffer.allocUnsafeSlow(chunkBytes), users: 1 };
  }

  leave(chunk: Chunk): void {
    chunk.users -= 1;
    if (chunk.users === 0) this.#free.push(chunk);
    if (chunk.users < 0) throw new AppError('internal', 'A chunk was given back twice.');
  }
}
