/** Guards with one rule taken out, to prove that the checkers bite. */

import { step } from '../../../agent/standby/machine.ts';
import type { Stepper } from './computer.ts';

const always = Number.POSITIVE_INFINITY;
const never = Number.NEGATIVE_INFINITY;

/** Rule 2: the holder goes on when its lease has run out, and no watchdog stops it. */
const withoutSelfDemotion: Stepper = (state, event, now) => {
  const result = step(state.epoch > 0 ? { ...state, validUntilMs: always } : state, event, now);
  const actions = result.actions.filter(({ type }) => type !== 'armWatchdog' && type !== 'resetMachine');
  return { state: result.state, actions };
};

/** Rule 3: the candidate does not wait for T. */
const withoutWaiting: Stepper = (state, event, now) => {
  const lease = state.lease && { ...state.lease, receivedAtMs: never };
  return step({ ...state, lease }, event, now);
};

/** Rule 6: the standby promises and does not keep it. */
const withoutKeepingPromise: Stepper = (state, event, now) => {
  const result = step({ ...state, promiseHeldUntilMs: never }, event, now);
  // Shown to the peer as before: only the own campaign forgets it.
  const held = Math.max(result.state.promiseHeldUntilMs, state.promiseHeldUntilMs);
  return { ...result, state: { ...result.state, promiseHeldUntilMs: held } };
};

/** The suspend of a machine goes unnoticed. */
const withoutSuspend: Stepper = (state, event, now) =>
  event.type === 'suspended' ? step(state, { type: 'tick' }, now) : step(state, event, now);

export const mutants: Readonly<Record<string, Stepper>> = {
  'rule 2 (self-demotion)': withoutSelfDemotion,
  'rule 3 (waiting for T)': withoutWaiting,
  'rule 6 (keeping the promise)': withoutKeepingPromise,
  'rule 7 (suspend means lease lost)': withoutSuspend,
};
