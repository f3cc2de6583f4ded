/** The pair under seeded faults: never two actives, and one again once the faults are over; scenarios as transcripts to read. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../support/random.ts';
import { planOf } from './standby/faults.ts';
import { mutants } from './standby/mutants.ts';
import { scenarios } from './standby/scenarios.ts';
import { schedules } from './standby/schedules.ts';
import { runPlan } from './standby/world.ts';

const folder = fileURLToPath(new URL('../../fixtures/scenarios/standby/', import.meta.url));
const updates = process.env.HOLDFAST_UPDATE_SCENARIOS === '1';

describe('seeded schedules', () => {
  it('never have two actives, and have one again once everything is healed', () => {
    const run = schedules.run(1, 2_000, {});
    expect(run.failure).toBeNull();
    expect(run.activations).toBeGreaterThan(run.schedules);
  }, 120_000);

  it('give the same run for the same seed', () => {
    const once = () => runPlan(planOf(77, createRandom(77)), { transcript: true }).transcript;
    expect(once()).toEqual(once());
    expect(once().length).toBeGreaterThan(20);
  });
});

describe('the checkers bite', () => {
  it.each(Object.entries(mutants))(
    'without %s the suite fails',
    (_name, step) => {
      const run = schedules.run(1, 1_000, { step });
      expect(run.failure).toContain('two actives');
      expect(run.failure).toMatch(/^seed \d+ /);
    },
    60_000,
  );

  it('and the report of a failure has its seed, fewer faults, and a transcript', () => {
    const step = mutants['rule 2 (self-demotion)'];
    if (!step) throw new Error('no such mutant');
    const { failedPlan } = schedules.run(1, 1_000, { step });
    if (!failedPlan) throw new Error('nothing failed');
    const report = schedules.report(failedPlan, 'two actives', { step });
    const [, kept, all] = report.match(/(\d+) of (\d+) faults are enough/) ?? [];
    expect(Number(kept)).toBeLessThanOrEqual(Number(all));
    expect(report).toContain(`seed ${failedPlan.seed}`);
    expect(report).toContain('is active');
  }, 60_000);
});

describe('scenarios', () => {
  it.each(scenarios)('$name: $title', ({ name, title, plan }) => {
    const outcome = runPlan(plan, { transcript: true, endsUnhealed: true });
    expect(outcome.violation).toBeNull();
    const outages = outcome.outagesMs.map((ms) => `${Math.round(ms)} ms`).join(', ') || 'none';
    const text = [title, '', ...outcome.transcript, '', `outages: ${outages}`, ''].join('\n');
    const path = `${folder}${name}.txt`;
    if (updates || !existsSync(path)) writeFileSync(path, text);
    expect(text).toBe(readFileSync(path, 'utf8'));
    expect(
      updates,
      'transcripts were written, not compared: run again without HOLDFAST_UPDATE_SCENARIOS',
    ).toBe(false);
  });

  it('a planned switch does not wait for T, a lost node is replaced within the target', () => {
    const outagesMs = (name: string) => {
      const found = scenarios.find((each) => each.name === name);
      if (!found) throw new Error(`no scenario ${name}`);
      return runPlan(found.plan, { endsUnhealed: true }).outagesMs;
    };
    for (const name of ['planned-switch', 'switch-asked-on-standby']) {
      expect(outagesMs(name)).toHaveLength(1);
      expect(Math.max(...outagesMs(name))).toBeLessThan(500);
    }
    expect(outagesMs('node-loss')).toHaveLength(1);
    expect(Math.max(...outagesMs('node-loss'))).toBeLessThan(1_800);
    expect(outagesMs('arbiter-dead')).toEqual([]);
    expect(outagesMs('arbiter-cut-from-active')).toEqual([]);
    expect(outagesMs('all-links-cut')).toEqual([]);
  });
});
