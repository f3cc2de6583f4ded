/** The time that one call on a store may take, shared by all its steps. */
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';

export interface Deadline {
  /** Never below 1, so that it can be handed to a library as its time-out. */
  leftMs(): number;
  passed(): boolean;
  /** Settles with `step`, or rejects with `timeout` when the time is over; `step` itself goes on. */
  within<T>(step: Promise<T>): Promise<T>;
}

export function createDeadline(clock: Clock, timeoutMs: number, what: string): Deadline {
  const endMs = clock.monotonicMs() + timeoutMs;
  const leftMs = () => Math.max(1, Math.ceil(endMs - clock.monotonicMs()));
  return {
    leftMs,
    passed: () => clock.monotonicMs() >= endMs,
    within(step) {
      return new Promise((resolve, reject) => {
        const cancel = clock.after(leftMs(), () => reject(timedOut(what, timeoutMs)));
        step.then(resolve, reject).finally(cancel);
      });
    },
  };
}

export function timedOut(what: string, timeoutMs: number): AppError {
  return new AppError('timeout', `${what} did not answer within ${timeoutMs} ms`, {
    hint: 'Check the store and the network to it; whether a write arrived is unknown.',
  });
}
