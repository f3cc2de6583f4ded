/** What was sent over one output since it was set, for the screens. */
import type { OutputStatus } from '../../../src/contract/index.ts';
import type { ArcOutput, SendResult } from '../types.ts';

/** Weight of the newest round trip in the one that is shown. */
const newest = 0.2;

export class OutputTally {
  working = false;
  /** Monotonic. */
  neededMs = Number.NEGATIVE_INFINITY;
  #acknowledged = 0;
  #failedAttempts = 0;
  #lastAckMs: number | null = null;
  #roundTripMs: number | null = null;

  count(result: SendResult, tookMs: number, nowMs: number): void {
    if (result.outcome !== 'acknowledged') {
      this.#failedAttempts += 1;
      return;
    }
    this.#acknowledged += 1;
    this.#lastAckMs = nowMs;
    this.#roundTripMs =
      this.#roundTripMs === null ? tookMs : this.#roundTripMs * (1 - newest) + tookMs * newest;
  }

  status(output: ArcOutput, active: boolean): OutputStatus {
    const { state, problem } = output.state();
    return {
      id: output.id,
      name: output.name,
      state: this.working ? state : 'idle',
      active: active && this.working,
      acknowledged: this.#acknowledged,
      failedAttempts: this.#failedAttempts,
      lastAckMs: this.#lastAckMs,
      roundTripMs: this.#roundTripMs === null ? null : Math.round(this.#roundTripMs * 10) / 10,
      problem,
    };
  }
}
