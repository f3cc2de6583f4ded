/** How old the video of a block is, also where the clock was ahead when it was recorded: nothing stays as if it were new for years. */
import type { BlockRow } from '../index/rows.ts';

/** What is ahead by less is in its turn an hour later. */
const aheadMsMin = 3_600_000;
/** Among those noticed together their own times count: a year makes three seconds. */
const orderRate = 1e-7;

/** The video claims to be of a time that is still to come: the clock was set back since. */
export function isAhead(lastMs: number | null, nowMs: number): boolean {
  return (lastMs ?? 0) > nowMs + aheadMsMin;
}

export class BlockAges {
  /** When a block was first seen to be ahead, by number. */
  readonly #seen = new Map<number, { readonly generation: number; readonly atMs: number }>();

  /**
   * End of the block's video, UTC ms; of one that is ahead of the clock the moment at which that was noticed. A recorder
   * that starts again notices it anew.
   */
  endMs(row: Readonly<BlockRow>, nowMs: number): number {
    const lastMs = row.lastMs ?? 0;
    if (this.#seen.size === 0 && !isAhead(lastMs, nowMs)) return lastMs;
    const seen = this.#seen.get(row.number);
    if (seen?.generation === row.generation) return seen.atMs;
    if (!isAhead(lastMs, nowMs)) {
      this.#seen.delete(row.number);
      return lastMs;
    }
    const atMs = nowMs + (lastMs - nowMs) * orderRate;
    if (row.state === 'sealed') this.#seen.set(row.number, { generation: row.generation, atMs });
    return atMs;
  }
}
