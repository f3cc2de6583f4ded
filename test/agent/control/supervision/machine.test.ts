import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  initialSupervision,
  type SupervisionAction,
  type SupervisionEvent,
  type SupervisionState,
  step,
} from '../../../../agent/control/supervision/machine.ts';

/** Runs events, each a second after the last unless it says when. */
function run(events: readonly (SupervisionEvent & { atMs?: number })[]): {
  state: SupervisionState;
  actions: SupervisionAction[];
} {
  let state = initialSupervision;
  let nowMs = 0;
  const actions: SupervisionAction[] = [];
  for (const { atMs, ...event } of events) {
    nowMs = atMs ?? nowMs + 1_000;
    const result = step(state, event, nowMs);
    state = result.state;
    actions.push(...result.actions);
  }
  return { state, actions };
}

const start: SupervisionEvent = { kind: 'start' };
const connected: SupervisionEvent = { kind: 'connected' };
const noneListens: SupervisionEvent = { kind: 'attach-failed' };
const lost: SupervisionEvent = { kind: 'lost', detail: 'gone' };
const waited: SupervisionEvent = { kind: 'waited' };
const failed: SupervisionEvent = { kind: 'spawn-failed', detail: 'code 1' };
const waits = (actions: SupervisionAction[]) =>
  actions.flatMap((action) => (action.kind === 'wait' ? [action.delayMs] : []));

describe('the supervision of a process', () => {
  it('attaches to one that outlived control', () => {
    const { state, actions } = run([start, connected]);
    expect(state.phase).toBe('running');
    expect(actions).toEqual([{ kind: 'attach' }, { kind: 'configure', restarted: false }]);
  });

  it('spawns one when nobody listens', () => {
    const { actions } = run([start, noneListens, connected]);
    expect(actions.map((action) => action.kind)).toEqual(['attach', 'kill', 'spawn', 'configure']);
  });

  it('restarts one that died and says so in the reason of the gap', () => {
    const { state, actions } = run([start, noneListens, connected, lost, waited, noneListens, connected]);
    expect(actions.at(-1)).toEqual({ kind: 'configure', restarted: true });
    expect(actions).toContainEqual({ kind: 'report', event: 'died', detail: 'gone' });
    expect(state.restarts).toBe(1);
  });

  it('restarts at once, waits longer with each further failure, to ten seconds, and not after five sound ones', () => {
    const failures = Array.from({ length: 9 }, () => [failed, waited, noneListens]).flat();
    expect(waits(run([start, noneListens, ...failures]).actions)).toEqual([
      0, 250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
    ]);
    const back: SupervisionEvent & { atMs: number } = { ...connected, atMs: 100_000 };
    const healthy = run([start, noneListens, ...failures, back, { ...lost, atMs: 105_000 }]);
    expect(waits(healthy.actions).at(-1)).toBe(0);
    const unwell = run([start, noneListens, ...failures, back, { ...lost, atMs: 104_999 }]);
    expect(waits(unwell.actions).at(-1)).toBe(10_000);
  });

  it('never spawns after it was stopped, whatever comes late', () => {
    const event = fc.constantFrom(start, connected, noneListens, lost, waited, failed);
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), fc.array(event, { maxLength: 30 }), (before, after) => {
        const untilStop = run([...before, { kind: 'stop' }]);
        const all = run([...before, { kind: 'stop' }, ...after]);
        expect(all.actions.length).toBe(untilStop.actions.length);
        expect(all.state.phase).toBe('stopping');
      }),
    );
  });

  it('always has something under way, so that it never gives up', () => {
    const event = fc.constantFrom(connected, noneListens, lost, waited, failed);
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const { state, actions } = run([start, ...events]);
        expect(['attaching', 'spawning', 'running', 'waiting']).toContain(state.phase);
        const last = actions.at(-1)?.kind;
        const expected = { attaching: 'attach', spawning: 'spawn', running: 'configure', waiting: 'wait' };
        expect(last).toBe(expected[state.phase as keyof typeof expected]);
      }),
    );
  });
});
