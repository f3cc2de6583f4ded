/** Gives each action its time-out: at the deadline what runs is killed, and the caller hears of it whether or not that helped. */
import { AppError, toAppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { Action } from './controller.ts';

/** From the kill to the report; a program that hangs in the kernel is not waited for. */
const graceMs = 300;

export interface Timed {
  readonly clock: Clock;
  /** For the message: `stop`. */
  readonly verb: string;
  readonly timeoutMs: number;
  readonly epoch: number;
  /** Another operation overtakes. */
  readonly outer: AbortSignal;
}

/** Rejects with the action's error, `timeout` at the deadline, `conflict` when overtaken. */
export async function timed(
  { clock, verb, timeoutMs, epoch, outer }: Timed,
  work: (action: Action) => Promise<void>,
): Promise<void> {
  const late = new AbortController();
  const signal = AbortSignal.any([outer, late.signal]);
  const cancels = [clock.after(timeoutMs, () => late.abort())];
  const given = new Promise<never>((_, reject) => {
    const hurry = () =>
      cancels.push(clock.after(graceMs, () => reject(new AppError('timeout', 'it does not end'))));
    if (signal.aborted) hurry();
    signal.addEventListener('abort', hurry, { once: true });
  });
  try {
    await Promise.race([work({ signal, timeoutMs, epoch }), given]);
  } catch (thrown) {
    if (outer.aborted) throw new AppError('conflict', `${verb} was overtaken`, { cause: thrown });
    if (!late.signal.aborted) throw thrown;
    const detail = toAppError(thrown).message;
    throw new AppError('timeout', `${verb} did not end within ${timeoutMs / 1000} s: ${detail}`, {
      cause: thrown,
    });
  } finally {
    for (const cancel of cancels) cancel();
  }
}
