/** The grid of a day: a row per camera, a cell per hour, the worst readable at a glance. */
import { clampList } from '../../components/list.ts';
import { padLines, position } from '../../components/table.ts';
import { type Line, line, type Span, span, spread } from '../../format/line.ts';
import { formatDuration, formatShortDuration, plural } from '../../format/numbers.ts';
import { clock, weekday } from '../../format/time.ts';
import { pad, shorten } from '../../format/width.ts';
import { reasonWords } from '../../format/words.ts';
import type { Frame } from '../../shell.ts';
import { alternate, cellColumns, hourCell, hourInWords } from './cells.ts';
import { lockedWords, locksIn } from './locked.ts';
import { columnsOf, type DayRow, dayRows, hourAt, type InspectionState, missingSecondsOf } from './state.ts';

const hourMs = 3_600_000;
/** Rows of the page that are not cameras: summary, heading, legend. */
export const gridChromeRows = 3;

interface Layout {
  name: number;
  hours: number;
  missing: number;
  id: number;
  reason: number;
}

/** Names come first: further columns appear only where names keep their room. */
const nameWidthMin = 20;

function layoutOf(state: InspectionState, columns: number): Layout {
  const hours = columnsOf(state);
  const wanted: readonly [keyof Layout, number][] = [
    ['missing', 7],
    ['reason', 24],
    ['id', 6],
  ];
  const layout: Layout = { name: 0, hours, missing: 0, id: 0, reason: 0 };
  let room = columns - hours * cellColumns - 3;
  for (const [column, width] of wanted) {
    if (room - width - 1 < nameWidthMin) break;
    layout[column] = width;
    room -= width + 1;
  }
  return { ...layout, name: Math.max(6, room) };
}

/** Exactly `frame.rows` rows. */
export function dayLines(state: InspectionState, frame: Frame): Line[] {
  const rows = dayRows(state);
  const layout = layoutOf(state, frame.columns);
  const height = Math.max(1, frame.rows - gridChromeRows);
  const list = clampList(state.list, rows.length, height);
  const body = rows
    .slice(list.top, list.top + height)
    .map((row, offset) => cameraLine(row, list.top + offset === list.index, state, layout, frame));
  const lines = [summary(state, rows, list.index, height, frame), heading(state, layout), ...body];
  if (body.length === 0) lines.push(line(span(` ${emptyWords(state)}`, 'dim')));
  const hasLocks = rows.some((row) => isLocked(row, state));
  return [...padLines(lines, frame.rows - 1), legend(frame, hasLocks)];
}

function emptyWords(state: InspectionState): string {
  if (state.problem !== null) return state.problem;
  if (!state.dayData) return 'Asking the node …';
  if (state.dayData.cameras.length === 0) return 'There is no camera yet. 3 leads to the cameras.';
  return state.filter === '' ? 'No exceptions on this day.' : 'No camera matches the filter.';
}

function summary(
  state: InspectionState,
  rows: readonly DayRow[],
  index: number,
  height: number,
  frame: Frame,
): Line {
  const data = state.dayData;
  if (!data) return line('');
  const bad = rows.filter((row) => row.hours.some((hour) => hour.state === 'exception')).length;
  const missing = rows.reduce((sum, row) => sum + missingSecondsOf(row), 0);
  const until = state.day === null ? ` to ${clock(data.checkedToMs, frame.timeZone).slice(0, 5)}` : '';
  const verdict =
    bad === 0
      ? span('no exceptions', 'good')
      : span(`${bad} with exceptions, ${formatDuration(missing)} missing`, 'bad');
  const left = line(
    span(` ${weekday(data.day)} ${data.day}${until}  `, 'strong'),
    span(`${plural(rows.length, 'camera')}, `),
    verdict,
  );
  const modes = [
    ...(state.exceptionsOnly ? ['exceptions only'] : []),
    ...(state.worstFirst ? [] : ['in camera order']),
    ...(state.filter === '' ? [] : [`/${state.filter}`]),
    ...(rows.length > height ? [position({ index, top: 0 }, rows.length, height)] : []),
  ];
  return spread(left, line(span(`  ${modes.join('  ')} `, 'accent')), frame.columns);
}

function heading(state: InspectionState, layout: Layout): Line {
  const hours = state.dayData?.cameras[0]?.hours ?? [];
  const numbers = Array.from({ length: layout.hours }, (_, index): Span => {
    const hour = String(hours[index]?.hour ?? index).padStart(cellColumns, '0');
    if (index === state.column) return span(hour, 'cursor');
    const crowded = Math.abs(index - state.column) === 1;
    return span(index % 2 === 0 && !crowded ? hour : '  ', 'dim');
  });
  const before = ` ${pad('Camera', layout.name)} ${layout.id ? `${pad('Id', layout.id)} ` : ''}`;
  const after = `${layout.missing ? ` ${pad('missing', layout.missing, 'right')}` : ''}${layout.reason ? ` ${pad('mostly', layout.reason)}` : ''}`;
  return { spans: [span(before, 'dim'), ...numbers, span(after, 'dim')], label: '' };
}

