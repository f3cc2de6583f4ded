/** Runs many seeded schedules of a group, gives up at the first that fails, and makes its plan short. */
import { createRandom } from '../../support/random.ts';
import { type Plan, planOf } from './faults.ts';
import { type RunOptions, runPlan } from './world.ts';

export interface ScheduleRun {
  readonly schedules: number;
  readonly steps: number;
  readonly takeOvers: number;
  readonly delivered: number;
  readonly duplicates: number;
  readonly perSecond: number;
  /** With seed, shortest faults and transcript; null when every schedule held. */
  readonly failure: string | null;
  readonly failedPlan: Plan | null;
}

const shrinksMax = 200;

export function runSchedules(options: { firstSeed: number; count: number } & RunOptions): ScheduleRun {
  const { firstSeed, count, ...runOptions } = options;
  const startMs = performance.now();
  const total = { schedules: 0, steps: 0, takeOvers: 0, delivered: 0, duplicates: 0 };
  const result = (failure: string | null, failedPlan: Plan | null): ScheduleRun => ({
    ...total,
    perSecond: Math.round((total.schedules * 1000) / (performance.now() - startMs)),
    failure,
    failedPlan,
  });
  for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
    const plan = planOf(seed, createRandom(seed));
    const outcome = runPlan(plan, runOptions);
    total.schedules += 1;
    total.steps += outcome.steps;
    total.takeOvers += outcome.takeOvers;
    total.delivered += outcome.delivered;
    total.duplicates += outcome.duplicates;
    if (outcome.violation !== null) return result(failureReport(plan, outcome.violation, runOptions), plan);
  }
  return result(null, null);
}

/** Takes faults out, one by one and again, as long as it still fails. */
function shrink(plan: Plan, options: RunOptions): Plan {
  let shortest = plan;
  let runs = 0;
  for (let index = shortest.faults.length - 1; index >= 0 && runs < shrinksMax; index -= 1) {
    const shorter: Plan = { ...shortest, faults: shortest.faults.filter((_, other) => other !== index) };
    runs += 1;
    if (runPlan(shorter, options).violation === null) continue;
    shortest = shorter;
    index = Math.min(index, shorter.faults.length);
  }
  return shortest;
}

/** What a person needs: the seed, the shortest faults, and what happened. */
function failureReport(plan: Plan, violation: string, options: RunOptions): string {
  const short = shrink(plan, options);
  const { transcript } = runPlan(short, { ...options, transcript: true });
  return [
    `seed ${plan.seed}: ${violation}`,
    `${short.faults.length} of ${plan.faults.length} faults are enough:`,
    ...short.faults.map((fault) => `  ${JSON.stringify(fault)}`),
    'transcript:',
    ...transcript,
  ].join('\n');
}
