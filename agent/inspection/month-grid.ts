/** The grid of one month: a cell per camera and day, from the same verdicts on hours that the day grid shows. */
import { monthDays } from '../../src/model/zone.ts';
import type { MonthColumns } from './columns.ts';
import { DayFacts, type GridSource } from './day-facts.ts';
import { headsOf, orderRows, takeRows } from './order.ts';
import { stateCode } from './plan.ts';
import { Roster } from './roster.ts';
import type { MonthInput } from './types.ts';

const minuteMs = 60_000;

/** A day is as bad as its worst hour; otherwise `normal` wins over `unchecked`, and `no-plan` comes last. */
const rank = new Map<number, number>([
  [stateCode.noPlan, 0],
  [stateCode.unchecked, 1],
  [stateCode.normal, 2],
  [stateCode.exception, 3],
]);

function worse(left: number, right: number): number {
  return (rank.get(left) ?? 0) >= (rank.get(right) ?? 0) ? left : right;
}

class MonthCells {
  readonly states: Uint8Array;
  readonly minutes: Uint16Array;
  readonly plannedMinutes: Uint16Array;
  readonly badness: Float64Array;

  constructor(rows: number, width: number) {
    this.states = new Uint8Array(rows * width);
    this.minutes = new Uint16Array(rows * width);
    this.plannedMinutes = new Uint16Array(rows * width);
    this.badness = new Float64Array(rows);
  }

  addDay(facts: DayFacts, column: number, width: number): void {
    const expectedMs = new Float64Array(this.badness.length);
    facts.each((row, _index, _hour, verdict) => {
      const cell = row * width + column;
      this.states[cell] = worse(this.states[cell] ?? 0, verdict.state);
      this.minutes[cell] = (this.minutes[cell] ?? 0) + verdict.heldMinutes;
      this.badness[row] = (this.badness[row] ?? 0) + verdict.lostMs;
      const plannedMs = (expectedMs[row] ?? 0) + verdict.expectedMs;
      expectedMs[row] = plannedMs;
      this.plannedMinutes[cell] = Math.round(plannedMs / minuteMs);
    });
  }
}

export function monthColumns(source: GridSource, input: MonthInput): MonthColumns {
  const days = monthDays(input.month);
  const width = days.length;
  const roster = new Roster(source.config, input.camera);
  const cells = new MonthCells(roster.countMax, width);
  const oldest = source.catalog.oldest(source.nowMs);
  days.forEach((day, column) => {
    cells.addDay(new DayFacts(source, roster, day, oldest), column, width);
  });
  const rows = orderRows(cells.badness, roster.cameras.length, input);
  const size = rows.length * width;
  return {
    month: input.month,
    timeZone: source.config.timeZone,
    days,
    rows: headsOf(roster.cameras, rows),
    states: takeRows(cells.states, rows, width, new Uint8Array(size)),
    minutes: takeRows(cells.minutes, rows, width, new Uint16Array(size)),
    plannedMinutes: takeRows(cells.plannedMinutes, rows, width, new Uint16Array(size)),
  };
}
