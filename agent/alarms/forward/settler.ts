/** Tells the queue what the ARC has: in small batches, so that a killed receiver repeats little, and again until the queue took it. */
import { toAppError } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import type { AlarmQueue, QueuedEvent, Settlement } from '../types.ts';

/** A batch goes when it is so old or so large. */
export const settleDelayMs = 25;
export const settleEventsMax = 256;
/** With so many untold nothing more is sent: a killed receiver would repeat them all. */
export const unsettledMax = 2_048;
const retryFirstMs = 250;
const retryMsMax = 5_000;

export interface Settled {
  readonly queued: QueuedEvent;
  readonly settlement: Settlement;
}

export interface SettlerOptions {
  readonly clock: Clock;
  readonly queue: AlarmQueue;
  readonly epoch: number;
  /** The queue has them. */
  onSettled(batch: readonly Settled[]): void;
  /** Another one works now. */
  onFenced(): void;
  onProblem(problem: string | null): void;
}

export class Settler {
  readonly #options: SettlerOptions;
  #waiting: Settled[] = [];
  #sending: readonly Settled[] = [];
  #cancel: Cancel | null = null;
  #failures = 0;
  #ended = false;
  #idle: (() => void)[] = [];

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  add(settled: Settled): void {
    if (this.#ended) return;
    this.#waiting.push(settled);
    if (this.#failures > 0 || this.#sending.length > 0) return;
    if (this.#waiting.length >= settleEventsMax) void this.#send();
    else this.#sendIn(settleDelayMs);
  }

  /** What the queue does not have yet. */
  count(): number {
    return this.#waiting.length + this.#sending.length;
  }

  /** Resolves when the queue has all, or the settler has ended. */
  flushed(): Promise<void> {
    if (this.#ended || this.count() === 0) return Promise.resolve();
    if (this.#sending.length === 0) void this.#send();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  end(): void {
    this.#ended = true;
    this.#cancel?.();
    this.#release();
  }

  #sendIn(delayMs: number): void {
    this.#cancel ??= this.#options.clock.after(delayMs, () => void this.#send());
  }

  async #send(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#ended || this.#sending.length > 0) return;
    this.#sending = this.#waiting.splice(0, settleEventsMax);
    const batch = this.#sending;
    const { queue, epoch, onSettled, onFenced, onProblem } = this.#options;
    try {
      await queue.settle(
        epoch,
        batch.map(({ settlement }) => settlement),
      );
    } catch (thrown) {
      const error = toAppError(thrown);
      // Whether the queue did it is unknown; telling it twice is harmless.
      this.#waiting = [...batch, ...this.#waiting];
      this.#sending = [];
      this.#failures += 1;
      if (this.#ended) return;
      if (error.code === 'not_active') return onFenced();
      onProblem(error.message);
      return this.#sendIn(Math.min(retryMsMax, retryFirstMs * 2 ** (this.#failures - 1)));
    }
    this.#sending = [];
    if (this.#failures > 0) onProblem(null);
    this.#failures = 0;
    onSettled(batch);
    if (this.#waiting.length >= settleEventsMax || (this.#waiting.length > 0 && this.#idle.length > 0)) {
      void this.#send();
    } else if (this.#waiting.length > 0) this.#sendIn(settleDelayMs);
    else this.#release();
  }

  #release(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
