/** Takes events from the queue as there is room for them: one pull at a time, and after a doubtful one from the beginning again. */
import { toAppError } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import { type AlarmQueue, pullEventsMax, type QueuedEvent } from '../types.ts';

const pullWaitMs = 1_000;
const retryFirstMs = 250;
const retryMsMax = 5_000;

export interface PullerOptions {
  readonly clock: Clock;
  readonly queue: AlarmQueue;
  readonly epoch: number;
  /** How many may come now; asked again after `more`. */
  room(): number;
  onEvents(events: readonly QueuedEvent[]): void;
  onFenced(): void;
  onProblem(problem: string | null): void;
}

export class Puller {
  readonly #options: PullerOptions;
  #ended = false;
  #wake: (() => void) | null = null;
  #cancel: Cancel | null = null;
  #failures = 0;

  constructor(options: PullerOptions) {
    this.#options = options;
  }

  /** Runs until `end`. */
  async run(): Promise<void> {
    const { queue, epoch, onProblem, onFenced } = this.#options;
    let opened = false;
    while (!this.#ended) {
      try {
        // A pull whose answer was lost has given its events away: only a new opening gives them again.
        if (!opened) await queue.open(epoch);
        opened = true;
        await this.#pull();
        if (this.#failures > 0) onProblem(null);
        this.#failures = 0;
      } catch (thrown) {
        const error = toAppError(thrown);
        if (this.#ended) return;
        if (error.code === 'not_active') return onFenced();
        opened = false;
        this.#failures += 1;
        onProblem(error.message);
        await this.#rest(Math.min(retryMsMax, retryFirstMs * 2 ** Math.min(this.#failures - 1, 10)));
      }
    }
  }

  /** There may be room now. */
  more(): void {
    if (this.#cancel === null) this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#cancel?.();
    this.#cancel = null;
    this.#wake?.();
  }

  async #pull(): Promise<void> {
    const { queue, epoch, room, onEvents } = this.#options;
    const limit = Math.min(pullEventsMax, room());
    if (limit <= 0) return this.#rest(null);
    const events = await queue.pull(epoch, limit, pullWaitMs);
    if (!this.#ended && events.length > 0) onEvents(events);
  }

  /** Until `more`, or for so long. */
  #rest(delayMs: number | null): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#cancel = null;
        this.#wake = null;
        resolve();
      };
      this.#wake = wake;
      if (delayMs !== null) this.#cancel = this.#options.clock.after(delayMs, wake);
      if (this.#ended) wake();
    });
  }
}
