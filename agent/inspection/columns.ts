/** Grids in columns: what the worker hands over without copying, and how the caller makes the contract's shape of it. */
import type { InspectionDay, InspectionHour, InspectionMonth } from '../../src/contract/index.ts';
import type { LocalHour } from '../../src/model/zone.ts';
import { hourStates } from './plan.ts';
import { reasonWord } from './reasons.ts';

const minutesPerHour = 60;

export interface RowHead {
  readonly id: string;
  readonly name: string;
  readonly channel: number;
}

/** Cells stand camera by camera: cell `row * hours.length + hour`. */
export interface DayColumns {
  readonly day: string;
  readonly timeZone: string;
  readonly checkedToMs: number;
  readonly hours: readonly LocalHour[];
  readonly rows: readonly RowHead[];
  readonly states: Uint8Array;
  readonly minutes: Uint8Array;
  readonly missingSeconds: Uint16Array;
  readonly reasons: Uint8Array;
  /** 60 a cell; null with `detail: hours`. */
  readonly seconds: Uint8Array | null;
}

/** Cells stand camera by camera: cell `row * days.length + day`. */
export interface MonthColumns {
  readonly month: string;
  readonly timeZone: string;
  readonly days: readonly string[];
  readonly rows: readonly RowHead[];
  readonly states: Uint8Array;
  readonly minutes: Uint16Array;
  readonly plannedMinutes: Uint16Array;
}

export function dayBuffers(columns: DayColumns): ArrayBufferLike[] {
  const { states, minutes, missingSeconds, reasons, seconds } = columns;
  const columnsWithBytes = [states, minutes, missingSeconds, reasons, ...(seconds ? [seconds] : [])];
  return columnsWithBytes.map((column) => column.buffer);
}

export function monthBuffers(columns: MonthColumns): ArrayBufferLike[] {
  return [columns.states.buffer, columns.minutes.buffer, columns.plannedMinutes.buffer];
}

function hourOf(columns: DayColumns, hour: LocalHour, cell: number): InspectionHour {
  const built: InspectionHour = {
    hour: hour.hour,
    startMs: hour.startMs,
    state: hourStates[columns.states[cell] ?? 0] ?? 'unchecked',
    minutes: columns.minutes[cell] ?? 0,
    missingSeconds: columns.missingSeconds[cell] ?? 0,
    reason: reasonWord(columns.reasons[cell] ?? 0),
  };
  if (columns.seconds) {
    const from = cell * minutesPerHour;
    built.seconds = Array.from(columns.seconds.subarray(from, from + minutesPerHour));
  }
  return built;
}

export function dayOf(columns: DayColumns): InspectionDay {
  const { day, timeZone, checkedToMs, hours } = columns;
  const cameras = columns.rows.map((head, row) => ({
    ...head,
    hours: hours.map((hour, index) => hourOf(columns, hour, row * hours.length + index)),
  }));
  return { day, timeZone, checkedToMs, cameras };
}

export function monthOf(columns: MonthColumns): InspectionMonth {
  const { month, timeZone, days } = columns;
  const cameras = columns.rows.map((head, row) => ({
    ...head,
    days: days.map((day, index) => {
      const cell = row * days.length + index;
      return {
        day,
        state: hourStates[columns.states[cell] ?? 0] ?? 'unchecked',
        minutes: columns.minutes[cell] ?? 0,
        plannedMinutes: columns.plannedMinutes[cell] ?? 0,
      };
    }),
  }));
  return { month, timeZone, cameras };
}
