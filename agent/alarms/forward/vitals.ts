/** How an output is doing, as the screens and the choice of the output see it: it answers, it is tried, or it fails. */
import type { ArcOutput } from '../types.ts';

export type OutputState = ReturnType<ArcOutput['state']>;

export class Vitals {
  readonly #attemptsMax: number;
  #failures = 0;
  #failedMs = Number.NEGATIVE_INFINITY;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #problem: string | null = null;

  constructor(attemptsMax: number) {
    this.#attemptsMax = attemptsMax;
  }

  /** Whatever it said, it is there. */
  answered(nowMs: number): void {
    this.#answeredMs = nowMs;
    this.#failures = 0;
    this.#problem = null;
  }

  /** Failures side by side count once, and none that began before the last answer. */
  failed(startedMs: number, nowMs: number, problem: string): void {
    if (this.#answeredMs > startedMs || startedMs < this.#failedMs) return;
    this.#failures += 1;
    this.#failedMs = nowMs;
    this.#problem = problem;
  }

  /** Since the last answer. */
  failures(): number {
    return this.#failures;
  }

  answeredMs(): number {
    return this.#answeredMs;
  }

  forget(): void {
    this.#failures = 0;
    this.#answeredMs = Number.NEGATIVE_INFINITY;
    this.#problem = null;
  }

  /** `open`: there is a connection, which for an output without heartbeats is all that is known. */
  state(working: boolean, open: boolean): OutputState {
    if (!working) return { state: 'idle', problem: null };
    if (this.#failures >= this.#attemptsMax) return { state: 'failing', problem: this.#problem };
    const well = this.#failures === 0 && (open || this.#answeredMs > Number.NEGATIVE_INFINITY);
    return { state: well ? 'connected' : 'connecting', problem: this.#problem };
  }
}
