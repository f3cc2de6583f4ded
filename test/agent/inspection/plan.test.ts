import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type HourFacts,
  hourStates,
  judgeHour,
  newVerdict,
  toleranceMs,
} from '../../../agent/inspection/plan.ts';
import { hourStateSchema } from '../../../src/contract/index.ts';

const startMs = Date.UTC(2026, 10, 19, 8);
const whole = (): Uint16Array => new Uint16Array(60).fill(60_000);

function judge(facts: Partial<HourFacts>) {
  const verdict = newVerdict();
  judgeHour(
    {
      present: whole(),
      offset: 0,
      minutes: 60,
      startMs,
      wanted: null,
      wantedFromMs: 0,
      checkedToMs: startMs + 86_400_000,
      oldestMs: 0,
      ...facts,
    },
    verdict,
  );
  return { ...verdict, word: hourStates[verdict.state] };
}

function without(losses: Record<number, number>): Uint16Array {
  const present = whole();
  for (const [minute, lostMs] of Object.entries(losses)) present[Number(minute)] = 60_000 - lostMs;
  return present;
}

describe('the verdict on an hour', () => {
  it('has the states of the contract in the contract’s order', () => {
    expect([...hourStates]).toEqual(hourStateSchema.options);
  });

  it('is normal when every minute is whole', () => {
    expect(judge({})).toMatchObject({ word: 'normal', heldMinutes: 60, missingMs: 0, expectedMs: 3_600_000 });
  });

  it('is normal when every minute is short by jitter', () => {
    expect(judge({ present: new Uint16Array(60).fill(60_000 - toleranceMs + 1) })).toMatchObject({
      word: 'normal',
      missingMs: 0,
    });
  });

  it.each([
    ['within one minute', { 10: 2_000 }, 2_000],
    ['over the border of two', { 10: 1_000, 11: 1_000 }, 2_000],
    ['unevenly over the border', { 10: 1_700, 11: 300 }, 1_700],
  ])('is an exception when 2 s are lost %s', (_, losses, missingMs) => {
    expect(judge({ present: without(losses) })).toMatchObject({ word: 'exception', missingMs });
  });

  it('is no-plan when nothing is wanted, and still counts what is held', () => {
    expect(judge({ wanted: new Uint8Array(0) })).toMatchObject({
      word: 'no-plan',
      heldMinutes: 60,
      missingMs: 0,
    });
  });

  it('is no-plan before the camera existed, and judged from then on', () => {
    const present = whole().fill(0, 0, 30);
    expect(judge({ present, wantedFromMs: startMs + 3_600_000 }).word).toBe('no-plan');
    expect(judge({ present, wantedFromMs: startMs + 1_800_000 })).toMatchObject({
      word: 'normal',
      heldMinutes: 30,
    });
    expect(judge({ present, wantedFromMs: startMs + 1_740_000 })).toMatchObject({ missingMs: 60_000 });
  });

  it('is unchecked as long as nothing of it has passed', () => {
    expect(judge({ present: new Uint16Array(60), checkedToMs: startMs }).word).toBe('unchecked');
  });

  it('judges the running hour up to the present second only', () => {
    const present = whole().fill(0, 11);
    present[10] = 20_000;
    const checkedToMs = startMs + 10 * 60_000 + 20_000;
    expect(judge({ present, checkedToMs })).toMatchObject({ word: 'normal', expectedMs: 620_000 });
    expect(judge({ present, checkedToMs: checkedToMs + 5_000 })).toMatchObject({
      word: 'exception',
      missingMs: 5_000,
    });
  });

  it('is unchecked when all that is missing was overwritten, and an exception when more is', () => {
    const oldestMs = startMs + 1_800_000;
    const present = whole().fill(0, 0, 30);
    expect(judge({ present, oldestMs })).toMatchObject({
      word: 'unchecked',
      missingMs: 1_800_000,
      lostMs: 0,
    });
    present[45] = 0;
    expect(judge({ present, oldestMs })).toMatchObject({
      word: 'exception',
      missingMs: 1_860_000,
      lostMs: 60_000,
    });
  });

  it('wants only the planned minutes', () => {
    const wanted = new Uint8Array(60).fill(1, 15, 30);
    const present = new Uint16Array(60).fill(60_000, 15, 30);
    expect(judge({ wanted, present })).toMatchObject({
      word: 'normal',
      heldMinutes: 15,
      expectedMs: 900_000,
    });
    expect(judge({ wanted, present: present.fill(0) })).toMatchObject({ missingMs: 900_000 });
  });

  it('never misses more than was planned and has passed, whatever is held', () => {
    const minutes = fc.uint8Array({ minLength: 60, maxLength: 60, max: 1 });
    const present = fc.uint16Array({ minLength: 60, maxLength: 60, max: 60_000 });
    const offsetMs = fc.integer({ min: -7_200_000, max: 7_200_000 });
    fc.assert(
      fc.property(minutes, present, offsetMs, offsetMs, offsetMs, (wanted, held, from, to, oldest) => {
        const facts = { wantedFromMs: startMs + from, checkedToMs: startMs + to, oldestMs: startMs + oldest };
        const verdict = judge({ wanted, present: held, ...facts });
        const plannedMs = wanted.reduce((sum, flag) => sum + flag * 60_000, 0);
        expect(verdict.expectedMs).toBeLessThanOrEqual(plannedMs);
        expect(verdict.missingMs).toBeLessThanOrEqual(verdict.expectedMs);
        expect(verdict.lostMs).toBeLessThanOrEqual(verdict.missingMs);
        expect(verdict.heldMinutes).toBe(held.filter((ms) => Math.round(ms / 1_000) >= 1).length);
        if (verdict.word === 'normal') expect(verdict.missingMs).toBe(0);
        if (verdict.word === 'exception') expect(verdict.lostMs).toBeGreaterThanOrEqual(toleranceMs);
      }),
    );
  });
});
