/** Four receivers under seeded faults: never two forward (I7), and what was acknowledged reaches the ARC in order (I6). */
import { describe, expect, it } from 'vitest';
import { createRandom } from '../support/random.ts';
import { planOf } from './spare/faults.ts';
import { mutants } from './spare/mutants.ts';
import { schedules } from './spare/schedules.ts';
import { runPlan } from './spare/world.ts';

describe('seeded schedules of a group', () => {
  it('never let two forward, lose nothing that was acknowledged, and end with the first in the order at work', () => {
    const run = schedules.run(1, 400, {});
    expect(run.failure).toBeNull();
    expect(run.takeOvers).toBeGreaterThan(run.schedules);
    expect(run.delivered).toBeGreaterThan(50 * run.schedules);
    expect(run.duplicates).toBeLessThan(run.delivered / 100);
  }, 120_000);

  it('give the same run for the same seed', () => {
    const once = () => runPlan(planOf(77, createRandom(77)), { transcript: true }).transcript;
    expect(once()).toEqual(once());
    expect(once().length).toBeGreaterThan(10);
  });
});

describe('the checkers bite', () => {
  it.each(Object.entries(mutants))(
    'without %s the suite fails',
    (_name, { options, breaks }) => {
      const run = schedules.run(1, 400, options);
      expect(run.failure).toContain(breaks);
      expect(run.failure).toMatch(/^seed \d+: /);
      expect(run.failure).toMatch(/\d of \d faults are enough/);
      expect(run.failure).toContain('is working');
    },
    120_000,
  );
});
