/** Delimited text (RFC 4180, and what spreadsheets make of it) to cells, each row with the line it began on. Pure. */

export interface DelimitedRow {
  /** From 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

const separators = [',', ';', '\t'] as const;
type Separator = (typeof separators)[number];

/** The separator is the one that the first line has most of. Rows without any text are left out. */
export function parseDelimited(text: string): DelimitedRow[] {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const rows = splitRows(body, separatorOf(body));
  return rows.filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
}

function separatorOf(text: string): Separator {
  const [first = ''] = text.split(/\r\n|\r|\n/, 1);
  const count = (separator: Separator) => first.split(separator).length;
  return separators.reduce((best, each) => (count(each) > count(best) ? each : best));
}

/** A quote counts only at the beginning of a cell; one that is never closed runs to the end. */
function splitRows(text: string, separator: Separator): DelimitedRow[] {
  const rows: DelimitedRow[] = [];
  let cells: string[] = [];
  let cell = '';
  let line = 1;
  let began = 1;
  let quoted = false;
  const endRow = () => {
    rows.push({ line: began, cells: [...cells, cell] });
    cells = [];
    cell = '';
    began = line;
  };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    const isBreak = letter === '\n' || (letter === '\r' && text[at + 1] !== '\n');
    if (isBreak) line += 1;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (letter === '"' && cell === '') quoted = true;
    else if (letter === separator) {
      cells.push(cell);
      cell = '';
    } else if (isBreak) endRow();
    else if (letter !== '\r') cell += letter;
  }
  if (cell !== '' || cells.length > 0) endRow();
  return rows;
}

/**
 * A row for `parseDelimited`, comma-separated. A cell that a spreadsheet would take for a formula gets an apostrophe before
 * it; `plainCell` takes it away again.
 */
export function delimitedLine(cells: readonly string[]): string {
  return cells
    .map((cell) => (formula.test(cell) ? `'${cell}` : cell))
    .map((cell) => (/[",;\t\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(',');
}

const formula = /^'*[=+\-@\t\r]/;

export function plainCell(cell: string): string {
  return /^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell;
}