function cameraLine(
  row: DayRow,
  selected: boolean,
  state: InspectionState,
  layout: Layout,
  frame: Frame,
): Line {
  const checkedToMs = state.dayData?.checkedToMs ?? 0;
  const { glyphs } = frame.theme;
  const cells = row.hours.map((hour, index): Span => {
    const finished = hour.startMs + hourMs <= checkedToMs;
    const cell = alternate(hourCell(hour, glyphs, finished), index);
    return selected && index === state.column ? span(cell.text, 'cursor') : cell;
  });
  const missing = missingSecondsOf(row);
  const tone = selected ? 'strong' : 'text';
  const spans: Span[] = [
    span(selected ? glyphs.pointer : ' ', 'key'),
    span(pad(row.name, layout.name), tone),
    isLocked(row, state) ? span(glyphs.locked, 'warn') : span(' '),
    ...(layout.id ? [span(`${pad(row.id, layout.id)} `, 'dim')] : []),
    ...cells,
  ];
  if (layout.missing) {
    const text = missing === 0 ? '' : formatShortDuration(missing);
    spans.push(span(` ${pad(text, layout.missing, 'right')}`, 'bad'));
  }
  if (layout.reason) spans.push(span(` ${pad(worstReason(row), layout.reason)}`));
  return { spans, label: spokenRow(row, selected, state) };
}

/** A mark beside the name says that some of the day is locked; the bottom row says what. */
function isLocked(row: DayRow, state: InspectionState): boolean {
  const [fromMs, toMs] = [row.hours[0]?.startMs ?? 0, (row.hours.at(-1)?.startMs ?? 0) + hourMs];
  return locksIn(state.locks, { cameraId: row.id, fromMs, toMs }).length > 0;
}

function worstReason(row: DayRow): string {
  const worst = row.hours.reduce<DayRow['hours'][number] | null>(
    (best, hour) => (hour.missingSeconds > (best?.missingSeconds ?? 0) ? hour : best),
    null,
  );
  return reasonWords(worst?.reason ?? null);
}

function spokenRow(row: DayRow, selected: boolean, state: InspectionState): string {
  const bad = row.hours.filter((hour) => hour.state === 'exception');
  const words = bad.map(
    (hour) => `${String(hour.hour).padStart(2, '0')} h ${hourInWords(hour, state.dayData?.checkedToMs)}`,
  );
  const text = bad.length === 0 ? 'no exceptions' : words.join('; ');
  return `${selected ? 'selected: ' : ''}${row.name}: ${text}${isLocked(row, state) ? ', locked in part' : ''}`;
}

function legend(frame: Frame, hasLocks: boolean): Line {
  const { glyphs } = frame.theme;
  const text = line(
    span(` ${glyphs.recorded}`, 'good'),
    span(' complete  ', 'dim'),
    span('37', 'cell-bad'),
    span(' minutes held  ', 'dim'),
    span(`${glyphs.noPlan.trim()} no plan  ${glyphs.unchecked.trim()} not yet  E event`, 'dim'),
    ...(hasLocks ? [span(`  ${glyphs.locked}`, 'warn'), span(' locked in part', 'dim')] : []),
  );
  return { ...text, label: '' };
}

/** The cell under the cursor in words. */
export function dayFoot(state: InspectionState, { columns, timeZone }: Frame): Line {
  const at = hourAt(state);
  if (!at) return line('');
  const { row, hour } = at;
  const time = `${String(hour.hour).padStart(2, '0')}:00`;
  const tone = hour.state === 'exception' ? 'bad' : 'text';
  const stretch = { cameraId: row.id, fromMs: hour.startMs, toMs: hour.startMs + hourMs };
  const locks = locksIn(state.locks, stretch);
  const ids = `locked: ${locks.map(({ id }) => id).join(', ')}`;
  const locked = columns < 100 ? shorten(ids, 20) : shorten(lockedWords(locks, timeZone), 60);
  return line(
    span(` ${shorten(row.name, columns < 100 ? 16 : 40)}`, 'strong'),
    span(`  ${time}  `, 'accent'),
    ...(locks.length === 0 ? [] : [span(`${locked}  `, 'warn')]),
    span(hourInWords(hour, state.dayData?.checkedToMs), tone),
  );
}
