/** The grid of a month: a row per camera, a cell per day with the share of the planned minutes that is held. */
import { clampList } from '../../components/list.ts';
import { padLines } from '../../components/table.ts';
import { type Line, line, type Span, span, spread } from '../../format/line.ts';
import { plural } from '../../format/numbers.ts';
import { weekday } from '../../format/time.ts';
import { pad } from '../../format/width.ts';
import type { Frame } from '../../shell.ts';
import { alternate, cellColumns, dayCell, dayInWords } from './cells.ts';
import { gridChromeRows } from './day-view.ts';
import { columnsOf, type InspectionState, type MonthRow, monthCellAt, monthRows } from './state.ts';

/** Days that fit beside the names; the window follows the cursor on narrow terminals. */
function dayWindow(state: InspectionState, columns: number): { from: number; count: number; name: number } {
  const days = columnsOf(state);
  const fits = Math.floor((columns - 12) / cellColumns);
  const count = Math.min(days, fits);
  const from = Math.max(0, Math.min(days - count, state.column - count + 1));
  return { from, count, name: Math.min(40, columns - count * cellColumns - 3) };
}

/** Exactly `frame.rows` rows. */
export function monthLines(state: InspectionState, frame: Frame): Line[] {
  const rows = monthRows(state);
  const window = dayWindow(state, frame.columns);
  const height = Math.max(1, frame.rows - gridChromeRows);
  const list = clampList(state.list, rows.length, height);
  const body = rows.slice(list.top, list.top + height).map((row, offset) => {
    const selected = list.top + offset === list.index;
    return cameraLine(row, selected, state, window, frame);
  });
  const lines = [summary(state, rows, frame), heading(state, window), ...body];
  if (body.length === 0)
    lines.push(
      line(span(` ${state.problem ?? (state.monthData ? 'Nothing to show.' : 'Asking the node …')}`, 'dim')),
    );
  return [...padLines(lines, frame.rows - 1), legend(frame)];
}

function summary(state: InspectionState, rows: readonly MonthRow[], frame: Frame): Line {
  const bad = rows.filter((row) => row.days.some((day) => day.state === 'exception')).length;
  const verdict = bad === 0 ? span('no exceptions', 'good') : span(`${bad} with exceptions`, 'bad');
  const left = line(span(` ${state.month}  `, 'strong'), span(`${plural(rows.length, 'camera')}, `), verdict);
  const modes = [
    ...(state.exceptionsOnly ? ['exceptions only'] : []),
    ...(state.worstFirst ? [] : ['in camera order']),
    ...(state.filter === '' ? [] : [`/${state.filter}`]),
  ];
  return spread(left, line(span(`  ${modes.join('  ')} `, 'accent')), frame.columns);
}

function heading(state: InspectionState, window: { from: number; count: number; name: number }): Line {
  const numbers = Array.from({ length: window.count }, (_, offset): Span => {
    const day = window.from + offset;
    const text = String(day + 1).padStart(cellColumns, ' ');
    if (day === state.column) return span(text, 'cursor');
    const crowded = Math.abs(day - state.column) === 1;
    return span(day % 2 === 0 && !crowded ? text : '  ', 'dim');
  });
  return { spans: [span(` ${pad('Camera', window.name)} `, 'dim'), ...numbers], label: '' };
}

function cameraLine(
  row: MonthRow,
  selected: boolean,
  state: InspectionState,
  window: { from: number; count: number; name: number },
  frame: Frame,
): Line {
  const cells = row.days.slice(window.from, window.from + window.count).map((day, offset): Span => {
    const cell = alternate(dayCell(day, frame.theme.glyphs), offset);
    return selected && window.from + offset === state.column ? span(cell.text, 'cursor') : cell;
  });
  const bad = row.days
    .filter((day) => day.state === 'exception')
    .map((day) => `${day.day} ${dayInWords(day)}`);
  return {
    spans: [
      span(selected ? frame.theme.glyphs.pointer : ' ', 'key'),
      span(`${pad(row.name, window.name)} `, selected ? 'strong' : 'text'),
      ...cells,
    ],
    label: `${selected ? 'selected: ' : ''}${row.name}: ${bad.length === 0 ? 'no exceptions' : bad.join('; ')}`,
  };
}

function legend(frame: Frame): Line {
  const { glyphs } = frame.theme;
  return {
    ...line(
      span(` ${glyphs.recorded}`, 'good'),
      span(' complete  ', 'dim'),
      span('93', 'cell-bad'),
      span(' % of the planned minutes held  ', 'dim'),
      span(`${glyphs.noPlan.trim()} no plan  ${glyphs.unchecked.trim()} not yet`, 'dim'),
    ),
    label: '',
  };
}

export function monthFoot(state: InspectionState): Line {
  const at = monthCellAt(state);
  if (!at) return line('');
  const tone = at.cell.state === 'exception' ? 'bad' : 'text';
  const day = `${weekday(at.cell.day)} ${at.cell.day}`;
  return line(
    span(` ${at.row.name}`, 'strong'),
    span(`  ${day}  `, 'accent'),
    span(dayInWords(at.cell), tone),
  );
}
