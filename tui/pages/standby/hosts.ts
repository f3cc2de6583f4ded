/** The two hosts side by side: who is active by colour and word, and between them which way settings and role go. */
import type { PairStatus } from '../../../src/contract/index.ts';
import { fitLine, type Line, line, type Span, span } from '../../format/line.ts';
import { cellWidth, pad, shorten } from '../../format/width.ts';
import type { Frame } from '../../shell.ts';
import { ageText, flagWords, isActive, isSilent, markOf, type PairNode, roleWord } from './words.ts';

const middleWidth = 14;
/** Narrower terminals get a row for each host instead of a box. */
const boxedFromColumns = 72;
const boxedFromRows = 17;

export function hostLines(pair: PairStatus, frame: Frame): Line[] {
  const [left, right] = pair.nodes;
  if (frame.columns < boxedFromColumns || frame.rows < boxedFromRows || !left || !right) {
    return pair.nodes.map((node) => hostRow(node, frame));
  }
  const width = Math.floor((frame.columns - 2 - middleWidth) / 2);
  const boxes = [hostBox(left, width, frame), hostBox(right, width, frame)] as const;
  const middle = middleRows(pair, left, right, frame);
  return boxes[0].map((spans, at): Line => {
    const [first, second] = [spans, boxes[1][at] ?? []];
    const between = middle[at] ?? span(' '.repeat(middleWidth));
    const inner = at === 0 || at === boxes[0].length - 1;
    const label = inner ? '' : [...first, between, ...second].map(({ text }) => text.trim()).join(' ');
    return { spans: [span(' '), ...first, between, ...second], label: spoken(at, left, right) ?? label };
  });
}

/** A screen reader hears each host in one piece. */
function spoken(at: number, left: PairNode, right: PairNode): string | undefined {
  if (at === 1) return hostSpoken(left);
  if (at === 2) return hostSpoken(right);
  return at === 3 ? undefined : '';
}

function hostSpoken(node: PairNode): string {
  const flags = flagWords(node).map(({ text }) => text);
  return `Host ${[node.name, roleWord(node).text, ...(node.alias === null ? [] : [node.alias]), ...flags].join(', ')}`;
}

function hostRow(node: PairNode, frame: Frame): Line {
  const role = roleWord(node);
  const flags = flagWords(node).flatMap(({ text, tone }): Span[] => [span(`  ${text}`, tone)]);
  return {
    spans: [
      span(` ${markOf(role, frame.theme.glyphs)} `, role.tone === 'tab' ? 'good' : role.tone),
      span(pad(node.alias === null ? node.name : `${node.name} ${node.alias}`, 22), 'strong'),
      span(` ${role.text} `, role.tone),
      ...flags,
    ],
    label: hostSpoken(node),
  };
}

/** Rows of exactly `width` cells. */
function hostBox(node: PairNode, width: number, frame: Frame): Span[][] {
  const { glyphs } = frame.theme;
  const [topLeft, topRight, bottomLeft, bottomRight] = glyphs.corners;
  const active = isActive(node);
  const edge = active ? 'good' : 'dim';
  const inside = width - 4;
  const title = ` ${shorten(node.name, inside - 2)} `;
  const role = roleWord(node);
  const row = (...spans: Span[]): Span[] => [
    span(`${glyphs.vertical} `, edge),
    ...fitLine({ spans }, inside).spans,
    span(` ${glyphs.vertical}`, edge),
  ];
  const [first, ...others] = flagWords(node);
  const version = node.configVersion === null ? '' : `settings version ${node.configVersion}`;
  return [
    [
      span(topLeft + glyphs.rule, edge),
      span(title, active ? 'title' : 'strong'),
      span(glyphs.rule.repeat(Math.max(0, width - 3 - cellWidth(title))) + topRight, edge),
    ],
    row(
      span(`${markOf(role, glyphs)} `, active ? 'good' : role.tone),
      span(active ? ` ${role.text} ` : role.text, role.tone),
      span(node.alias === null ? '' : `  ${node.alias}`, 'dim'),
    ),
    row(
      span(first?.text ?? '', first?.tone),
      ...others.flatMap(({ text, tone }) => [span(', ', 'dim'), span(text, tone)]),
    ),
    row(span(version, 'dim')),
    [span(bottomLeft + glyphs.rule.repeat(width - 2) + bottomRight, edge)],
  ];
}

/** What goes from whom to whom; one span of the middle's width for each row of the boxes. */
function middleRows(pair: PairStatus, left: PairNode, right: PairNode, frame: Frame): Span[] {
  const { glyphs } = frame.theme;
  const bar = glyphs.recorded.slice(0, 1).repeat(middleWidth - 5);
  const leftward = { braille: '◂', block: '◄', ascii: '<' }[glyphs.tier];
  const centred = (text: string, tone: Span['tone']): Span => {
    const cut = shorten(text, middleWidth - 2);
    const before = Math.floor((middleWidth - cellWidth(cut)) / 2);
    return span(pad(' '.repeat(before) + cut, middleWidth), tone);
  };
  const agree =
    pair.settingsAgree === null
      ? centred('not known', 'dim')
      : pair.settingsAgree
        ? centred('agree', 'good')
        : centred('DIFFER', 'bad');
  const both = isActive(left) && isActive(right);
  const arrow = both
    ? centred(`${glyphs.bad} TWO ACTIVE`, 'alarm')
    : isActive(left)
      ? centred(`${bar}${glyphs.pointer}`, 'good')
      : isActive(right)
        ? centred(`${leftward}${bar}`, 'good')
        : isSilent(left) || isSilent(right)
          ? centred('not heard', 'warn')
          : centred('no active', 'warn');
  return [centred('', 'text'), centred('settings', 'dim'), arrow, agree, centred('', 'text')];
}

/** The lease: who holds it and for how long yet. */
export function leaseSpans(pair: PairStatus, ageMs: number): Span[] {
  const { lease, nodes } = pair;
  if (lease.holder === null) {
    const alone = pair.arbiter.state === 'none';
    return [alone ? span('none: there is no arbiter to give one', 'dim') : span('nobody holds it', 'warn')];
  }
  const holder = nodes.find(({ id }) => id === lease.holder)?.name ?? lease.holder;
  const left = lease.validForMs === null ? null : Math.max(0, lease.validForMs - ageMs);
  return [
    span(holder, 'strong'),
    span(`  epoch ${lease.epoch}`, 'dim'),
    span(left === null ? '' : `  ${ageText(left)} left`, left === 0 ? 'bad' : 'text'),
    span(pair.arbiter.state === 'unreachable' ? '  when last seen' : '', 'warn'),
  ];
}

/** The summary above the hosts. */
export function pairTitle(pair: PairStatus): Line {
  return line(
    span(` ${pair.application ?? ''}`, 'title'),
    span(`  epoch ${pair.epoch}`, 'dim'),
    span(pair.settingsAgree === false ? '  settings differ: the higher version wins at bring-in' : '', 'bad'),
  );
}
