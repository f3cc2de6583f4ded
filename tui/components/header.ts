/** The two rows on top: where we are, whose node this is, how the connection and the clock stand; and the pages. */
import { type Line, line, lineWidth, type Span, span, spread } from '../format/line.ts';
import { plural } from '../format/numbers.ts';
import { clock, zoneOffset } from '../format/time.ts';
import { cellWidth } from '../format/width.ts';
import type { Frame, Page, TuiState } from '../shell.ts';

const roles = { single: 'SINGLE', active: 'ACTIVE', standby: 'STANDBY' } as const;

/** Node, role in colour and word, breadcrumb; connection and the node's clock. */
export function headerLine(state: TuiState, crumbs: readonly string[], frame: Frame): Line {
  const { glyphs } = frame.theme;
  const node = state.status?.node;
  const left: Span[] = [span(` ${node?.name ?? 'Holdfast'} `, 'bar-strong')];
  if (node) left.push(span(`${roles[node.role]} `, node.role === 'standby' ? 'bar' : 'bar-good'));
  const right: Span[] = [
    ...alarmSpans(state, frame),
    span(' ', 'bar'),
    connectionSpan(state, frame),
    span(' ', 'bar'),
  ];
  if (state.status)
    right.push(span(`${clock(frame.nowMs, frame.timeZone)}${foreignZone(state, frame)} `, 'bar-strong'));
  const room = frame.columns - lineWidth({ spans: left }) - lineWidth({ spans: right });
  for (const crumb of fittingCrumbs(crumbs, room))
    left.push(span(`${glyphs.crumb} `, 'bar-good'), span(`${crumb} `, 'bar'));
  // Without the clock: a screen reader would begin again with every second.
  const alarms = alarmWords(state);
  const label = [
    ...[node?.name ?? 'Holdfast', node ? roles[node.role] : '', ...crumbs],
    ...[alarms === '' ? '' : `${alarms} not acknowledged`, state.connection.phase],
  ]
    .filter((word) => word !== '')
    .join(', ');
  return { ...spread({ spans: left }, { spans: right }, frame.columns, 'bar'), label };
}

/** The node's offset where its clocks show another time than those around the person at the screen. */
function foreignZone({ ownTimeZone }: TuiState, { nowMs, timeZone }: Frame): string {
  const offset = zoneOffset(nowMs, timeZone);
  return ownTimeZone === null || zoneOffset(nowMs, ownTimeZone) === offset ? '' : ` ${offset}`;
}

/** Events that no operator has acknowledged yet, on whatever page. */
function alarmWords({ status }: TuiState): string {
  const { unacknowledged: count = 0, problem = null } = status?.alarms ?? {};
  if (count > 0) return plural(count, 'alarm');
  return problem === null ? '' : 'alarms ?';
}

function alarmSpans(state: TuiState, { theme }: Frame): Span[] {
  const words = alarmWords(state);
  return words === '' ? [] : [span(` ${theme.glyphs.warn} ${words}`, 'bar-bad')];
}

/** The last crumbs that fit: where one stands matters more than the way there. */
function fittingCrumbs(crumbs: readonly string[], room: number): readonly string[] {
  const width = (list: readonly string[]) => list.reduce((sum, crumb) => sum + cellWidth(crumb) + 3, 0);
  if (width(crumbs) <= room) return crumbs;
  for (let from = 1; from < crumbs.length; from += 1) {
    const kept = ['…', ...crumbs.slice(from)];
    if (width(kept) <= room) return kept;
  }
  return crumbs.slice(-1);
}

function connectionSpan(state: TuiState, frame: Frame): Span {
  const { glyphs } = frame.theme;
  switch (state.connection.phase) {
    case 'connected':
      return span(`${glyphs.good} connected`, 'bar-good');
    case 'connecting':
      return span(`${glyphs.busy} connecting`, 'bar-bad');
    case 'disconnected':
    case 'closed':
      return span(`${glyphs.bad} disconnected`, 'bar-bad');
  }
}

/** `1 Home  2 Storage …`, the present page marked. */
export function tabLine(pages: readonly Page[], current: string, columns: number): Line {
  const tabs = pages.filter(({ digit }) => digit !== '');
  const width = (titleOf: (page: Page) => string) =>
    tabs.reduce((sum, page) => sum + cellWidth(titleOf(page)) + 4, 0);
  const isLong = width(({ title }) => title) < columns;
  // The narrowest terminal has no cell to spare for a margin.
  const margin = isLong || width(({ shortTitle }) => shortTitle) < columns ? ' ' : '';
  const spans = tabs.flatMap((page): Span[] => {
    const title = isLong ? page.title : page.shortTitle;
    return page.id === current
      ? [span(` ${page.digit} ${title} `, 'tab')]
      : [span(` ${page.digit}`, 'key'), span(` ${title} `)];
  });
  const label = `Pages: ${tabs.map(({ digit, title, id }) => `${digit} ${title}${id === current ? ' (here)' : ''}`).join(', ')}`;
  return { ...line(margin, ...spans), label };
}
