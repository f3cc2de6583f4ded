/** The pair on one page: hosts, forecast, lease and arbiter, links, resources, last decisions; what is below gives way first. */
import type { Decision, PairStatus } from '../../../src/contract/index.ts';
import type { ListCursor } from '../../components/list.ts';
import { type Column, padLines, table } from '../../components/table.ts';
import { blank, type Line, line, type Span, span } from '../../format/line.ts';
import { formatShortDuration } from '../../format/numbers.ts';
import { recent } from '../../format/time.ts';
import { pad, wrap } from '../../format/width.ts';
import type { Frame } from '../../shell.ts';
import { hostLines, leaseSpans, pairTitle } from './hosts.ts';
import {
  ageText,
  arbiterName,
  linkWord,
  markOf,
  type PairLink,
  type PairResource,
  resourceTree,
  resourceWord,
} from './words.ts';

/** Below these a row for each link is too much. */
const linkRowsFrom = { columns: 72, rows: 17 };
const decisionsMin = 2;

export interface PairView {
  pair: PairStatus;
  /** Of what is shown. */
  ageMs: number;
  /** Why it is not fresh. */
  problem: string | null;
  list: ListCursor;
}

/** Rows of resources that are on the screen, heading left out; the cursor's window. */
export function resourceRows(
  pair: PairStatus,
  frame: Frame,
  view: Pick<PairView, 'problem' | 'ageMs'>,
): number {
  const left = frame.rows - topLines({ pair, list: { index: 0, top: 0 }, ...view }, frame).length - 1;
  return Math.max(1, Math.min(pair.resources.length, left));
}

/** Exactly `frame.rows` rows. */
export function pairLines(view: PairView, frame: Frame): Line[] {
  const { pair } = view;
  const top = topLines(view, frame);
  const height = resourceRows(pair, frame, view) + 1;
  const resources = table({
    columns: resourceColumns(frame),
    rows: resourceTree(pair.resources),
    cursor: view.list,
    width: frame.columns,
    height,
    empty: 'No resource: this pair runs nothing yet. w changes that.',
  });
  const left = frame.rows - top.length - resources.length - 2;
  const decisions =
    left >= decisionsMin && pair.lastDecisions.length > 0
      ? [blank, title('Last decisions'), ...decisionLines(pair, frame).slice(0, left)]
      : [];
  return padLines([...top, ...resources, ...decisions], frame.rows);
}

function topLines(view: PairView, frame: Frame): Line[] {
  const { pair } = view;
  const airy = frame.rows >= 26 ? [blank] : [];
  return [
    view.problem === null ? pairTitle(pair) : problemLine(view),
    ...hostLines(pair, frame),
    ...forecastLines(pair, frame),
    ...airy,
    ...authorityLines(view, frame),
    ...airy,
    ...linkLines(pair, frame),
    ...airy,
  ];
}

function problemLine({ problem, ageMs }: PairView): Line {
  return line(span(` The state of the pair is ${ageText(ageMs)} old: ${problem ?? ''}`, 'alarm'));
}

function title(text: string): Line {
  return line(span(` ${text}`, 'title'));
}

function forecastLines({ forecast }: PairStatus, frame: Frame): Line[] {
  if (forecast === '') return [];
  return wrap(forecast, frame.columns - 2, 2).map((row) => line(' ', span(row, 'accent')));
}

const nameWidth = 9;

function named(name: string, ...spans: Span[]): Line {
  return line(span(` ${pad(name, nameWidth)}`, 'dim'), ...spans);
}

/** Lease and arbiter; on one row where there is the room. */
function authorityLines({ pair, ageMs }: PairView, frame: Frame): Line[] {
  const { arbiter } = pair;
  const { glyphs } = frame.theme;
  const lease = leaseSpans(pair, ageMs);
  const state =
    arbiter.state === 'reachable'
      ? span(` ${glyphs.good} reachable`, 'good')
      : arbiter.state === 'unreachable'
        ? span(` ${glyphs.bad} NOT REACHABLE`, 'bad')
        : span('');
  const spans = [
    span(arbiterName(arbiter.kind), 'strong'),
    state,
    span(arbiter.unsafe ? '  UNSAFE' : '', 'alarm'),
    span(arbiter.problem === null ? '' : `  ${arbiter.problem}`, arbiter.unsafe ? 'warn' : 'dim'),
  ];
  return [named('Lease', ...lease), named('Arbiter', ...spans)];
}

function linkLines(pair: PairStatus, frame: Frame): Line[] {
  if (pair.links.length === 0) return [named('Links', span('none', 'warn'))];
  if (frame.columns < linkRowsFrom.columns || frame.rows < linkRowsFrom.rows) {
    const spans = pair.links.flatMap((link): Span[] => {
      const word = linkWord(link);
      return [
        span(`${markOf(word, frame.theme.glyphs)} ${link.id} `, word.tone),
        span(`${shortLink(link)}  `),
      ];
    });
    return [named('Links', ...spans)];
  }
  return pair.links.map((link, at) => linkLine(link, at === 0 ? 'Links' : '', frame));
}

