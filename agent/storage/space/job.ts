/** What the long jobs on a space share: progress that can be read, cancelling that is heard, and a clean start of the index. */
import type { Progress } from '../../../src/contract/index.ts';
import type { IndexClient } from '../index/rows.ts';
import type { SpaceStore } from './space-store.ts';

const dropsAtOnce = 64;

export class Job {
  cancelled = false;
  doneBytes = 0;
  readonly #space: SpaceStore;
  readonly #totalBytes: number;
  readonly #clock: { monotonicMs(): number };
  readonly #startedMs: number;

  constructor(space: SpaceStore, totalBytes: number, clock: { monotonicMs(): number }) {
    this.#space = space;
    this.#totalBytes = totalBytes;
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
    this.advance(0);
  }

  advance(bytes: number): void {
    this.doneBytes = Math.min(this.#totalBytes, this.doneBytes + bytes);
    this.#space.progress = this.#progress();
  }

  #progress(): Progress {
    const elapsedSeconds = (this.#clock.monotonicMs() - this.#startedMs) / 1000;
    const bytesPerSecond = elapsedSeconds > 0 ? this.doneBytes / elapsedSeconds : 0;
    return {
      percent: Math.round((1000 * this.doneBytes) / this.#totalBytes) / 10,
      doneBytes: this.doneBytes,
      totalBytes: this.#totalBytes,
      bytesPerSecond: Math.round(bytesPerSecond),
      secondsLeft:
        bytesPerSecond > 0 ? Math.ceil((this.#totalBytes - this.doneBytes) / bytesPerSecond) : null,
    };
  }
}

/** Takes everything that an index of the space claims out of the catalog, in small commits. */
export async function forgetIndex(spaceId: string, index: IndexClient): Promise<void> {
  const loaded = await index.openSpace(spaceId);
  const held = loaded?.blocks.filter((row) => row.state !== 'free') ?? [];
  for (let from = 0; from < held.length; from += dropsAtOnce) {
    const drops = held
      .slice(from, from + dropsAtOnce)
      .map((row) => ({ block: row.number, overwrittenAtMs: null }));
    await index.commit({ spaceId, drops });
  }
}
