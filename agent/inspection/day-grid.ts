/** The grid of one day: a cell per camera and local hour, with the reason of what is missing. */
import { localDay } from '../../src/model/zone.ts';
import type { DayColumns } from './columns.ts';
import { DayFacts, type GridSource } from './day-facts.ts';
import { headsOf, orderRows, takeRows } from './order.ts';
import { type HourFacts, type HourVerdict, secondsOf, stateCode } from './plan.ts';
import { type LedgerGap, noReason, overwrittenReason, reasonOfHour } from './reasons.ts';
import { Roster } from './roster.ts';
import type { DayInput } from './types.ts';

const minutesPerHour = 60;
const ledgerMarginMs = 2_000;

interface DayCells {
  readonly states: Uint8Array;
  readonly minutes: Uint8Array;
  readonly missingSeconds: Uint16Array;
  readonly reasons: Uint8Array;
  readonly seconds: Uint8Array;
  readonly badness: Float64Array;
}

function newCells(rows: number, width: number, withSeconds: boolean): DayCells {
  const size = rows * width;
  return {
    states: new Uint8Array(size),
    minutes: new Uint8Array(size),
    missingSeconds: new Uint16Array(size),
    reasons: new Uint8Array(size),
    seconds: new Uint8Array(withSeconds ? size * minutesPerHour : 0),
    badness: new Float64Array(rows),
  };
}

function reasonOf(facts: HourFacts, verdict: HourVerdict, gaps: readonly LedgerGap[]): number {
  if (verdict.missingMs === 0) return noReason;
  return verdict.state === stateCode.exception ? reasonOfHour(facts, gaps) : overwrittenReason;
}

function fillSeconds(seconds: Uint8Array, cell: number, facts: HourFacts): void {
  for (let minute = 0; minute < facts.minutes; minute++) {
    seconds[cell * minutesPerHour + minute] = secondsOf(facts.present[facts.offset + minute] ?? 0);
  }
}

function chosen(cells: DayCells, rows: readonly number[], width: number): Omit<DayCells, 'badness'> {
  const size = rows.length * width;
  const secondsWidth = cells.seconds.length === 0 ? 0 : width * minutesPerHour;
  return {
    states: takeRows(cells.states, rows, width, new Uint8Array(size)),
    minutes: takeRows(cells.minutes, rows, width, new Uint8Array(size)),
    missingSeconds: takeRows(cells.missingSeconds, rows, width, new Uint16Array(size)),
    reasons: takeRows(cells.reasons, rows, width, new Uint8Array(size)),
    seconds: takeRows(cells.seconds, rows, secondsWidth, new Uint8Array(rows.length * secondsWidth)),
  };
}

export function dayColumns(source: GridSource, input: DayInput): DayColumns {
  const { config, catalog, nowMs } = source;
  const day = input.day ?? localDay(nowMs, config.timeZone);
  const roster = new Roster(config, input.camera);
  const facts = new DayFacts(source, roster, day, catalog.oldest(nowMs));
  const gaps = catalog.gridGaps(facts.fromMs - ledgerMarginMs, facts.toMs + ledgerMarginMs);
  const width = facts.hours.length;
  const withSeconds = input.detail === 'minutes';
  const cells = newCells(roster.cameras.length, width, withSeconds);
  facts.each((row, index, hour, verdict) => {
    const cell = row * width + index;
    cells.states[cell] = verdict.state;
    cells.minutes[cell] = verdict.heldMinutes;
    cells.missingSeconds[cell] = Math.round(verdict.missingMs / 1_000);
    cells.reasons[cell] = reasonOf(hour, verdict, gaps.get(roster.cameras[row]?.id ?? '') ?? []);
    cells.badness[row] = (cells.badness[row] ?? 0) + verdict.lostMs;
    if (withSeconds) fillSeconds(cells.seconds, cell, hour);
  });
  const rows = orderRows(cells.badness, roster.cameras.length, input);
  const { seconds, ...columns } = chosen(cells, rows, width);
  return {
    day,
    timeZone: config.timeZone,
    checkedToMs: nowMs,
    hours: facts.hours,
    rows: headsOf(roster.cameras, rows),
    ...columns,
    seconds: withSeconds ? seconds : null,
  };
}
