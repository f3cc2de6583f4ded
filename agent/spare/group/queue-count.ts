/** How many alarms wait in the group's queue, asked every two seconds and never twice at a time. */
import type { GroupStatus } from '../../../src/contract/index.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import type { AlarmQueue } from '../../alarms/types.ts';
import { createDeadline } from '../../standby/lease/deadline.ts';

const intervalMs = 2_000;
const timeoutMs = 3_000;

export class QueueCount {
  readonly #options: { readonly clock: Clock; readonly queue: () => AlarmQueue };
  #last: GroupStatus['queue'] = { waiting: null, oldestMs: null };
  #cancel: Cancel = () => {};
  #closed = false;

  constructor(options: { readonly clock: Clock; readonly queue: () => AlarmQueue }) {
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
    const deadline = createDeadline(this.#options.clock, timeoutMs, "the group's queue");
    this.#last = await deadline
      .within(this.#options.queue().counts())
      .catch(() => ({ waiting: null, oldestMs: null }));
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
