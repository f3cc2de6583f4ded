/** The vocabulary of a pair in words for people, with the tone that fits; state is never colour alone. */
import type { OperationPlan, PairStatus, PreflightCheck } from '../../../src/contract/index.ts';
import { outageWords } from '../../../src/model/outage.ts';
import { type Line, line, span } from '../../format/line.ts';
import { formatDuration } from '../../format/numbers.ts';
import { wrap } from '../../format/width.ts';
import type { Word } from '../../format/words.ts';
import type { Glyphs } from '../../glyphs.ts';

export type PairNode = PairStatus['nodes'][number];
export type PairLink = PairStatus['links'][number];
export type PairResource = PairStatus['resources'][number];

const roles: Readonly<Record<NonNullable<PairNode['role']>, Word>> = {
  out: { text: 'brought out', tone: 'dim' },
  standby: { text: 'standby', tone: 'strong' },
  candidate: { text: 'candidate: waits for the lease', tone: 'warn' },
  activating: { text: 'activating', tone: 'warn' },
  active: { text: 'ACTIVE', tone: 'tab' },
  deactivating: { text: 'deactivating', tone: 'warn' },
  fault: { text: 'FAULT', tone: 'alarm' },
};

/** A node that has not been heard for so long may have died: what is shown of it is history. */
const silentMs = 3_000;

export function isSilent({ ageMs }: PairNode): boolean {
  return ageMs !== null && ageMs > silentMs;
}

export function isActive(node: PairNode): boolean {
  return node.role === 'active' && !isSilent(node);
}

export function roleWord(node: PairNode): Word {
  if (node.role === null) return { text: 'not in the pair', tone: 'dim' };
  const word = roles[node.role];
  return isSilent(node) ? { text: `was ${word.text}`, tone: 'warn' } : word;
}

/** What else is to be said of a node, worst first. */
export function flagWords(node: PairNode): Word[] {
  const silent = isSilent(node);
  return [
    ...(silent ? [{ text: `silent for ${ageText(node.ageMs ?? 0)}`, tone: 'bad' as const }] : []),
    ...(node.maintenance ? [{ text: 'maintenance', tone: 'warn' as const }] : []),
    ...(node.standalone ? [{ text: 'stands alone', tone: 'warn' as const }] : []),
    ...(node.self ? [{ text: 'this node', tone: 'dim' as const }] : []),
    ...(!silent && node.ageMs !== null
      ? [{ text: `heard ${ageText(node.ageMs)} ago`, tone: 'dim' as const }]
      : []),
  ];
}

/** `0.1 s`, `12 s`, `3 min`. */
export function ageText(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : formatDuration(ms / 1000);
}

export function linkWord({ state }: PairLink): Word {
  return { up: word('up', 'good'), down: word('DOWN', 'bad'), unknown: word('not known', 'warn') }[state];
}

export function resourceWord({ state }: PairResource): Word {
  const words: Readonly<Record<PairResource['state'], Word>> = {
    running: word('running', 'good'),
    starting: word('starting', 'warn'),
    stopping: word('stopping', 'warn'),
    stopped: word('stopped', 'dim'),
    failed: word('FAILED', 'bad'),
    unknown: word('not known', 'warn'),
  };
  return words[state];
}

export function checkWord({ result }: PreflightCheck): Word {
  const words: Readonly<Record<PreflightCheck['result'], Word>> = {
    pass: word('pass', 'good'),
    warn: word('warn', 'warn'),
    fail: word('FAIL', 'alarm'),
    skip: word('skip', 'dim'),
  };
  return words[result];
}

function word(text: string, tone: Word['tone']): Word {
  return { text, tone };
}

export function markOf({ tone }: Word, glyphs: Glyphs): string {
  if (tone === 'good' || tone === 'tab') return glyphs.good;
  if (tone === 'bad' || tone === 'alarm') return glyphs.bad;
  return tone === 'warn' ? glyphs.busy : glyphs.bullet;
}

/** How the arbiter of a kind is called. */
export function arbiterName(kind: string): string {
  const names: Readonly<Record<string, string>> = {
    hub: 'hub',
    etcd: 'etcd',
    nats: 'NATS',
    manual: 'none: a person decides',
    'fence-agent': 'fence agent',
    'availability-first': 'none: availability first',
  };
  return names[kind] ?? kind;
}

/** Resources as a tree: each below the first that it waits for, with its depth. A circle ends where it closes. */
export function resourceTree(
  resources: readonly PairResource[],
): { resource: PairResource; depth: number }[] {
  const rows: { resource: PairResource; depth: number }[] = [];
  const placed = new Set<string>();
  const place = (resource: PairResource, depth: number): void => {
    if (placed.has(resource.id)) return;
    placed.add(resource.id);
    rows.push({ resource, depth });
    for (const child of resources) if (child.after[0] === resource.id) place(child, depth + 1);
  };
  const known = new Set(resources.map(({ id }) => id));
  for (const resource of resources) if (!known.has(resource.after[0] ?? '')) place(resource, 0);
  for (const resource of resources) place(resource, 0);
  return rows;
}

const planStepsMax = 9;

/** A plan in sentences, what matters most at the end. */
export function planSentences(plan: OperationPlan): string[] {
  const shown = plan.steps.slice(0, planStepsMax);
  const more = plan.steps.length - shown.length;
  return [
    ...shown.map(
      ({ node, action, expectedMs }, at) =>
        `${at + 1}. ${node}: ${action}${expectedMs === null ? '' : ` (${expectedMs} ms)`}`,
    ),
    ...(more > 0 ? [`and ${more} more steps`] : []),
    `Outage: ${outageWords(plan)}. Data at risk: ${plan.dataAtRisk}.`,
  ];
}

export function planLines(plan: OperationPlan, width: number): Line[] {
  const sentences = plan.possible
    ? planSentences(plan)
    : [`Not possible: ${plan.refusal ?? 'no reason was given'}`];
  return sentences.flatMap((text) =>
    wrap(text, width).map((row) => line(span(row, plan.possible ? 'text' : 'alarm'))),
  );
}
