/** How many alarms wait in the group's queue, asked every two seconds and never twice at a time. */
import type { GroupStatus } from '../../../src/contract/index.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import type { AlarmQueue } from '../../alarms/types.ts';
import { createDeadline } from '../../standby/lease/deadline.ts';

const intervalMs = 2_000;
const timeoutMs = 3_000;

export interface QueueCountOptions {
  readonly clock: Clock;
  readonly queue: () => AlarmQueue;
  /** Asked before the queue is. */
  readonly mark: () => Promise<number>;
  /** The queue was empty after `mark` had been given. */
  readonly onEmpty: (mark: number) => void;
}

export class QueueCount {
  readonly #options: QueueCountOptions;
  #last: GroupStatus['queue'] = { waiting: null, oldestMs: null };
  #cancel: Cancel = () => {};
  #closed = false;

  constructor(options: QueueCountOptions) {
    this.#options = options;
  }

  /** Nulls while the store does not answer. */
  get last(): GroupStatus['queue'] {
    return this.#last;
  }

  start(): void {
    void this.#turn();
  }

  /** Null when the store did not answer. */
  async countNow(): Promise<number | null> {
    const { clock, queue, onEmpty } = this.#options;
    const mark = await this.#options.mark().catch(() => null);
    const deadline = createDeadline(clock, timeoutMs, "the group's queue");
    this.#last = await deadline.within(queue().counts()).catch(() => ({ waiting: null, oldestMs: null }));
    if (this.#last.waiting === 0 && mark !== null) onEmpty(mark);
    return this.#last.waiting;
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  async #turn(): Promise<void> {
    await this.countNow();
    if (!this.#closed) this.#cancel = this.#options.clock.after(intervalMs, () => void this.#turn());
  }
}
