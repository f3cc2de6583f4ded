/** Tables: columns that give way to a narrow terminal, and only the visible rows built. */
import { blank, type Line, line, type Span, span, type Tone } from '../format/line.ts';
import { type Align, pad } from '../format/width.ts';
import type { ListCursor } from './list.ts';

export interface Cell {
  text: string;
  tone?: Tone;
}

export interface Column<Row> {
  title: string;
  /** Cells; the column with `grow` takes what is left, at least `width`. */
  width: number;
  grow?: boolean;
  align?: Align;
  /** Shown only when the table is at least this wide. */
  from?: number;
  cell(row: Row): Cell | string;
  /** Drawn instead of the cell's text, in exactly `width` cells. */
  draw?(row: Row, width: number): readonly Span[];
}

export interface TableOptions<Row> {
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  cursor: ListCursor;
  width: number;
  /** Rows of the screen, the heading included. */
  height: number;
  /** False while the cursor is elsewhere. */
  focused?: boolean;
  empty: string;
}

const gap = ' ';

function widthsOf<Row>(columns: readonly Column<Row>[], width: number): number[] {
  const fixed = columns.reduce((sum, column) => sum + column.width, 0) + columns.length - 1 + 1;
  const growers = columns.filter(({ grow }) => grow === true).length;
  const spare = Math.max(0, width - fixed);
  let given = 0;
  let grown = 0;
  return columns.map((column) => {
    if (column.grow !== true) return column.width;
    grown += 1;
    const share = grown === growers ? spare - given : Math.floor(spare / growers);
    given += share;
    return column.width + share;
  });
}

/** Heading and visible rows, at most `height` lines. */
export function table<Row>(options: TableOptions<Row>): Line[] {
  const columns = options.columns.filter(({ from }) => from === undefined || options.width >= from);
  const widths = widthsOf(columns, options.width);
  const heading = line(
    ` ${columns.map((column, index) => pad(column.title, widths[index] ?? 0, column.align)).join(gap)}`,
  );
  const lines: Line[] = [{ spans: heading.spans.map(({ text }) => span(text, 'dim')) }];
  if (options.rows.length === 0) return [...lines, line(span(` ${options.empty}`, 'dim'))];
  const visible = options.rows.slice(options.cursor.top, options.cursor.top + options.height - 1);
  visible.forEach((row, offset) => {
    const selected = options.focused !== false && options.cursor.top + offset === options.cursor.index;
    lines.push(tableRow(row, columns, widths, selected));
  });
  return lines.slice(0, Math.max(0, options.height));
}

function tableRow<Row>(row: Row, columns: readonly Column<Row>[], widths: number[], selected: boolean): Line {
  const spans: Span[] = [span(' ')];
  const words: string[] = [];
  columns.forEach((column, index) => {
    const cell = column.cell(row);
    const { text, tone = 'text' } = typeof cell === 'string' ? { text: cell } : cell;
    if (index > 0) spans.push(span(gap));
    const width = widths[index] ?? 0;
    if (column.draw) spans.push(...column.draw(row, width));
    else spans.push(span(pad(text, width, column.align), tone));
    if (text !== '') words.push(column.title === '' ? text : `${column.title} ${text}`);
  });
  return { spans, selected, label: `${selected ? 'selected: ' : ''}${words.join(', ')}` };
}

/** `lines` made exactly `height` rows. */
export function padLines(lines: readonly Line[], height: number): Line[] {
  const result = lines.slice(0, Math.max(0, height));
  while (result.length < height) result.push(blank);
  return result;
}

/** `3/40 shown from 12` in words for the foot of a list that does not fit. */
export function position(cursor: ListCursor, count: number, height: number): string {
  return count <= height ? `${count}` : `${cursor.index + 1} of ${count}`;
}
