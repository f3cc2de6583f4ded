import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Assignment, ForwardPlan, type PlanEffect } from '../../../../agent/alarms/forward/plan.ts';
import { backOffMsMax, tryAgainMs } from '../../../../agent/alarms/forward/route/plan.ts';
import type { SendResult } from '../../../../agent/alarms/types.ts';
import { sampleEvent } from './samples.ts';

const ack: SendResult = { outcome: 'acknowledged' };
const refused: SendResult = { outcome: 'refused', problem: 'DUH' };
const failed: SendResult = { outcome: 'failed', problem: 'no answer' };
const output = (id: string, lanes = 2, supervised = false) => ({ id, lanes, attemptsMax: 3, supervised });

function planWith(outputs: readonly ReturnType<typeof output>[], ...accounts: string[]): ForwardPlan {
  const plan = new ForwardPlan();
  plan.setOutputs(outputs, 0);
  accounts.forEach((account, index) => {
    plan.add({ position: index + 1, event: sampleEvent(account, index + 1) });
  });
  return plan;
}
const positionOf = (assignment: Assignment | null) => assignment?.held.queued.position ?? null;
const kindsOf = (effects: readonly PlanEffect[]) => effects.map(({ kind }) => kind);

/** Sends the next and ends it at once. */
function step(
  plan: ForwardPlan,
  result: SendResult,
  nowMs: number,
): { to: string; effects: PlanEffect[] } | null {
  const assignment = plan.next(nowMs);
  if (assignment === null) return null;
  return { to: assignment.health.output.id, effects: plan.done(assignment, result, nowMs) };
}

/** Fails what goes until nothing goes before the time is over; tells where each attempt went. */
function failUntil(plan: ForwardPlan, fromMs: number, untilMs: number): string[] {
  const to: string[] = [];
  for (let nowMs = fromMs; nowMs < untilMs; nowMs += 100) {
    for (let made = step(plan, failed, nowMs); made !== null; made = step(plan, failed, nowMs))
      to.push(made.to);
  }
  return to;
}