function shortLink(link: PairLink): string {
  const latency = link.roundTripMs === null ? linkWord(link).text : `${link.roundTripMs.toFixed(1)} ms`;
  return `${latency}${link.lossPercent > 0 ? ` ${link.lossPercent.toFixed(0)} %` : ''}`;
}

function linkLine(link: PairLink, name: string, frame: Frame): Line {
  const word = linkWord(link);
  const latency = link.roundTripMs === null ? '-' : `${link.roundTripMs.toFixed(1)} ms`;
  const heard =
    link.lastReceivedMs === null
      ? 'never heard'
      : `${ageText(Math.max(0, frame.nowMs - link.lastReceivedMs))} ago`;
  const loss = `${link.lossPercent.toFixed(1)} % lost`;
  return {
    ...named(
      name,
      span(`${markOf(word, frame.theme.glyphs)} `, word.tone),
      span(pad(link.id, 12)),
      span(pad(word.text, 10), word.tone),
      span(pad(latency, 9, 'right')),
      span(pad(loss, 13, 'right'), link.lossPercent > 0 ? 'warn' : 'text'),
      span(`  ${link.state === 'up' ? '' : heard}`, 'dim'),
      span(link.refused > 0 ? `  ${link.refused} refused` : '', 'warn'),
    ),
    label: `Link ${link.id}: ${word.text}, round trip ${latency}, ${loss}`,
  };
}

type Row = { resource: PairResource; depth: number };

function resourceColumns(frame: Frame): Column<Row>[] {
  return [
    {
      title: 'Resource',
      width: 16,
      grow: true,
      cell: ({ resource, depth }) => `${'  '.repeat(Math.min(depth, 6))}${resource.name}`,
    },
    { title: 'Kind', width: 9, cell: ({ resource }) => ({ text: resource.kind, tone: 'dim' }) },
    {
      title: 'State',
      width: 11,
      cell: ({ resource }) => {
        const word = resourceWord(resource);
        return { text: `${markOf(word, frame.theme.glyphs)} ${word.text}`, tone: word.tone };
      },
    },
    {
      title: 'Since',
      width: 5,
      align: 'right',
      from: 70,
      cell: ({ resource: { sinceMs } }) =>
        sinceMs === null ? '' : formatShortDuration(Math.max(0, frame.nowMs - sinceMs) / 1000),
    },
    {
      title: 'After',
      width: 14,
      from: 100,
      cell: ({ resource }) => ({ text: resource.after.join(' '), tone: 'dim' }),
    },
    {
      title: 'Again',
      width: 5,
      align: 'right',
      from: 76,
      cell: ({ resource: { restarts } }) => ({ text: restarts === 0 ? '' : String(restarts), tone: 'warn' }),
    },
    {
      title: 'Problem',
      width: 10,
      grow: true,
      from: 70,
      cell: ({ resource }) => ({ text: resource.problem ?? '', tone: 'bad' }),
    },
  ];
}

function decisionLines(pair: PairStatus, frame: Frame): Line[] {
  const name = (id: string) => pair.nodes.find((node) => node.id === id)?.name ?? id;
  return [...pair.lastDecisions]
    .sort((a, b) => b.timeMs - a.timeMs)
    .map((decision) => decisionLine(decision, name(decision.nodeId), frame));
}

export function decisionLine(decision: Decision, node: string, frame: Frame): Line {
  return line(
    span(` ${pad(recent(decision.timeMs, frame.nowMs, frame.timeZone), 11)}`, 'dim'),
    span(pad(node, 12)),
    span(` ${decision.rule}`),
    span(` ${frame.theme.glyphs.crumb} `, 'dim'),
    span(decision.outcome, 'strong'),
  );
}

/** The page while there is no pair: what hot standby is, and the key that begins. */
export function introLines(frame: Frame, options: { pair: PairStatus | null; draft: boolean }): Line[] {
  const peer = options.pair?.nodes.find(({ self }) => !self);
  const paragraphs = [
    'Hot standby lets two nodes keep one service alive: one is active and holds the service address, the other stands by.',
    'When the active one fails, the other takes over within seconds, with the same address, the same cameras and the same services. A lease sees to it that never both are active.',
    ...(frame.rows >= 16
      ? [
          'You need a second node with Holdfast, better two networks between them than one, an unused address for the service, and, if possible, an arbiter on a third machine.',
        ]
      : []),
  ];
  const start = options.draft
    ? 'goes on with the draft that was left'
    : peer
      ? `sets up the pair with ${peer.name}`
      : 'sets it up, step by step; it may be left and resumed';
  const keys: readonly (readonly [string, string])[] = [
    ['w', start],
    ['p', 'preflight: checks this node, and the other once they are paired'],
    ['?', 'all keys of this page'],
  ];
  return [
    blank,
    title('This node stands alone: no pair is set up'),
    blank,
    ...paragraphs.flatMap((text) => [
      ...wrap(text, Math.min(96, frame.columns - 4)).map((row) => line('  ', span(row))),
      blank,
    ]),
    ...keys.map(([key, text]) => line('  ', span(pad(key, 4), 'key'), span(text))),
  ];
}
