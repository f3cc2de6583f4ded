/** Receivers with one rule taken out, to prove that the checkers bite. */
import { step } from '../../../agent/spare/machine.ts';
import type { Stepper } from './member.ts';
import type { RunOptions } from './world.ts';

const always = Number.POSITIVE_INFINITY;
const never = Number.NEGATIVE_INFINITY;

/** The right to forward never runs out. */
const withoutDeadline: Stepper = (state, event, now) => {
  const result = step(state.phase === 'resting' ? state : { ...state, rightUntilMs: always }, event, now);
  const actions = result.actions.map((action) =>
    action.type === 'work' || action.type === 'extend' ? { ...action, rightUntilMs: always } : action,
  );
  return { ...result, actions };
};

/** A lease is taken as soon as it is seen. */
const withoutWaiting: Stepper = (state, event, now) => {
  const lease = state.lease && { ...state.lease, receivedAtMs: never };
  return step({ ...state, lease }, event, now);
};

/** The lease is let go while frames are under way and more are sent. */
const withoutDrain: Stepper = (state, event, now) => {
  const result = step(state, event, now);
  const leaving =
    result.state.phase === 'draining' || (result.state.phase === 'closing' && result.state.release);
  if (!leaving) return result;
  const actions = result.actions.filter(({ type }) => type !== 'drain' && type !== 'rest');
  return { state: { ...result.state, phase: 'resting' }, actions };
};

/** A renewal that nobody answered counts as done. */
const believingUnknownWrites: Stepper = (state, event, now) => {
  const sent = state.request?.write;
  const lost = event.type === 'leaseWrite' && event.outcome.kind === 'failed' && sent?.kind === 'renew';
  const believed = lost ? { ...state, rightUntilMs: now.monotonicMs + state.timing.holdMs } : state;
  const result = step(believed, event, now);
  if (!lost || result.state.phase !== 'working') return result;
  const extend = { type: 'extend', rightUntilMs: result.state.rightUntilMs } as const;
  return { ...result, actions: [...result.actions, extend] };
};

export const mutants: Readonly<Record<string, { readonly options: RunOptions; readonly breaks: string }>> = {
  'the end of a right (rule 1)': { options: { step: withoutDeadline }, breaks: 'I7' },
  'waiting before a take-over (rule 1)': { options: { step: withoutWaiting }, breaks: 'I7' },
  'draining before a hand-over (rule 3)': { options: { step: withoutDrain }, breaks: 'I7' },
  'doubt about a write without an answer': { options: { step: believingUnknownWrites }, breaks: 'I7' },
  'the acknowledgement before the settlement': { options: { settlesBeforeAck: true }, breaks: 'I6' },
};
