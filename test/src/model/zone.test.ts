import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localDay, localDayHours, monthDays, weekdayOf } from '../../../src/model/zone.ts';

const utc = (text: string): number => Date.parse(text);
const minutesOf = (day: string, zone: string): number =>
  localDayHours(day, zone).reduce((sum, hour) => sum + hour.minutes, 0);

describe('local days', () => {
  it.each([
    ['2026-07-01', 'Europe/Berlin', 24, 1440, '2026-06-30T22:00Z'],
    ['2026-03-29', 'Europe/Berlin', 23, 1380, '2026-03-28T23:00Z'],
    ['2026-10-25', 'Europe/Berlin', 25, 1500, '2026-10-24T22:00Z'],
    ['2026-05-05', 'Asia/Kolkata', 24, 1440, '2026-05-04T18:30Z'],
    ['2026-05-05', 'Asia/Kathmandu', 24, 1440, '2026-05-04T18:15Z'],
    ['2026-04-05', 'Australia/Lord_Howe', 25, 1470, '2026-04-04T13:00Z'],
    ['2026-10-04', 'Australia/Lord_Howe', 24, 1410, '2026-10-03T13:30Z'],
    ['2026-11-01', 'America/New_York', 25, 1500, '2026-11-01T04:00Z'],
    ['2026-02-28', 'UTC', 24, 1440, '2026-02-28T00:00Z'],
    ['2011-12-30', 'Pacific/Apia', 0, 0, null],
    ['2006-10-29', 'America/St_Johns', 25, 1441, '2006-10-29T02:30Z'],
  ])('%s in %s has %i hours', (day, zone, hours, minutes, start) => {
    const cells = localDayHours(day, zone);
    expect(cells).toHaveLength(hours);
    expect(minutesOf(day, zone)).toBe(minutes);
    expect(cells[0]?.startMs ?? null).toBe(start === null ? null : utc(start));
  });

  it('leaves out the hour that the spring skips', () => {
    const numbers = localDayHours('2026-03-29', 'Europe/Berlin').map((cell) => cell.hour);
    expect(numbers.slice(0, 4)).toEqual([0, 1, 3, 4]);
  });

  it('repeats the hour that the autumn repeats', () => {
    const numbers = localDayHours('2026-10-25', 'Europe/Berlin').map((cell) => cell.hour);
    expect(numbers.slice(0, 5)).toEqual([0, 1, 2, 2, 3]);
  });

  it('cuts an hour where the clock moves by half an hour', () => {
    const spring = localDayHours('2026-10-04', 'Australia/Lord_Howe')[2];
    expect(spring).toMatchObject({ hour: 2, minutes: 30, firstMinute: 30 });
    const autumn = localDayHours('2026-04-05', 'Australia/Lord_Howe').slice(1, 3);
    expect(autumn).toMatchObject([
      { hour: 1, minutes: 60, firstMinute: 0 },
      { hour: 1, minutes: 30, firstMinute: 30 },
    ]);
  });

  it('refuses days and zones that do not exist', () => {
    expect(() => localDayHours('2026-02-30', 'UTC')).toThrow(/no day/);
    expect(() => localDayHours('2026-02-03', 'Mars/Olympus')).toThrow(/time zone/);
  });

  it('cover time without hole or overlap, day after day', () => {
    const zones = [
      'Europe/Berlin',
      'Australia/Lord_Howe',
      'America/New_York',
      'Asia/Kathmandu',
      'Africa/Casablanca',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 20_000 }), (zone, dayNumber) => {
        const day = new Date(dayNumber * 86_400_000).toISOString().slice(0, 10);
        const next = new Date((dayNumber + 1) * 86_400_000).toISOString().slice(0, 10);
        const cells = [...localDayHours(day, zone), ...localDayHours(next, zone)];
        for (const [index, cell] of cells.entries()) {
          const following = cells[index + 1];
          if (following) expect(cell.startMs + cell.minutes * 60_000).toBe(following.startMs);
          expect(cell.minutes).toBeGreaterThan(0);
          expect(cell.minutes).toBeLessThanOrEqual(60);
          expect(cell.hour).toBeLessThan(24);
        }
        const last = localDayHours(day, zone).at(-1);
        if (last) expect(localDay(last.startMs + last.minutes * 60_000 - 1, zone)).toBe(day);
      }),
      { numRuns: 150 },
    );
  });
});

describe('moments', () => {
  it.each([
    ['2026-10-25T00:59:59Z', 'Europe/Berlin', '2026-10-25', '2026-10-25T00:00Z', 2],
    ['2026-10-25T01:00:00Z', 'Europe/Berlin', '2026-10-25', '2026-10-25T01:00Z', 2],
    ['2026-05-05T18:29:59Z', 'Asia/Kolkata', '2026-05-05', '2026-05-05T17:30Z', 23],
    ['2026-05-05T18:30:00Z', 'Asia/Kolkata', '2026-05-06', '2026-05-05T18:30Z', 0],
  ])('%s in %s is of %s', (moment, zone, day, start, hour) => {
    expect(localDay(utc(moment), zone)).toBe(day);
    const cell = localDayHours(day, zone).findLast((each) => each.startMs <= utc(moment));
    expect(cell).toMatchObject({ startMs: utc(start), hour });
  });

  it('know the days of a month and of a week', () => {
    expect(monthDays('2024-02')).toHaveLength(29);
    expect(monthDays('2026-11').at(-1)).toBe('2026-11-30');
    expect(weekdayOf('2026-11-16')).toBe(0);
    expect(weekdayOf('2026-11-22')).toBe(6);
  });
});
