/** A row of the screen as data: spans of text with a tone; colours are decided only when it is encoded. */
import { clean } from './clean.ts';
import { cellWidth, sliceCells } from './width.ts';

/** What a span means; the skin decides how that looks. */
export type Tone =
  | 'text'
  | 'strong'
  | 'dim'
  | 'title'
  | 'key'
  | 'accent'
  | 'good'
  | 'warn'
  | 'bad'
  | 'alarm'
  | 'bar'
  | 'bar-strong'
  | 'bar-good'
  | 'bar-bad'
  | 'tab'
  | 'cell-bad'
  | 'cell-bad-odd'
  | 'cursor'
  | 'input'
  | 'button'
  | 'banner';

export interface Span {
  text: string;
  tone: Tone;
}

export interface Line {
  spans: readonly Span[];
  /** The row the cursor stands on. */
  selected?: boolean;
  /** What a screen reader hears instead of the text; rules and blank rows have the empty string. */
  label?: string;
}

export function span(text: string, tone: Tone = 'text'): Span {
  return { text: clean(text), tone };
}

/** A row of spans; bare strings are plain text. */
export function line(...parts: readonly (Span | string)[]): Line {
  return { spans: parts.map((part) => (typeof part === 'string' ? span(part) : part)) };
}

export const blank: Line = { spans: [], label: '' };

/** The row one cell further right. */
export function indented(of: Line): Line {
  return { ...of, spans: [span(' '), ...of.spans] };
}

export function lineWidth(of: Line): number {
  return of.spans.reduce((width, { text }) => width + cellWidth(text), 0);
}

/** The cells from `from` to `to` (exclusive). */
export function sliceLine(of: Line, from: number, to: number): Span[] {
  const result: Span[] = [];
  let column = 0;
  for (const { text, tone } of of.spans) {
    const width = cellWidth(text);
    const start = Math.max(0, from - column);
    const end = Math.min(width, to - column);
    if (end > start)
      result.push({ text: start === 0 && end === width ? text : sliceCells(text, start, end), tone });
    column += width;
  }
  return result;
}

/** Exactly `width` cells: cut, which `…` shows, or padded with spaces in `tone`. */
export function fitLine(of: Line, width: number, tone: Tone = 'text'): Line {
  const actual = lineWidth(of);
  if (actual > width) return cutLine(of, width);
  return actual === width ? of : { ...of, spans: [...of.spans, span(' '.repeat(width - actual), tone)] };
}

/** At most `width` cells; a cut is shown by `…`. */
export function cutLine(of: Line, width: number): Line {
  if (lineWidth(of) <= width) return of;
  const kept = sliceLine(of, 0, Math.max(0, width - 1));
  return { ...of, spans: [...kept, span('…', kept.at(-1)?.tone ?? 'text')] };
}

/** `left` and `right` on one row of `width` cells; the left part gives way. */
export function spread(left: Line, right: Line, width: number, tone: Tone = 'text'): Line {
  const rightWidth = Math.min(width, lineWidth(right));
  const start = fitLine(left, Math.max(0, width - rightWidth), tone);
  return { ...left, spans: [...start.spans, ...sliceLine(right, 0, rightWidth)] };
}

/** The text of a row without its looks. */
export function lineText(of: Line): string {
  return of.spans.map(({ text }) => text).join('');
}
