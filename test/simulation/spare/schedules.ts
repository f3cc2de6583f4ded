/** Schedules of a group. */
import { Schedules } from '../schedules.ts';
import { type Plan, planOf } from './faults.ts';
import { type RunOptions, runPlan } from './world.ts';

export const schedules = new Schedules<Plan, RunOptions, 'steps' | 'takeOvers' | 'delivered' | 'duplicates'>({
  planOf,
  runPlan,
  figures: ['steps', 'takeOvers', 'delivered', 'duplicates'],
});
