/** Which rows of a long list are on the screen: the cursor moves, the window follows, nothing off screen is built. */
import type { Key } from '../keys.ts';

export interface ListCursor {
  index: number;
  /** First visible row. */
  top: number;
}

export const listStart: ListCursor = { index: 0, top: 0 };

/** The cursor within `count` rows and its window of `rows`, clamped. */
export function clampList(cursor: ListCursor, count: number, rows: number): ListCursor {
  const height = Math.max(1, rows);
  const index = Math.max(0, Math.min(count - 1, cursor.index));
  const lowest = Math.max(0, count - height);
  let top = Math.max(0, Math.min(lowest, cursor.top));
  if (index < top) top = index;
  if (index >= top + height) top = index - height + 1;
  return { index, top };
}

/** The cursor after a movement key, or undefined when the key does not move. */
export function moveList(cursor: ListCursor, key: Key, count: number, rows: number): ListCursor | undefined {
  const page = Math.max(1, rows - 1);
  const to = (index: number) => clampList({ ...cursor, index }, count, rows);
  switch (key) {
    case 'up':
    case 'k':
      return to(cursor.index - 1);
    case 'down':
    case 'j':
      return to(cursor.index + 1);
    case 'pageup':
    case 'ctrl-b':
      return to(cursor.index - page);
    case 'pagedown':
    case 'ctrl-f':
      return to(cursor.index + page);
    case 'g':
    case 'home':
      return to(0);
    case 'G':
    case 'end':
      return to(count - 1);
    default:
      return undefined;
  }
}
