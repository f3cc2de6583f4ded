/** Keeps an output known while nothing is sent: a heartbeat when it was silent for the interval, sooner again after one that failed. */
import type { Cancel, Clock } from '../../adapters/clock.ts';

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Monotonic time of the last answer to anything. */
  answeredMs(): number;
  /** Sends one and waits for its answer; null: not now, the lines are busy. Never rejects. */
  beat(): Promise<boolean | null>;
}

const retryFirstMs = 1_000;
const retryMsMax = 10_000;

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #cancel: Cancel | null = null;
  #failures = 0;
  /** Grows with each start, so that an answer to an earlier one goes nowhere. */
  #turn = 0;
  #running = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#failures = 0;
    this.#turn += 1;
    void this.#beat(this.#turn);
  }

  stop(): void {
    this.#running = false;
    this.#turn += 1;
    this.#cancel?.();
    this.#cancel = null;
  }

  async #beat(turn: number): Promise<void> {
    const { clock, intervalMs, answeredMs, beat } = this.#options;
    const silentMs = clock.monotonicMs() - answeredMs();
    if (silentMs < intervalMs) return this.#again(turn, intervalMs - silentMs);
    const answered = await beat();
    if (turn !== this.#turn) return;
    this.#failures = answered === false ? this.#failures + 1 : 0;
    const retryMs = Math.min(retryMsMax, retryFirstMs * 2 ** Math.min(this.#failures - 1, 10));
    this.#again(turn, answered === false ? Math.min(intervalMs, retryMs) : intervalMs);
  }

  #again(turn: number, delayMs: number): void {
    if (turn !== this.#turn) return;
    this.#cancel = this.#options.clock.after(Math.max(1, delayMs), () => void this.#beat(turn));
  }
}