describe('plan of forwarding', () => {
  it('sends accounts side by side and one of an account at a time, in order', () => {
    const plan = planWith([output('a')], '1111', '1111', '2222');
    const first = plan.next(0);
    const second = plan.next(0);
    expect([positionOf(first), positionOf(second)]).toEqual([1, 3]);
    expect(plan.next(0)).toBeNull();
    if (first) plan.done(first, ack, 1);
    expect(positionOf(plan.next(1))).toBe(2);
  });

  it('takes accounts in turn, so that a busy one does not hold up another', () => {
    const plan = planWith([output('a', 1)], '1111', '1111', '1111', '2222');
    const order: (number | null)[] = [];
    for (let next = plan.next(0); next !== null; next = plan.next(0)) {
      order.push(positionOf(next));
      plan.done(next, ack, 0);
    }
    expect(order).toEqual([1, 4, 2, 3]);
  });

  it('tries again after a back-off, tells of a failing output once and never discards', () => {
    const plan = planWith([output('a')], '1111');
    const effects: PlanEffect[] = [];
    const times: number[] = [];
    for (let nowMs = 0; nowMs < 200_000; nowMs += 100) {
      const made = step(plan, failed, nowMs);
      if (made) {
        times.push(nowMs);
        effects.push(...made.effects);
      }
    }
    expect(times.slice(0, 6)).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000]);
    expect((times.at(-1) ?? 0) - (times.at(-2) ?? 0)).toBe(backOffMsMax);
    expect(kindsOf(effects)).toEqual(['output-failed']);
    expect(kindsOf(step(plan, ack, 300_000)?.effects ?? [])).toEqual(['output-recovered', 'settle']);
  });

  it('counts failures side by side as one', () => {
    const plan = planWith([output('a', 4)], '1111', '2222', '3333', '4444');
    const all = [plan.next(0), plan.next(0), plan.next(0), plan.next(0)];
    const effects = all.flatMap((each) => (each ? plan.done(each, failed, 20_000) : []));
    expect(effects).toEqual([]);
    expect(plan.next(20_500)).toBeNull();
    expect(plan.next(21_000)).not.toBeNull();
  });

  it('goes to the alternate after the attempts, and back to the first after a minute when it answers', () => {
    const plan = planWith([output('a'), output('b')], '1111', '1111', '1111');
    const to: string[] = [];
    let nowMs = 0;
    for (; nowMs < 10_000 && to.at(-1) !== 'b'; nowMs += 100) {
      const assignment = plan.next(nowMs);
      if (assignment === null) continue;
      to.push(assignment.health.output.id);
      plan.done(assignment, assignment.health.output.id === 'a' ? failed : ack, nowMs);
    }
    expect(to).toEqual(['a', 'a', 'a', 'b']);
    expect(plan.activeId()).toBe('b');
    expect(step(plan, ack, nowMs)?.to).toBe('b');
    const back = step(plan, ack, nowMs + tryAgainMs);
    expect(back?.to).toBe('a');
    expect(kindsOf(back?.effects ?? [])).toEqual(['output-recovered', 'switched', 'settle']);
    expect(plan.activeId()).toBe('a');
  });

  it('stays with the alternate when the first fails its trial, which costs the event no attempt there', () => {
    const plan = planWith([output('a'), output('b')], '1111', '1111', '1111', '1111');
    failUntil(plan, 0, 3_500);
    expect(plan.activeId()).toBe('b');
    expect(step(plan, ack, 4_000)?.to).toBe('b');
    const trial = step(plan, failed, 4_000 + tryAgainMs);
    expect(trial?.to).toBe('a');
    expect(step(plan, ack, 4_000 + tryAgainMs)?.to).toBe('b');
    expect(plan.activeId()).toBe('b');
  });

  it('goes round and round while none answers', () => {
    const plan = planWith([output('a'), output('b')], '1111');
    const to = failUntil(plan, 0, 55_000);
    expect(to.slice(0, 9)).toEqual(['a', 'a', 'a', 'b', 'b', 'b', 'a', 'a', 'a']);
    expect(step(plan, ack, 600_000)?.effects.map(({ kind }) => kind)).toContain('settle');
  });

  it('leaves an output whose heartbeats fail before an event has to wait for it', () => {
    const [first, second] = [output('a', 2, true), output('b', 2, true)];
    const plan = planWith([first, second], '1111');
    const effects = plan.reported(first, { state: 'failing', problem: 'no answer' }, 100);
    expect(kindsOf(effects)).toEqual(['output-failed', 'switched']);
    expect(step(plan, ack, 100)?.to).toBe('b');
    expect(plan.reported(first, { state: 'connected', problem: null }, 30_000)).toEqual([]);
    expect(kindsOf(plan.reported(first, { state: 'connected', problem: null }, 100 + tryAgainMs))).toEqual([
      'switched',
    ]);
    expect(plan.activeId()).toBe('a');
  });

  it('does not jump between outputs that all fail their heartbeats', () => {
    const [first, second] = [output('a', 2, true), output('b', 2, true)];
    const plan = planWith([first, second]);
    let switches = 0;
    for (let nowMs = 0; nowMs < 600_000; nowMs += 500) {
      for (const each of [first, second]) {
        const needed = plan.isNeeded(each);
        const state = needed ? 'failing' : 'idle';
        switches += plan
          .reported(each, { state, problem: 'no answer' }, nowMs)
          .filter(({ kind }) => kind === 'switched').length;
      }
    }
    expect(switches).toBe(1);
  });

  it('keeps an event that one ARC does not answer from holding up the others', () => {
    const plan = planWith([output('a', 1)], '1111', '2222', '2222');
    const stuck = (assignment: Assignment) => assignment.held.queued.event.account === '1111';
    const settled: number[] = [];
    const told: string[] = [];
    for (let nowMs = 0; nowMs < 60_000; nowMs += 100) {
      const assignment = plan.next(nowMs);
      if (assignment === null) continue;
      for (const effect of plan.done(assignment, stuck(assignment) ? failed : ack, nowMs)) {
        if (effect.kind === 'settle') settled.push(effect.queued.position);
        else told.push(effect.kind);
      }
    }
    expect(settled).toEqual([2, 3]);
    // Once nothing else is sent, an ARC that is silent to it looks like one that is away.
    expect(told).toEqual(['event-stuck', 'output-failed']);
    expect(plan.heldCount()).toBe(1);
  });

  it('offers what one refuses to the others, and gives up only when all refuse', () => {
    const plan = planWith([output('a'), output('b')], '1111', '2222');
    expect(step(plan, ack, 0)?.to).toBe('a');
    expect(step(plan, refused, 0)).toMatchObject({ to: 'a', effects: [] });
    const last = step(plan, refused, 0);
    expect(last?.to).toBe('b');
    expect(last?.effects).toMatchObject([
      { kind: 'settle', settlement: { outcome: 'refused', attempts: 2, problem: 'DUH' } },
    ]);
    expect(plan.activeId()).toBe('a');
  });

  it('gives a refused event up when the only other output stays away, since it would hold up its account', () => {
    const plan = planWith([output('a'), output('b')], '1111', '1111');
    expect(step(plan, refused, 0)?.to).toBe('a');
    let settled: PlanEffect | undefined;
    for (let nowMs = 0; nowMs < 60_000 && !settled; nowMs += 100) {
      settled = step(plan, failed, nowMs)?.effects.find(({ kind }) => kind === 'settle');
    }
    expect(settled).toMatchObject({
      queued: { position: 1 },
      settlement: { outcome: 'refused', attempts: 4 },
    });
    expect(step(plan, ack, 60_000)?.to).toBe('a');
  });

  it('sends what was under way at a removed output over the new ones', () => {
    const plan = planWith([output('a')], '1111');
    const assignment = plan.next(0);
    plan.setOutputs([output('b')], 0);
    if (assignment) plan.done(assignment, failed, 10);
    expect(step(plan, ack, 10)).toMatchObject({ to: 'b', effects: [{ kind: 'settle' }] });
  });

  it('settles what a removed output acknowledges', () => {
    const plan = planWith([output('a')], '1111');
    const assignment = plan.next(0);
    plan.setOutputs([output('b')], 0);
    expect(assignment && kindsOf(plan.done(assignment, ack, 10))).toEqual(['settle']);
  });

  it('keeps order, loses nothing and ends, whatever the outputs do', () => {
    const outcome = fc.constantFrom(ack, ack, ack, refused, failed);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 60 }),
        fc.array(
          fc.record({ pick: fc.nat(20), result: outcome, waitMs: fc.constantFrom(0, 10, 900, 20_000) }),
          {
            maxLength: 200,
          },
        ),
        fc.integer({ min: 1, max: 3 }),
        (accounts, steps, outputs) => run(accounts, steps, outputs),
      ),
      { numRuns: 300 },
    );
  });
});

