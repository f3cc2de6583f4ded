/** One hour of one camera: sixty minutes with the seconds present, and the gaps with their reasons. */
import type { Gap, InspectionHourDetail } from '../../../src/contract/index.ts';
import { padLines } from '../../components/table.ts';
import { blank, type Line, line, type Span, span } from '../../format/line.ts';
import { formatDuration, plural } from '../../format/numbers.ts';
import { clock, dayOf, weekday } from '../../format/time.ts';
import { pad, shorten } from '../../format/width.ts';
import { reasonWords } from '../../format/words.ts';
import type { Frame } from '../../shell.ts';
import { lockedWords, locksIn } from './locked.ts';
import { minuteCell } from './minutes.ts';
import type { InspectionState } from './state.ts';

export const minutesPerRow = 15;

const cellOf = (frame: Frame): number => (frame.columns < 70 ? 3 : 4);

/** Exactly `frame.rows` rows. */
export function hourLines(state: InspectionState, frame: Frame): Line[] {
  const data = state.hourData;
  if (!data) return padLines([line(span(` ${state.problem ?? 'Asking the node …'}`, 'dim'))], frame.rows);
  const start = clock(data.startMs, frame.timeZone).slice(0, 2);
  const rows = [0, 1, 2, 3].map((quarter) =>
    minuteRow(data, quarter, { hour: start, cursor: state.minute, cell: cellOf(frame), nowMs: frame.nowMs }),
  );
  const lines = [
    title(data, state, frame),
    summary(data, frame.nowMs),
    lockedLine(data, state, frame),
    ruler(cellOf(frame)),
    ...rows,
    blank,
    ...gapLines(data, state, frame),
  ];
  return padLines(lines, frame.rows);
}

function title(data: InspectionHourDetail, state: InspectionState, frame: Frame): Line {
  const name = state.dayData?.cameras.find(({ id }) => id === data.cameraId)?.name ?? data.cameraId;
  const day = dayOf(data.startMs, frame.timeZone);
  const from = clock(data.startMs, frame.timeZone).slice(0, 5);
  const to = clock(data.startMs + 3_600_000, frame.timeZone).slice(0, 5);
  return line(span(` ${name}`, 'title'), span(`  ${weekday(day)} ${day} ${from} - ${to}`, 'accent'));
}

function summary(data: InspectionHourDetail, nowMs: number): Line {
  const seconds = data.minutes.reduce((sum, minute) => sum + minute.seconds, 0);
  const wanted = data.minutes.filter(
    ({ planned, minute }) => planned && data.startMs + minute * 60_000 <= nowMs,
  );
  const holding = data.minutes.filter((minute) => minute.seconds > 0).length;
  return line(
    span(` ${plural(holding, 'minute')} with video`, 'strong'),
    span(`, ${formatDuration(seconds)} in all; the plan wanted ${plural(wanted.length, 'minute')}`),
  );
}

/** What of the hour is locked; blank when nothing is. */
function lockedLine(data: InspectionHourDetail, state: InspectionState, frame: Frame): Line {
  const { cameraId, startMs: fromMs } = data;
  const locks = locksIn(state.locks, { cameraId, fromMs, toMs: fromMs + 3_600_000 });
  if (locks.length === 0) return blank;
  const mark = frame.theme.glyphs.locked;
  return line(span(` ${mark} ${shorten(lockedWords(locks, frame.timeZone), frame.columns - 4)}`, 'warn'));
}

function ruler(cell: number): Line {
  const numbers = Array.from({ length: minutesPerRow }, (_, index) => String(index).padStart(cell));
  return { ...line(span(`       ${numbers.join('')}`, 'dim')), label: '' };
}

function minuteRow(
  data: InspectionHourDetail,
  quarter: number,
  { hour, cursor, cell, nowMs }: { hour: string; cursor: number; cell: number; nowMs: number },
): Line {
  const first = quarter * minutesPerRow;
  const minutes = data.minutes.slice(first, first + minutesPerRow);
  const label = `${hour}:${String(first).padStart(2, '0')}`;
  const spans = minutes.map((minute): Span => {
    const { text, tone } = minuteCell(minute, data.startMs, nowMs);
    return span(text.padStart(cell), minute.minute === cursor ? 'cursor' : tone);
  });
  const spoken = minutes.map((minute) => `${minute.seconds}`).join(' ');
  return {
    spans: [span(` ${pad(label, 6)}`, 'strong'), ...spans],
    label: `From ${label}, seconds held: ${spoken}`,
  };
}

function gapLines(data: InspectionHourDetail, state: InspectionState, frame: Frame): Line[] {
  const title = line(
    span(' Gaps', 'title'),
    span(data.gaps.length === 0 ? '  none in this hour' : '', 'dim'),
  );
  const room = Math.max(0, frame.rows - 10);
  const shown = data.gaps.slice(state.gapTop, state.gapTop + room);
  return [title, ...shown.flatMap((gap) => gapRows(gap, frame))];
}

function gapRows(gap: Gap, frame: Frame): Line[] {
  const from = clock(gap.fromMs, frame.timeZone);
  const to = gap.toMs === null ? 'now     ' : clock(gap.toMs, frame.timeZone);
  const seconds = ((gap.toMs ?? frame.nowMs) - gap.fromMs) / 1000;
  const ending = gap.state === 'open' && gap.toMs === null ? 'going on' : gap.state;
  const first = line(
    span(` ${from} - ${to}  `),
    span(pad(formatDuration(seconds), 13), 'accent'),
    span(`${pad(ending, 10)} `, 'dim'),
    span(reasonWords(gap.reason), 'bad'),
  );
  return gap.detail === null
    ? [first]
    : [first, line('   ', span(shorten(gap.detail, frame.columns - 4), 'dim'))];
}

/** The minute under the cursor in words. */
export function hourFoot(state: InspectionState, frame: Frame): Line {
  const minute = state.hourData?.minutes[state.minute];
  if (!minute || !state.hourData) return line('');
  const time = clock(state.hourData.startMs + minute.minute * 60_000, frame.timeZone).slice(0, 5);
  const { words, tone } = minuteCell(minute, state.hourData.startMs, frame.nowMs);
  const fromMs = state.hourData.startMs + minute.minute * 60_000;
  const stretch = { cameraId: state.hourData.cameraId, fromMs, toMs: fromMs + 60_000 };
  const isLocked = locksIn(state.locks, stretch).length > 0;
  return line(
    span(` ${time}  `, 'accent'),
    ...(isLocked ? [span('locked  ', 'warn')] : []),
    span(words, tone === 'cell-bad' ? 'bad' : 'text'),
  );
}
