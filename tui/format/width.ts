/** Cell arithmetic: how wide a text is on the terminal, and how to make it exactly so wide. */
import { clean, wide } from './clean.ts';

const plain = /^[ -~]*$/;
const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const emojiSequence = /\u200d|[\u{1f1e6}-\u{1f1ff}]{2}|\u20e3/u;

function graphemeWidth(grapheme: string): number {
  if (/^\p{M}+$/u.test(grapheme)) return 0;
  return wide.test(grapheme) || emojiSequence.test(grapheme) ? 2 : 1;
}

/** Terminal cells of a cleaned text. */
export function cellWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** The cells from `from` to `to` (exclusive) of a cleaned text; half a wide character becomes a space. */
export function sliceCells(text: string, from: number, to: number): string {
  if (plain.test(text)) return text.slice(from, to);
  let column = 0;
  let result = '';
  for (const { segment } of segmenter.segment(text)) {
    const start = column;
    column += graphemeWidth(segment);
    if (column <= from) continue;
    if (start >= to) break;
    result += start < from || column > to ? ' ' : segment;
  }
  return result;
}

export type Align = 'left' | 'right';

/** `text`, cleaned, in exactly `width` cells: cut with `…`, or padded with spaces. */
export function pad(text: string, width: number, align: Align = 'left'): string {
  if (width <= 0) return '';
  const cut = shorten(text, width);
  const padding = ' '.repeat(Math.max(0, width - cellWidth(cut)));
  return align === 'right' ? padding + cut : cut + padding;
}

/** `text`, cleaned, in at most `width` cells, the cut shown by `…`. */
export function shorten(text: string, width: number): string {
  const cleaned = clean(text);
  if (cellWidth(cleaned) <= width) return cleaned;
  if (width <= 1) return sliceCells(cleaned, 0, width);
  return `${sliceCells(cleaned, 0, width - 1).trimEnd()}…`;
}

/** Splits prose into rows of at most `width` cells, at spaces where there are any. At most `rowsMax` rows. */
export function wrap(text: string, width: number, rowsMax = 100): string[] {
  const rows: string[] = [];
  let row = '';
  for (const word of clean(text).split(' ')) {
    let rest = word;
    while (rest !== '') {
      const joined = row === '' ? rest : `${row} ${rest}`;
      if (cellWidth(joined) <= width) {
        row = joined;
        break;
      }
      if (row !== '') {
        rows.push(row);
        row = '';
      } else {
        rows.push(sliceCells(rest, 0, width));
        rest = sliceCells(rest, width, Number.MAX_SAFE_INTEGER);
      }
      if (rows.length > rowsMax) break;
    }
  }
  if (row !== '') rows.push(row);
  if (rows.length <= rowsMax) return rows;
  const kept = rows.slice(0, rowsMax);
  kept[rowsMax - 1] = shorten(`${kept[rowsMax - 1] ?? ''} ${rows[rowsMax] ?? ''}…`, width);
  return kept;
}
