/** Runs many seeded schedules, gives up at the first that fails. */
import { createRandom } from '../../support/random.ts';
import type { Stepper } from './computer.ts';
import { type Plan, planOf } from './faults.ts';
import { failureReport } from './shrink.ts';
import { runPlan } from './world.ts';

export interface ScheduleRun {
  readonly schedules: number;
  readonly steps: number;
  readonly activations: number;
  readonly perSecond: number;
  /** With seed, shortest faults and transcript; null when every schedule held. */
  readonly failure: string | null;
  readonly failedPlan: Plan | null;
}

export interface ScheduleOptions {
  readonly firstSeed: number;
  readonly count: number;
  readonly step?: Stepper;
}

export function runSchedules({ firstSeed, count, step }: ScheduleOptions): ScheduleRun {
  const startMs = performance.now();
  const total = { schedules: 0, steps: 0, activations: 0 };
  const result = (failure: string | null, failedPlan: Plan | null): ScheduleRun => ({
    ...total,
    perSecond: Math.round((total.schedules * 1000) / (performance.now() - startMs)),
    failure,
    failedPlan,
  });
  for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
    const plan = planOf(seed, createRandom(seed));
    const outcome = runPlan(plan, step ? { step } : {});
    total.schedules += 1;
    total.steps += outcome.steps;
    total.activations += outcome.activations;
    if (outcome.violation !== null) return result(failureReport(plan, outcome.violation, step), plan);
  }
  return result(null, null);
}
