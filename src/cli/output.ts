/** What commands print: tables for people, one JSON document or a line of JSON each for programs. */
import { printable, printableJson } from '../model/printable.ts';
import { type CliIo, wantsColour } from './io.ts';

export interface Column<Row> {
  title: string;
  value(row: Row): string;
  align?: 'left' | 'right';
  /** Word states that deserve attention. Never the only sign: the word itself is printed too. */
  tone?(row: Row): Tone;
}

export type Tone = 'plain' | 'good' | 'warning' | 'bad' | 'dim';

const toneCodes: Readonly<Record<Tone, string>> = {
  plain: '',
  good: '34',
  warning: '33',
  bad: '1;31',
  dim: '2',
};

/** Writes to one io in one of the two manners. What is handed in may come from anywhere: it reaches the terminal cleaned. */
export class Output {
  readonly json: boolean;
  readonly io: CliIo;
  readonly #colour: boolean;

  constructor(io: CliIo, json: boolean) {
    this.io = io;
    this.json = json;
    this.#colour = wantsColour(io) && !json;
  }

  get isTerminal(): boolean {
    return this.io.stdout.isTTY === true;
  }

  line(text = ''): void {
    this.#write(printable(text));
  }

  /** A line with a word in its colour. */
  toned(tone: Tone, word: string, rest: string, before = ''): void {
    this.#write(`${printable(before)}${this.#paint(tone, printable(word))}${printable(rest)}`);
  }

  /** For people beside the result: notes, progress, reports. Stays off standard output. */
  note(text: string): void {
    this.io.stderr.write(`${printable(text)}\n`);
  }

  document(value: unknown): void {
    this.#write(printableJson(value, this.isTerminal ? 2 : 0));
  }

  /** One line of a stream of documents. */
  record(value: unknown): void {
    this.#write(printableJson(value));
  }

  /** The document with --json, else what `human` prints. */
  result(value: unknown, human: () => void): void {
    if (this.json) this.document(value);
    else human();
  }

  /** What was done: the document with --json, else a sentence. */
  done(value: unknown, sentence: string): void {
    this.result(value, () => this.line(sentence));
  }

  /** A list: the document with --json, else a table. */
  list<Row>(rows: readonly Row[], columns: readonly Column<Row>[], whenEmpty: string): void {
    this.result(rows, () => this.table(rows, columns, whenEmpty));
  }

  #write(text: string): void {
    this.io.stdout.write(`${text}\n`);
  }

  #paint(tone: Tone, text: string): string {
    const code = toneCodes[tone];
    return this.#colour && code !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
  }

  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], whenEmpty: string): void {
    const paint = (tone: Tone, text: string) => this.#paint(tone, text);
    const lines = rows.length === 0 ? [whenEmpty] : formatTable(rows, columns, paint);
    for (const line of lines) this.#write(line);
  }

  /** Names and values below each other. */
  facts(entries: readonly (readonly [name: string, value: string])[]): void {
    const width = Math.max(...entries.map(([name]) => name.length));
    for (const [name, value] of entries) this.line(`${name.padEnd(width)}  ${value}`);
  }
}

/** Lines of a table with a header; cells are cleaned of control characters, so no name can drive the terminal. */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  paint: (tone: Tone, text: string) => string,
): string[] {
  const cells = rows.map((row) => columns.map((column) => printable(column.value(row))));
  const widths = columns.map((column, at) =>
    Math.max(displayWidth(column.title), ...cells.map((line) => displayWidth(line[at] ?? ''))),
  );
  const layOut = (texts: readonly string[], tone: (at: number) => Tone) =>
    texts
      .map((text, at) => {
        const padding = ' '.repeat(Math.max(0, (widths[at] ?? 0) - displayWidth(text)));
        const painted = paint(tone(at), text);
        if (columns[at]?.align === 'right') return padding + painted;
        return at === texts.length - 1 ? painted : painted + padding;
      })
      .join('  ')
      .trimEnd();
  const header = layOut(
    columns.map((column) => column.title.toUpperCase()),
    () => 'dim',
  );
  const body = rows.map((row, index) =>
    layOut(cells[index] ?? [], (at) => columns[at]?.tone?.(row) ?? 'plain'),
  );
  return [header, ...body];
}

const wide =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]$/u;

function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/^\p{M}$/u.test(character)) continue;
    width += wide.test(character) ? 2 : 1;
  }
  return width;
}
