/** Puts a whole screen together from the state: exactly as many rows as the terminal has, each exactly cut to its width. */
import { staleBanner } from './components/banner.ts';
import { overlayBox } from './components/box.ts';
import { footLine, hintLine } from './components/footer.ts';
import { headerLine, tabLine } from './components/header.ts';
import { type Match, paletteLines } from './components/palette.ts';
import { padLines } from './components/table.ts';
import { blank, cutLine, type Line, line, span } from './format/line.ts';
import { wrap } from './format/width.ts';
import type { Cursor, Frame, Overlay, Page, PageView, TuiState } from './shell.ts';
import type { Theme } from './theme.ts';

export interface Size {
  columns: number;
  rows: number;
}

export const smallest: Size = { columns: 60, rows: 16 };

export interface Screen {
  /** Exactly as many as the terminal has rows. */
  lines: readonly Line[];
  cursor?: Cursor | undefined;
}

export interface Scene {
  state: TuiState;
  pages: readonly Page[];
  page: Page;
  /** Candidates while the palette is open. */
  matches: readonly Match[];
  theme: Theme;
  nowMs: number;
  timeZone: string;
}

const chromeRows = 4;
const paletteRowsMax = 8;

/** The screen for one terminal size. */
export function composeScreen(scene: Scene, size: Size): Screen {
  if (size.columns < smallest.columns || size.rows < smallest.rows) return tooSmall(size);
  const { state, theme, nowMs, timeZone } = scene;
  const frame: Frame = {
    columns: size.columns,
    rows: size.rows,
    theme,
    status: state.status,
    nowMs,
    timeZone,
  };
  const banner = staleBanner(state, frame);
  const rows = size.rows - chromeRows - (banner ? 1 : 0);
  const inner: Frame = { ...frame, rows };
  const overlay = state.overlays.at(-1);
  const page = state.gate === 'open' ? scene.page.view(inner) : gateView(state, inner);
  const body = bodyOf(page.lines, overlay, scene, inner);
  const foot = footLine(state, overlay ? undefined : page.foot, size.columns);
  const top = [
    headerLine(state, page.crumbs, frame),
    state.gate === 'open' ? tabLine(scene.pages, state.page, size.columns) : blank,
    ...(banner ? [banner] : []),
  ];
  const hints = overlay
    ? hintLine(overlay.view(inner).hints, size.columns, [])
    : hintLine(page.hints, size.columns);
  const lines = [...top, ...body.lines, foot.line, hints];
  return {
    lines: clamp(lines, size),
    cursor: cursorOf({ state, foot, body, page, top: top.length, size }),
  };
}

function bodyOf(
  lines: readonly Line[],
  overlay: Overlay | undefined,
  scene: Scene,
  frame: Frame,
): { lines: Line[]; cursor?: Cursor | undefined } {
  const base = padLines(lines, frame.rows);
  if (overlay) {
    const view = overlay.view(frame);
    return overlayBox(base, { title: overlay.title, ...view }, frame, frame.theme.glyphs);
  }
  const { prompt } = scene.state;
  if (prompt?.kind !== 'command') return { lines: base };
  const palette = paletteLines(
    scene.matches,
    prompt.choice,
    frame.columns,
    Math.min(paletteRowsMax, frame.rows),
  );
  return { lines: [...base.slice(0, frame.rows - palette.length), ...palette] };
}

function cursorOf(parts: {
  state: TuiState;
  foot: { cursorX?: number };
  body: { cursor?: Cursor | undefined };
  page: { cursor?: Cursor | undefined };
  top: number;
  size: Size;
}): Cursor | undefined {
  const { foot, body, page, top, size } = parts;
  if (foot.cursorX !== undefined) return { x: foot.cursorX, y: size.rows - 2 };
  const inside = parts.state.overlays.length > 0 ? body.cursor : page.cursor;
  return inside && { x: Math.min(size.columns - 1, inside.x), y: Math.min(size.rows - 1, top + inside.y) };
}

function clamp(lines: readonly Line[], size: Size): Line[] {
  return padLines(lines, size.rows).map((each) => cutLine(each, size.columns));
}

/** What stands behind the log-in box, and alone while the first answer is awaited. */
function gateView(state: TuiState, frame: Frame): PageView {
  const problem = state.connection.error;
  const text =
    state.gate === 'connecting' && problem
      ? [
          problem.message,
          ...(problem.hint === undefined ? [] : [problem.hint]),
          'It is tried again by itself.',
        ]
      : state.gate === 'connecting'
        ? ['Connecting to the agent …']
        : [];
  const rows = text.flatMap((each, index) =>
    wrap(each, frame.columns - 4).map((row) =>
      line('  ', span(row, index === 0 && problem ? 'alarm' : 'text')),
    ),
  );
  return { crumbs: [], lines: [blank, ...rows], hints: [{ key: 'q', text: 'quit' }] };
}

/** The plain page for a terminal that is too small. */
function tooSmall(size: Size): Screen {
  const text = [
    `This terminal is ${size.columns}x${size.rows}.`,
    `Holdfast needs ${smallest.columns}x${smallest.rows}.`,
    'Make it larger, or use: holdfast status --once',
    'q quits.',
  ];
  const rows = text.flatMap((each) => wrap(each, Math.max(1, size.columns)));
  return {
    lines: clamp(
      rows.map((row) => line(row)),
      size,
    ),
  };
}
