/** Twenty thousand seeded schedules of a receiver group under faults; HOLDFAST_SCHEDULES and HOLDFAST_SEED choose others. */
import { expect, it } from 'vitest';
import { schedules } from '../simulation/spare/schedules.ts';

const count = Number(process.env.HOLDFAST_SCHEDULES ?? 20_000);
const firstSeed = Number(process.env.HOLDFAST_SEED ?? 1);

it(`${count} schedules from seed ${firstSeed}: never two forward, nothing acknowledged is lost`, () => {
  const { failure, failedPlan: _, ...figures } = schedules.run(firstSeed, count, {});
  console.log(JSON.stringify(figures));
  expect(failure).toBeNull();
  expect(figures.schedules).toBe(count);
}, 1_800_000);
