import { describe, expect, it } from 'vitest';
import { DayPlans } from '../../../agent/inspection/wanted.ts';
import type { RecordingPlan } from '../../../src/contract/index.ts';
import { isPlanned } from '../../../src/model/recording-plan.ts';
import { localDayHours } from '../../../src/model/zone.ts';

/** Every weekday differs, and quarters change inside of hours. */
const plan: RecordingPlan = Array.from({ length: 7 }, (_, weekday) =>
  Array.from({ length: 96 }, (_, quarter) => ((quarter * quarter + weekday * 3) % 7 < 3 ? 'T' : '.')).join(
    '',
  ),
);

describe('wanted minutes', () => {
  it.each([
    ['2026-11-19', 'UTC'],
    ['2026-03-29', 'Europe/Berlin'],
    ['2026-10-25', 'Europe/Berlin'],
    ['2026-05-05', 'Asia/Kolkata'],
    ['2026-05-05', 'Asia/Kathmandu'],
    ['2026-04-05', 'Australia/Lord_Howe'],
    ['2026-10-04', 'Australia/Lord_Howe'],
  ])('of %s in %s are those that the recorder plans', (day, timeZone) => {
    const hours = localDayHours(day, timeZone);
    const wanted = new DayPlans(day, hours).of(plan);
    hours.forEach((hour, index) => {
      for (let minute = 0; minute < hour.minutes; minute += 5) {
        const mine = wanted[index] === null || wanted[index]?.[minute] === 1;
        expect(mine).toBe(isPlanned(plan, hour.startMs + minute * 60_000, timeZone));
      }
    });
  });

  it('are all or none of the simple plans', () => {
    const hours = localDayHours('2026-10-25', 'Europe/Berlin');
    const plans = new DayPlans('2026-10-25', hours);
    expect(plans.of('always')).toEqual(new Array(25).fill(null));
    expect(plans.of('never').every((wanted) => wanted?.length === 0)).toBe(true);
  });
});
