/** A titled box laid over the rows of a page; the page stays visible around it. */
import { blank, fitLine, type Line, line, lineWidth, sliceLine, span } from '../format/line.ts';
import { cellWidth, shorten } from '../format/width.ts';
import type { Glyphs } from '../glyphs.ts';
import type { Cursor } from '../shell.ts';

export interface Box {
  title: string;
  lines: readonly Line[];
  /** Inside, without border and padding. */
  width: number;
  cursor?: Cursor | undefined;
}

/** `base` with the box in its middle, and the cursor moved along with it. */
export function overlayBox(
  base: readonly Line[],
  box: Box,
  size: { columns: number; rows: number },
  glyphs: Glyphs,
): { lines: Line[]; cursor?: Cursor | undefined } {
  const framed = frameBox(box, glyphs, size.rows);
  const width = box.width + 4;
  const left = Math.max(0, Math.floor((size.columns - width) / 2));
  const top = Math.max(0, Math.floor((size.rows - framed.length) / 2));
  const lines = Array.from({ length: size.rows }, (_, row): Line => {
    const below = base[row] ?? blank;
    const inside = framed[row - top];
    if (!inside) return below;
    const start = fitLine({ spans: sliceLine(below, 0, left) }, left).spans;
    const rest = sliceLine(
      below,
      left + width,
      Math.max(left + width, Math.min(lineWidth(below), size.columns)),
    );
    return { spans: [...start, ...inside.spans, ...rest], label: inside.label ?? '' };
  });
  const { cursor } = box;
  return { lines, cursor: cursor && { x: left + 2 + cursor.x, y: top + 1 + cursor.y } };
}

function frameBox(box: Box, glyphs: Glyphs, rows: number): Line[] {
  const [topLeft, topRight, bottomLeft, bottomRight] = glyphs.corners;
  const title = ` ${shorten(box.title, box.width - 2)} `;
  const rest = glyphs.rule.repeat(Math.max(0, box.width + 1 - cellWidth(title)));
  const heading: Line = {
    spans: [span(topLeft + glyphs.rule, 'accent'), span(title, 'title'), span(rest + topRight, 'accent')],
    label: `Dialog: ${box.title}`,
  };
  const body = box.lines.slice(0, Math.max(1, rows - 2)).map((each): Line => {
    const fitted = fitLine(each, box.width).spans;
    const inside = each.selected === true ? fitted.map(({ text }) => span(text, 'cursor')) : fitted;
    const label = each.label ?? each.spans.map(({ text }) => text).join('');
    return {
      spans: [span(`${glyphs.vertical} `, 'accent'), ...inside, span(` ${glyphs.vertical}`, 'accent')],
      label,
    };
  });
  const ending = line(span(bottomLeft + glyphs.rule.repeat(box.width + 2) + bottomRight, 'accent'));
  return [heading, ...body, { ...ending, label: '' }];
}
