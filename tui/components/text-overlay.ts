/** A box of text to read: scrolls, can be copied, Esc closes it. */
import { type Line, lineWidth } from '../format/line.ts';
import type { Frame, Overlay, Shell } from '../shell.ts';
import { listStart, moveList } from './list.ts';

export interface TextOptions {
  title: string;
  lines(frame: Frame, width: number): readonly Line[];
  /** What `y` copies, and how it is called in the notice. */
  copy?: { text: string; what: string };
  /** Further keys, with their hint. */
  actions?: readonly { key: string; text: string; run(): void }[];
}

export function textOverlay(shell: Shell, options: TextOptions): Overlay {
  let top = 0;
  let size = { count: 0, rows: 1 };
  return {
    title: options.title,
    view(frame) {
      const widest = Math.min(76, frame.columns - 4);
      const rows = Math.max(1, frame.rows - 2);
      const all = options.lines(frame, widest);
      const width = Math.min(widest, Math.max(30, options.title.length + 4, ...all.map(lineWidth)));
      size = { count: all.length, rows };
      const start = Math.max(0, Math.min(top, all.length - rows));
      const actions = (options.actions ?? []).map(({ key, text }) => ({ key, text }));
      return {
        width,
        lines: all.slice(start, start + rows),
        hints: [
          ...actions,
          ...(options.copy ? [{ key: 'y', text: 'copy' }] : []),
          ...(all.length > rows ? [{ key: '↑↓', text: 'scroll' }] : []),
          { key: 'Esc', text: 'close' },
        ],
      };
    },
    key(key) {
      const action = options.actions?.find((each) => each.key === key);
      if (action) return action.run();
      if (key === 'esc' || key === 'q' || key === '?' || key === 'enter') return shell.close();
      if (key === 'y' && options.copy) return shell.copy(options.copy.text, options.copy.what);
      const furthest = Math.max(1, size.count - size.rows + 1);
      const moved = moveList({ ...listStart, index: top }, key, furthest, size.rows);
      if (moved) {
        top = moved.index;
        shell.changed();
      }
    },
  };
}
