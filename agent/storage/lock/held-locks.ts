/** The locks that hold now: one that expires lets go of its video, and says so. */
import type { LockConfig } from '../../recorder/protocol/schema.ts';
import type { StorageEvent } from '../types.ts';
import { type Locks, locksAt, locksOf } from './plan.ts';

export class HeldLocks implements Locks {
  readonly #utcMs: () => number;
  readonly #onEvent: (event: StorageEvent) => void;
  #holding: readonly LockConfig[] = [];
  #locks = locksOf([]);
  #untilMs = Number.POSITIVE_INFINITY;

  constructor(options: { clock: { utcMs(): number }; onEvent: (event: StorageEvent) => void }) {
    this.#utcMs = () => options.clock.utcMs();
    this.#onEvent = options.onEvent;
  }

  /** All that are configured, in place of those before. */
  set(locks: readonly LockConfig[]): void {
    const { holding, untilMs } = locksAt(locks, this.#utcMs());
    this.#holding = holding;
    this.#locks = locksOf(holding);
    this.#untilMs = untilMs;
  }

  /** To be called from time to time. */
  expire(): void {
    const nowMs = this.#utcMs();
    if (nowMs < this.#untilMs) return;
    const { expired } = locksAt(this.#holding, nowMs);
    this.set(this.#holding);
    for (const { id, cameraId } of expired) {
      this.#onEvent({
        level: 'info',
        event: 'lock.expired',
        subject: cameraId,
        text: `${id} of ${cameraId} has expired: its video may be overwritten`,
      });
    }
  }

  holds(block: Parameters<Locks['holds']>[0]): boolean {
    return this.#locks.holds(block);
  }
}
