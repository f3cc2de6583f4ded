/** One cell of the grid: two characters that tell the state of an hour or a day without any colour. */
import type { InspectionHour } from '../../../src/contract/index.ts';
import { type Span, span } from '../../format/line.ts';
import { hourWords, reasonWords } from '../../format/words.ts';
import type { Glyphs } from '../../glyphs.ts';
import type { MonthCell } from './state.ts';

export const cellColumns = 2;

/** `finished` is false for the hour that is still going on: then its minutes so far are shown. */
export function hourCell(hour: InspectionHour, glyphs: Glyphs, finished: boolean): Span {
  switch (hour.state) {
    case 'normal':
      return finished
        ? span(glyphs.recorded, 'good')
        : span(String(hour.minutes).padStart(cellColumns), 'good');
    case 'exception':
      return span(String(hour.minutes).padStart(cellColumns), 'cell-bad');
    case 'no-plan':
      return span(glyphs.noPlan, 'dim');
    case 'event-plan':
      return span(' E', 'accent');
    case 'unchecked':
      return span(glyphs.unchecked, 'dim');
  }
}

/** Whole per cent of the planned minutes, so that 100 never shows on a day with an exception. */
export function dayCell(day: MonthCell, glyphs: Glyphs): Span {
  switch (day.state) {
    case 'normal':
      return span(glyphs.recorded, 'good');
    case 'exception': {
      const percent = day.plannedMinutes === 0 ? 0 : Math.floor((day.minutes / day.plannedMinutes) * 100);
      return span(String(Math.min(99, percent)).padStart(cellColumns), 'cell-bad');
    }
    case 'no-plan':
      return span(glyphs.noPlan, 'dim');
    case 'event-plan':
      return span(' E', 'accent');
    case 'unchecked':
      return span(glyphs.unchecked, 'dim');
  }
}

/** Neighbouring exceptions look different, or `37` beside `12` would read as one number. */
export function alternate(cell: Span, column: number): Span {
  return cell.tone === 'cell-bad' && column % 2 === 1 ? { ...cell, tone: 'cell-bad-odd' } : cell;
}

/** `37 of 60 min, 1380 s missing: camera not reachable`; an hour that goes on counts the minutes so far. */
export function hourInWords(hour: InspectionHour, checkedToMs = Number.MAX_SAFE_INTEGER): string {
  if (hour.state === 'no-plan' || hour.state === 'unchecked') return hourWords(hour.state);
  const passed = Math.min(60, Math.floor((checkedToMs - hour.startMs) / 60_000));
  if (hour.state !== 'exception') return `${hourWords(hour.state)}: ${hour.minutes} min held`;
  const held = `${hour.minutes} of ${passed} min`;
  const reason = hour.reason === null ? '' : `: ${reasonWords(hour.reason)}`;
  return `${held}, ${hour.missingSeconds} s missing${reason}`;
}

export function dayInWords(day: MonthCell): string {
  if (day.state === 'no-plan' || day.state === 'unchecked') return hourWords(day.state);
  return `${hourWords(day.state)}: ${day.minutes} of ${day.plannedMinutes} planned minutes`;
}