interface Step {
  readonly pick: number;
  readonly result: SendResult;
  readonly waitMs: number;
}

function run(accounts: readonly number[], steps: readonly Step[], outputCount: number): void {
  const all = ['a', 'b', 'c'].slice(0, outputCount).map((id) => output(id, 2));
  const plan = planWith(all, ...accounts.map(String));
  const underWay: Assignment[] = [];
  const settled = new Map<string, number[]>();
  let nowMs = 0;
  const start = () => {
    for (let next = plan.next(nowMs); next !== null; next = plan.next(nowMs)) {
      const { account } = next.held.queued.event;
      const twice = underWay.some(({ held }) => held.queued.event.account === account);
      expect(twice, 'two of an account under way').toBe(false);
      underWay.push(next);
      expect(underWay.length).toBeLessThanOrEqual(all.length * 2);
    }
  };
  const end = (at: number, result: SendResult) => {
    const [assignment] = underWay.splice(at % underWay.length, 1);
    if (!assignment) return;
    for (const effect of plan.done(assignment, result, nowMs)) {
      if (effect.kind !== 'settle') continue;
      const { account } = effect.queued.event;
      settled.set(account, [...(settled.get(account) ?? []), effect.queued.position]);
    }
  };
  for (const { pick, result, waitMs } of steps) {
    start();
    nowMs += waitMs;
    if (underWay.length > 0) end(pick, result);
  }
  // Everybody answers from now on: all must leave.
  for (let round = 0; round < 2_000 && plan.heldCount() > 0; round += 1) {
    start();
    while (underWay.length > 0) end(0, ack);
    nowMs += 1_000;
  }
  const expected = new Map<string, number[]>();
  accounts.forEach((account, index) => {
    expected.set(String(account), [...(expected.get(String(account)) ?? []), index + 1]);
  });
  expect(Object.fromEntries(settled)).toEqual(Object.fromEntries(expected));
  expect(plan.underWayCount()).toBe(0);
  expect(plan.readyCount()).toBe(0);
}
