/** Reads a file with one item a row (CSV) or entry (JSON), and tells of each that is wrong where it is and why. Pure. */
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { type DelimitedRow, parseDelimited, plainCell } from './delimited.ts';
import { describeIssue, fieldOf, issueSchema } from './issues.ts';

const charactersMax = 64 * 1024 * 1024;
const rowsMax = 100_000;
/** More are not told. */
const problemsMax = 100;

export interface FileProblem {
  /** `line 7`, or `entry 7` of JSON. */
  readonly place: string;
  readonly text: string;
}

/** `items` are complete only when there are no problems. */
export interface FileItems<Item> {
  readonly items: readonly Item[];
  readonly problems: readonly FileProblem[];
}

export interface FileForm<Item, Column extends string> {
  readonly list: string;
  readonly columns: readonly Column[];
  readonly required: readonly Column[];
  /** What the schema is to judge; a text: what is wrong. */
  readonly fromCells: (cells: ReadonlyMap<Column, string>) => object | string;
  readonly schema: z.ZodType<Item>;
  readonly nameOf: (item: Item) => string;
}

interface Candidate {
  readonly place: string;
  /** A text: what is wrong. */
  readonly value: unknown;
}

/** @throws AppError `invalid_input` for a file that is too large or is not one at all. */
export function parseItemFile<Item, Column extends string>(
  text: string,
  form: FileForm<Item, Column>,
): FileItems<Item> {
  if (text.length > charactersMax) throw unfit('the file is too large', 'At most 64 MiB.');
  const isJson = /^[\uFEFF\s]*[[{]/.test(text);
  const candidates = isJson ? jsonCandidates(text, form.list) : csvCandidates(text, form);
  if (candidates.length > rowsMax) throw unfit('the file has too many rows', `At most ${rowsMax}.`);
  const items: Item[] = [];
  const problems: FileProblem[] = [];
  const seen = new Map<string, string>();
  for (const { place, value } of candidates) {
    const item = typeof value === 'string' ? value : judged(form.schema, value);
    if (typeof item === 'string') problems.push({ place, text: item });
    else {
      const name = form.nameOf(item.item);
      const before = seen.get(name);
      if (before !== undefined) problems.push({ place, text: `${name} is there already, at ${before}` });
      seen.set(name, place);
      items.push(item.item);
    }
    if (problems.length >= problemsMax) break;
  }
  return { items, problems };
}

function judged<Item>(schema: z.ZodType<Item>, value: unknown): { item: Item } | string {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { item: parsed.data };
  const issue = issueSchema.parse(parsed.error.issues[0]);
  const field = fieldOf(issue) ?? '';
  // What came may be a key with a slip in it.
  const said = field === 'key' ? issue.message : describeIssue(issue, value);
  return field === '' ? said : `${field}: ${said}`;
}

function jsonCandidates(text: string, list: string): Candidate[] {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new AppError('invalid_input', `not JSON: ${cause instanceof Error ? cause.message : ''}`, {
      hint: `A list, or an object with a list under "${list}".`,
    });
  }
  const items = Array.isArray(value)
    ? value
    : z.record(z.string(), z.unknown()).safeParse(value).data?.[list];
  if (!Array.isArray(items))
    throw unfit(`no list of ${list}`, `A list, or an object with one under "${list}".`);
  return items.map((item: unknown, index) => ({
    place: `entry ${index + 1}`,
    value: typeof item === 'object' && item !== null ? item : 'is no object',
  }));
}

function csvCandidates<Item, Column extends string>(text: string, form: FileForm<Item, Column>): Candidate[] {
  const [header, ...rows] = parseDelimited(text);
  if (header === undefined)
    throw unfit('the file is empty', `The first row names the columns: ${form.columns}.`);
  const columns = header.cells.map((cell) => columnOf(cell, form.columns));
  const unknown = header.cells.find((_, index) => columns[index] === undefined);
  if (unknown !== undefined)
    throw unfit(`no column is called ${unknown.trim()}`, `There are: ${form.columns}.`);
  const missing = form.required.find((column) => !columns.includes(column));
  if (missing !== undefined)
    throw unfit(`the column ${missing} is missing`, `The first row names the columns.`);
  if (new Set(columns).size < columns.length)
    throw unfit('a column is there twice', `The first row names the columns.`);
  return rows.map((row) => ({ place: `line ${row.line}`, value: valueOfRow(row, columns, form.fromCells) }));
}

function columnOf<Column extends string>(cell: string, columns: readonly Column[]): Column | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[\s_-]/g, '');
  return columns.find((column) => plain(column) === plain(cell));
}

function valueOfRow<Column extends string>(
  { cells }: DelimitedRow,
  columns: readonly (Column | undefined)[],
  fromCells: (cells: ReadonlyMap<Column, string>) => object | string,
): object | string {
  if (cells.length > columns.length) {
    return `${cells.length} cells instead of ${columns.length}: quote a cell that holds the separator`;
  }
  const byColumn = new Map<Column, string>();
  columns.forEach((column, index) => {
    if (column !== undefined) byColumn.set(column, plainCell(cells[index] ?? '').trim());
  });
  return fromCells(byColumn);
}

function unfit(message: string, hint: string): AppError {
  return new AppError('invalid_input', message, { hint });
}
