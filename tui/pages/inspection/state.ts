/** What the inspection page knows and shows: pure choices of rows, order and cursor. */
import type {
  InspectionDay,
  InspectionHour,
  InspectionHourDetail,
  InspectionMonth,
  Lock,
} from '../../../src/contract/index.ts';
import type { ListCursor } from '../../components/list.ts';
import { passesFilter } from '../../format/filter.ts';

export type DayRow = InspectionDay['cameras'][number];
export type MonthRow = InspectionMonth['cameras'][number];
export type MonthCell = MonthRow['days'][number];

export interface InspectionState {
  mode: 'day' | 'month' | 'hour';
  /** Null: today, as far as it has come. */
  day: string | null;
  month: string;
  dayData: InspectionDay | null;
  monthData: InspectionMonth | null;
  hourData: InspectionHourDetail | null;
  /** All of the node; none while they are not known. */
  locks: readonly Lock[];
  /** The camera under the cursor, so that it stays there when rows move. */
  cameraId: string | null;
  list: ListCursor;
  /** Hour of the day, or day of the month, counted from 0. */
  column: number;
  minute: number;
  gapTop: number;
  filter: string;
  exceptionsOnly: boolean;
  worstFirst: boolean;
  problem: string | null;
}

export function missingSecondsOf(row: DayRow): number {
  return row.hours.reduce((sum, hour) => sum + hour.missingSeconds, 0);
}

function missingMinutesOf(row: MonthRow): number {
  return row.days.reduce(
    (sum, { minutes, plannedMinutes }) => sum + Math.max(0, plannedMinutes - minutes),
    0,
  );
}

function chosen<Row extends { id: string; name: string; channel: number }>(
  rows: readonly Row[],
  state: InspectionState,
  missing: (row: Row) => number,
  hasException: (row: Row) => boolean,
): Row[] {
  const shown = rows.filter(
    (row) =>
      passesFilter(state.filter, [row.name, row.id, `ch${row.channel}`]) &&
      (!state.exceptionsOnly || hasException(row)),
  );
  return state.worstFirst
    ? shown.sort((a, b) => missing(b) - missing(a) || a.name.localeCompare(b.name))
    : shown;
}

export function dayRows(state: InspectionState): DayRow[] {
  return chosen(state.dayData?.cameras ?? [], state, missingSecondsOf, (row) =>
    row.hours.some((hour) => hour.state === 'exception'),
  );
}

export function monthRows(state: InspectionState): MonthRow[] {
  return chosen(state.monthData?.cameras ?? [], state, missingMinutesOf, (row) =>
    row.days.some((day) => day.state === 'exception'),
  );
}

export function visibleIds(state: InspectionState): string[] {
  return (state.mode === 'month' ? monthRows(state) : dayRows(state)).map(({ id }) => id);
}

/** Days on which clocks change have one more or one less. */
const hoursOfDay = 24;

export function columnsOf(state: InspectionState): number {
  if (state.mode === 'month')
    return Math.max(1, ...(state.monthData?.cameras ?? []).map(({ days }) => days.length));
  const cameras = state.dayData?.cameras ?? [];
  return cameras.length === 0 ? hoursOfDay : Math.max(1, ...cameras.map(({ hours }) => hours.length));
}

/** The hour under the cursor, with its camera. */
export function hourAt(state: InspectionState): { row: DayRow; hour: InspectionHour } | null {
  const row = dayRows(state)[state.list.index];
  const hour = row?.hours[state.column];
  return row && hour ? { row, hour } : null;
}

export function monthCellAt(state: InspectionState): { row: MonthRow; cell: MonthCell } | null {
  const row = monthRows(state)[state.list.index];
  const cell = row?.days[state.column];
  return row && cell ? { row, cell } : null;
}
