/** Makes a failing plan short: takes faults out, one by one and again, as long as it still fails. */
import type { Stepper } from './computer.ts';
import type { Plan } from './faults.ts';
import { runPlan } from './world.ts';

const runsMax = 200;

export function shrink(plan: Plan, step?: Stepper): Plan {
  let shortest = plan;
  let runs = 0;
  for (let index = shortest.faults.length - 1; index >= 0 && runs < runsMax; index -= 1) {
    const faults = shortest.faults.filter((_, other) => other !== index);
    const shorter: Plan = { ...shortest, faults };
    runs += 1;
    if (runPlan(shorter, step ? { step } : {}).violation === null) continue;
    shortest = shorter;
    index = Math.min(index, faults.length);
  }
  return shortest;
}

/** What a person needs: the seed, the shortest faults, and what happened. */
export function failureReport(plan: Plan, violation: string, step?: Stepper): string {
  const short = shrink(plan, step);
  const { transcript } = runPlan(short, { transcript: true, ...(step && { step }) });
  const faults = short.faults.map((fault) => `  ${JSON.stringify(fault)}`);
  return [
    `seed ${plan.seed} (${plan.arbiter}): ${violation}`,
    `${short.faults.length} of ${plan.faults.length} faults are enough:`,
    ...faults,
    'transcript:',
    ...transcript,
  ].join('\n');
}
