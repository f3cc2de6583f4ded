/** The group's times, and the inequality that keeps two receivers from forwarding at once (I7). */
import { AppError } from '../../src/errors.ts';
import { clockDriftMax } from '../standby/timing-plan.ts';

/** All in milliseconds; each member counts them on its own monotonic clock. */
export interface GroupTiming {
  /** Between two renewals of the working one. */
  readonly renewMs: number;
  /** A confirmed write of the lease is worth so long, from before it was sent. */
  readonly holdMs: number;
  /** From its last look at the clock until a frame has left, at worst: how long an event loop may be held up. */
  readonly latenessMs: number;
  /** An unchanged lease proves after so long that its holder forwards no more. */
  readonly takeOverAfterMs: number;
  /** What each place further down in the order waits longer. */
  readonly stepMs: number;
  /** Between two looks of a spare at the lease. */
  readonly pollMs: number;
  /** The same while it asks the working one to hand over. */
  readonly pollSoonMs: number;
  readonly rpcTimeoutMs: number;
  /** Between two words of a member about itself, and between two looks at the others. */
  readonly presenceMs: number;
  /** A member whose word has not changed for so long is not there. */
  readonly aliveMs: number;
  /** Fit without a break for so long, a member of higher priority asks the working one. */
  readonly stableMs: number;
  /** What is under way is acknowledged within this or given up. */
  readonly drainMs: number;
  /** The named successor has so long to take the lease. */
  readonly successorMs: number;
  /** An operator's wish is met within this or forgotten. */
  readonly wishMs: number;
  /** A member that did not take what was handed over is not handed over to again for so long, and twice as long each time. */
  readonly handOverPauseMs: number;
}

/** Steps that a member waits longer which is not ready or not current. */
export const unfitSteps = 4;

export const defaultGroupTiming: GroupTiming = {
  renewMs: 1_000,
  holdMs: 4_000,
  latenessMs: 500,
  takeOverAfterMs: 5_000,
  stepMs: 1_000,
  pollMs: 500,
  pollSoonMs: 200,
  rpcTimeoutMs: 1_500,
  presenceMs: 1_000,
  aliveMs: 3_500,
  stableMs: 5_000,
  drainMs: 3_000,
  successorMs: 2_000,
  wishMs: 30_000,
  handOverPauseMs: 3_000,
};

/** `(1+rho)/(1-rho) * (hold + lateness)`: the least time after which another may take the lease. */
export function takeOverMinMs({ holdMs, latenessMs }: GroupTiming): number {
  return Math.ceil(((1 + clockDriftMax) / (1 - clockDriftMax)) * (holdMs + latenessMs));
}

/** @throws AppError `invalid_input` with the numbers, when two could forward at once or one could never go on. */
export function checkGroupTiming(timing: GroupTiming): GroupTiming {
  const leastMs = takeOverMinMs(timing);
  if (timing.takeOverAfterMs < leastMs) {
    throw new AppError(
      'invalid_input',
      `takeOverAfterMs is ${timing.takeOverAfterMs} ms, but the working one may forward for ${timing.holdMs} ms and be ` +
        `${timing.latenessMs} ms late, which makes ${leastMs} ms with clocks ${clockDriftMax * 100} % apart`,
      { hint: `Raise it to ${leastMs} or more.` },
    );
  }
  const renewalMs = timing.renewMs + timing.rpcTimeoutMs;
  if (timing.holdMs < renewalMs) {
    throw new AppError(
      'invalid_input',
      `holdMs is ${timing.holdMs} ms, but a renewal and one lost request need ${renewalMs} ms`,
      { hint: `Raise it to ${renewalMs} or more.` },
    );
  }
  return timing;
}
