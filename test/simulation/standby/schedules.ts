/** Schedules of a pair. */
import { Schedules } from '../schedules.ts';
import { type Plan, planOf } from './faults.ts';
import { type RunOptions, runPlan } from './world.ts';

export const schedules = new Schedules<Plan, RunOptions, 'steps' | 'activations'>({
  planOf,
  runPlan,
  figures: ['steps', 'activations'],
  kindOf: ({ arbiter }) => arbiter,
});
