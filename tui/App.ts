/** The one React tree: subscribes to the console, paints one text per row, places the real cursor. */
import { Box, Text, useApp, useCursor, useIsScreenReaderEnabled, useWindowSize } from 'ink';
import { createElement, memo, type ReactElement } from 'react';
import { type Console, useConsoleState } from './console.ts';
import { encodeLine } from './encode.ts';
import { lineText } from './format/line.ts';
import { wrap } from './format/width.ts';
import { composeScreen, type Screen, type Size } from './frame.ts';
import type { Glyphs } from './glyphs.ts';
import { useKeys } from './hooks/use-keys.ts';
import { type ColourDepth, createTheme } from './theme.ts';

export interface AppProps {
  console: Console;
  glyphs: Glyphs;
  depth: ColourDepth;
  /** Rows to leave free at the bottom: one on Windows, whose console scrolls when its last cell is written. */
  spareRows: number;
  /** Stops this process until somebody continues it; left out where there is no job control. */
  stopProcess?: (() => Promise<void>) | undefined;
}

const Row = memo(function Row({ text }: { text: string }): ReactElement {
  return createElement(Text, { wrap: 'truncate' }, text === '' ? ' ' : text);
});

export function App({ console, glyphs, depth, spareRows, stopProcess }: AppProps): ReactElement {
  const state = useConsoleState(console);
  const { columns, rows } = useWindowSize();
  const { setCursorPosition } = useCursor();
  const { suspendTerminal } = useApp();
  const linear = useIsScreenReaderEnabled();
  useKeys({
    onKey: (key) => console.keyboard.press(key),
    onPaste: (text) => console.keyboard.paste(text),
    onSuspend: stopProcess && (() => void suspendTerminal(stopProcess)),
    // Ink paints all of it anew after it had let go of the terminal.
    onRepaint: () => void suspendTerminal(async () => {}),
  });
  const size: Size = { columns, rows: Math.max(1, rows - spareRows) };
  const theme = createTheme(state.skin, depth, glyphs);
  const screen = composeScreen(
    {
      state,
      pages: console.pages,
      page: console.page,
      matches: console.matches(),
      theme,
      nowMs: console.nodeNowMs(),
      timeZone: console.timeZone(),
    },
    size,
  );
  setCursorPosition(screen.cursor);
  const texts = linear ? spokenRows(screen, size) : screen.lines.map((line) => encodeLine(line, theme));
  const rowElements = texts.map(rowElement);
  return createElement(Box, { flexDirection: 'column', width: columns }, ...rowElements);
}

function rowElement(text: string, row: number): ReactElement {
  return createElement(Row, { key: `row-${row}`, text });
}

/** What a screen reader reads: labels instead of drawings, nothing for rules and blanks, no more than the terminal holds. */
function spokenRows(screen: Screen, size: Size): string[] {
  const rows = screen.lines
    .map((line) => (line.label ?? lineText(line)).trim())
    .filter((text) => text !== '')
    .flatMap((text) => wrap(text, size.columns));
  const [keys = ''] = rows.slice(-1);
  return rows.length <= size.rows ? rows : [...rows.slice(0, size.rows - 1), keys];
}
