import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalog } from '../../../agent/inspection/catalog.ts';
import { dayOf, monthOf } from '../../../agent/inspection/columns.ts';
import { dayColumns } from '../../../agent/inspection/day-grid.ts';
import { findGaps } from '../../../agent/inspection/gap-list.ts';
import { hourDetail } from '../../../agent/inspection/hour-detail.ts';
import { monthColumns } from '../../../agent/inspection/month-grid.ts';
import type { DayInput, MonthInput, ReaderCamera, ReaderConfig } from '../../../agent/inspection/types.ts';
import {
  inspectionDaySchema,
  inspectionHourDetailSchema,
  inspectionMonthSchema,
} from '../../../src/contract/index.ts';
import { CatalogFixture } from './catalog-fixture.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;
const utc = (text: string): number => Date.parse(`${text}Z`);
const camera = (id: string, extra: Partial<ReaderCamera> = {}): ReaderCamera => ({
  id,
  name: `Camera ${id}`,
  channel: 1,
  plan: 'always',
  ...extra,
});

describe('grids', () => {
  let fixture: CatalogFixture;
  let catalog: Catalog;
  beforeEach(() => {
    fixture = new CatalogFixture();
    catalog = new Catalog(fixture.dataDir);
  });
  afterEach(() => {
    catalog.close();
    fixture.remove();
  });

  function source(cameras: ReaderCamera[], timeZone = 'UTC', nowMs = utc('2027-01-01T00:00')) {
    const config: ReaderConfig = { timeZone, cameras, spaces: [] };
    return { catalog, config, nowMs };
  }
  const day = (from: ReturnType<typeof source>, input: DayInput) =>
    inspectionDaySchema.parse(dayOf(dayColumns(from, input)));
  const month = (from: ReturnType<typeof source>, input: MonthInput) =>
    inspectionMonthSchema.parse(monthOf(monthColumns(from, input)));

  it('are empty, not an error, while there is no catalog', () => {
    const empty = day(source([camera('c1')]), { day: '2026-11-19' });
    expect(empty.cameras[0]?.hours).toHaveLength(24);
    expect(empty.cameras[0]?.hours[0]).toMatchObject({
      state: 'exception',
      minutes: 0,
      missingSeconds: 3600,
    });
    expect(findGaps(source([]), {})).toEqual([]);
  });

  it('see the catalog once it is there', () => {
    const from = source([camera('c1')]);
    day(from, { day: '2026-11-19' });
    fixture.hours('c1', utc('2026-11-19T00:00'), utc('2026-11-20T00:00'));
    expect(day(from, { day: '2026-11-19' }).cameras[0]?.hours[23]).toMatchObject({
      state: 'normal',
      minutes: 60,
    });
  });

  it.each([
    ['2026-03-29', 'Europe/Berlin', 23],
    ['2026-10-25', 'Europe/Berlin', 25],
    ['2026-05-05', 'Asia/Kolkata', 24],
    ['2026-05-05', 'Asia/Kathmandu', 24],
    ['2026-04-05', 'Australia/Lord_Howe', 25],
    ['2026-10-04', 'Australia/Lord_Howe', 24],
  ])('show %s in %s with %i cells that sum to what is stored', (name, zone, cells) => {
    const from = source([camera('c1')], zone);
    const hours = dayColumns(from, { day: name }).hours;
    const startMs = hours[0]?.startMs ?? 0;
    const firstUtcHour = Math.floor(startMs / hourMs) * hourMs;
    let state = 7;
    const stored = new Map<number, number>();
    for (let atMs = firstUtcHour; atMs < startMs + 26 * hourMs; atMs += hourMs) {
      const minutes = Array.from({ length: 60 }, () => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        return state % 60_001;
      });
      fixture.hour('c1', atMs, minutes);
      minutes.forEach((ms, minute) => {
        stored.set(atMs + minute * minuteMs, ms);
      });
    }
    const shown = day(from, { day: name, detail: 'minutes' }).cameras[0]?.hours ?? [];
    expect(shown).toHaveLength(cells);
    shown.forEach((cell, index) => {
      const length = hours[index]?.minutes ?? 0;
      const expected = Array.from({ length: 60 }, (_, minute) =>
        minute < length ? Math.round((stored.get(cell.startMs + minute * minuteMs) ?? 0) / 1_000) : 0,
      );
      expect(cell.seconds).toEqual(expected);
      expect(cell.minutes).toBe(expected.filter((seconds) => seconds >= 1).length);
    });
  });

  it('find a reason for what is missing and say so when there is none', () => {
    const startMs = utc('2026-11-19T08:00');
    fixture.hours('c1', utc('2026-11-19T00:00'), startMs);
    fixture.hour('c1', startMs, [
      ...new Array<number>(10).fill(60_000),
      0,
      0,
      ...new Array<number>(48).fill(60_000),
    ]);
    fixture.gap({ cameraId: 'c1', fromMs: startMs + 600_000, toMs: startMs + 720_000, reason: 'space-lost' });
    const cells = day(source([camera('c1')]), { day: '2026-11-19' }).cameras[0]?.hours;
    expect(cells?.[7]).toMatchObject({ state: 'normal', reason: null });
    expect(cells?.[8]).toMatchObject({
      state: 'exception',
      minutes: 58,
      missingSeconds: 120,
      reason: 'space-lost',
    });
    expect(cells?.[9]).toMatchObject({ state: 'exception', missingSeconds: 3600, reason: null });
  });

  it('show today up to the present moment and the rest as unchecked', () => {
    const nowMs = utc('2026-11-19T08:30');
    fixture.hours('c1', utc('2026-11-19T00:00'), utc('2026-11-19T08:00'));
    fixture.hour('c1', utc('2026-11-19T08:00'), new Array<number>(30).fill(60_000));
    const today = day(source([camera('c1')], 'UTC', nowMs), {});
    expect(today).toMatchObject({ day: '2026-11-19', checkedToMs: nowMs });
    expect(today.cameras[0]?.hours.map((cell) => cell.state)).toEqual([
      ...new Array(9).fill('normal'),
      ...new Array(15).fill('unchecked'),
    ]);
  });

  it('mark what was overwritten as unchecked, with that reason', () => {
    const oldestMs = utc('2026-11-19T05:30');
    fixture.hour('c1', utc('2026-11-19T05:00'), [
      ...new Array<number>(30).fill(0),
      ...new Array<number>(30).fill(60_000),
    ]);
    fixture.hours('c1', utc('2026-11-19T06:00'), utc('2026-11-20T00:00'));
    fixture.overwrittenBefore('c1', oldestMs);
    const cells = day(source([camera('c1')]), { day: '2026-11-19' }).cameras[0]?.hours;
    expect(cells?.[4]).toMatchObject({ state: 'unchecked', minutes: 0, reason: 'overwritten' });
    expect(cells?.[5]).toMatchObject({ state: 'unchecked', minutes: 30, reason: 'overwritten' });
    expect(cells?.[6]).toMatchObject({ state: 'normal', reason: null });
  });

  it('call nothing overwritten because a clock that was years ahead said so', () => {
    fixture.overwrittenBefore('c1', utc('2030-01-01T00:00'));
    const cells = day(source([camera('c1')]), { day: '2026-11-19' }).cameras[0]?.hours;
    expect(cells?.[4]).toMatchObject({ state: 'exception', minutes: 0, reason: null });
  });

  it('show removed cameras that have video in the day, without a plan', () => {
    fixture.hour('gone', utc('2026-11-19T05:00'));
    const grid = day(source([camera('c1')]), { day: '2026-11-19' });
    expect(grid.cameras.map((row) => row.name)).toEqual(['Camera c1', 'gone (removed)']);
    expect(grid.cameras[1]?.hours[5]).toMatchObject({ state: 'no-plan', minutes: 60 });
    expect(day(source([camera('c1')]), { day: '2026-11-18' }).cameras).toHaveLength(1);
    const rows = month(source([camera('c1')]), { month: '2026-11' }).cameras;
    expect(rows[1]).toMatchObject({ id: 'gone' });
    expect(rows[1]?.days[18]).toMatchObject({
      day: '2026-11-19',
      minutes: 60,
      plannedMinutes: 0,
      state: 'no-plan',
    });
  });

  it('filter by id, name or part of a name, an exact match first', () => {
    const cameras = [
      camera('c1', { name: 'Gate' }),
      camera('c10', { name: 'Gate north' }),
      camera('c2', { name: 'Yard' }),
    ];
    const ids = (filter: string) =>
      day(source(cameras), { day: '2026-11-19', camera: filter }).cameras.map((row) => row.id);
    expect(ids('c1')).toEqual(['c1']);
    expect(ids('GATE')).toEqual(['c1']);
    expect(ids('gate n')).toEqual(['c10']);
    expect(ids('c')).toEqual(['c1', 'c10', 'c2']);
    expect(ids('cellar')).toEqual([]);
  });

  it('keep exceptions only and put the worst first when asked', () => {
    const from = utc('2026-11-19T00:00');
    const to = utc('2026-11-20T00:00');
    for (const id of ['c1', 'c2', 'c3']) fixture.hours(id, from, to);
    fixture.hour('c2', from, 0);
    fixture.hour('c3', from, 0);
    fixture.hour('c3', from + hourMs, 0);
    const cameras = ['c1', 'c2', 'c3'].map((id) => camera(id));
    const ids = (input: DayInput) =>
      day(source(cameras), { day: '2026-11-19', ...input }).cameras.map((row) => row.id);
    expect(ids({ worstFirst: true })).toEqual(['c3', 'c2', 'c1']);
    expect(ids({ exceptionsOnly: true })).toEqual(['c2', 'c3']);
    const kept = day(source(cameras), { day: '2026-11-19', worstFirst: true, detail: 'minutes' }).cameras[0];
    expect(kept?.hours.map((cell) => cell.missingSeconds).slice(0, 3)).toEqual([3600, 3600, 0]);
    expect(kept?.hours[2]?.seconds).toEqual(new Array(60).fill(60));
    const rows = month(source(cameras), { month: '2026-11', worstFirst: true }).cameras;
    expect(rows.map((row) => row.id)).toEqual(['c1', 'c2', 'c3'].reverse());
  });

  it('make a month of the days', () => {
    const created = utc('2026-11-10T12:00');
    fixture.hours('c1', created, utc('2026-11-20T00:00'));
    fixture.hour('c1', utc('2026-11-15T03:00'), 0);
    const from = source([camera('c1', { createdAtMs: created })], 'UTC', utc('2026-11-19T12:00'));
    const days = month(from, { month: '2026-11' }).cameras[0]?.days ?? [];
    expect(days).toHaveLength(30);
    const states = (number: number) => days[number - 1];
    expect(states(9)).toMatchObject({ state: 'no-plan', minutes: 0, plannedMinutes: 0 });
    expect(states(10)).toMatchObject({ state: 'normal', minutes: 720, plannedMinutes: 720 });
    expect(states(14)).toMatchObject({ state: 'normal', minutes: 1440, plannedMinutes: 1440 });
    expect(states(15)).toMatchObject({ state: 'exception', minutes: 1380, plannedMinutes: 1440 });
    expect(states(19)).toMatchObject({ state: 'normal', plannedMinutes: 720 });
    expect(states(20)).toMatchObject({ state: 'unchecked', minutes: 0, plannedMinutes: 0 });
  });

  it('agree between day and month, and never miss more than was planned', () => {
    const zones = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe'];
    const hours = fc.array(
      fc.record({
        hour: fc.integer({ min: 0, max: 719 }),
        minutes: fc.array(fc.constantFrom(0, 400, 30_000, 59_500, 60_000), { minLength: 60, maxLength: 60 }),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...zones), hours, (zone, stored) => {
        fixture.database.exec('DELETE FROM hour');
        for (const { hour, minutes } of stored)
          fixture.hour('c1', utc('2026-10-01T00:00') + hour * hourMs, minutes);
        const from = source([camera('c1')], zone, utc('2026-10-20T10:10'));
        const days = month(from, { month: '2026-10' }).cameras[0]?.days ?? [];
        for (const number of [1, 4, 20, 25]) {
          const name = `2026-10-${String(number).padStart(2, '0')}`;
          const cells = day(from, { day: name }).cameras[0]?.hours ?? [];
          const sum = (pick: (cell: (typeof cells)[number]) => number) =>
            cells.reduce((all, cell) => all + pick(cell), 0);
          expect(days[number - 1]?.minutes).toBe(sum((cell) => cell.minutes));
          const planned = days[number - 1]?.plannedMinutes ?? 0;
          expect(sum((cell) => cell.missingSeconds)).toBeLessThanOrEqual(planned * 60 + 60);
          const isBad = cells.some((cell) => cell.state === 'exception');
          expect(days[number - 1]?.state === 'exception').toBe(isBad);
        }
      }),
      { numRuns: 25 },
    );
  });

  describe('of one hour', () => {
    it('show each minute with its plan and reason, and the gap rows', () => {
      const startMs = utc('2026-11-19T08:00');
      const minutes = new Array<number>(60).fill(60_000);
      minutes.splice(20, 2, 0, 45_000);
      fixture.hour('c1', startMs, minutes);
      const fromMs = startMs + 20 * minuteMs;
      fixture.gap({
        cameraId: 'c1',
        fromMs,
        toMs: fromMs + 75_000,
        reason: 'camera-unreachable',
        detail: 'no route',
      });
      fixture.gap({
        cameraId: 'c1',
        fromMs: fromMs - hourMs,
        toMs: fromMs - hourMs + 5,
        reason: 'packet-loss',
      });
      const detail = hourDetail(source([camera('c1')]), { cameraId: 'c1', startMs: startMs + 5 * minuteMs });
      expect(inspectionHourDetailSchema.parse(detail).startMs).toBe(startMs);
      expect(detail.minutes[19]).toEqual({ minute: 19, seconds: 60, planned: true, reason: null });
      expect(detail.minutes[20]).toEqual({
        minute: 20,
        seconds: 0,
        planned: true,
        reason: 'camera-unreachable',
      });
      expect(detail.minutes[21]).toEqual({
        minute: 21,
        seconds: 45,
        planned: true,
        reason: 'camera-unreachable',
      });
      expect(detail.gaps).toEqual([
        {
          cameraId: 'c1',
          fromMs,
          toMs: fromMs + 75_000,
          reason: 'camera-unreachable',
          detail: 'no route',
          state: 'open',
        },
      ]);
    });

    it('plan nothing in the minutes that a clock change cut off', () => {
      const from = source([camera('c1')], 'Australia/Lord_Howe');
      const detail = hourDetail(from, { cameraId: 'c1', startMs: utc('2026-10-03T15:30') });
      expect(detail.minutes.filter((minute) => minute.planned)).toHaveLength(30);
    });

    it('refuse a camera that does not exist', () => {
      expect(() => hourDetail(source([]), { cameraId: 'c9', startMs: 0 })).toThrow(/no camera/);
    });
  });

  it('list gaps newest first, by camera and span, no more than asked', () => {
    const base = utc('2026-11-19T08:00');
    for (let index = 0; index < 5; index++) {
      const fromMs = base + index * hourMs;
      fixture.gap({
        cameraId: index === 3 ? 'c2' : 'c1',
        fromMs,
        toMs: index === 4 ? null : fromMs + 1_000,
        reason: 'time-step',
      });
    }
    const from = source([camera('c1'), camera('c2', { name: 'Yard' })]);
    const starts = (input: Parameters<typeof findGaps>[1]) =>
      findGaps(from, input).map((gap) => (gap.fromMs - base) / hourMs);
    expect(starts({})).toEqual([4, 3, 2, 1, 0]);
    expect(starts({ limit: 2 })).toEqual([4, 3]);
    expect(starts({ camera: 'yard' })).toEqual([3]);
    const later = source([camera('c10'), camera('c2', { name: 'Yard' })]);
    expect(findGaps(later, { camera: 'c1' }).map(({ cameraId }) => cameraId)).toEqual(Array(4).fill('c1'));
    expect(starts({ camera: 'c1', toMs: base + 2 * hourMs })).toEqual([1, 0]);
    expect(starts({ fromMs: base + 20 * hourMs })).toEqual([4]);
  });
});
