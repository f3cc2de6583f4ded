/** How a pair is told in lines of text: its state, a plan, a decision. */
import type { Decision, OperationPlan, PairStatus } from '../../../contract/index.ts';
import { outageWords } from '../../../model/outage.ts';
import type { Column, Output, Tone } from '../../output.ts';
import { formatDuration, formatTime } from '../../time.ts';

type NodeStatus = PairStatus['nodes'][number];

const roleTones: Readonly<Record<NonNullable<NodeStatus['role']>, Tone>> = {
  out: 'dim',
  standby: 'plain',
  candidate: 'warning',
  activating: 'warning',
  active: 'good',
  deactivating: 'warning',
  fault: 'bad',
};

/** `standby, in maintenance, heard 0.1 s ago`. */
function nodeWords(node: NodeStatus): string {
  const role = node.role === 'active' ? 'ACTIVE' : (node.role ?? 'not in the pair');
  const flags = [
    ...(node.maintenance ? ['in maintenance'] : []),
    ...(node.standalone ? ['standing alone'] : []),
    ...(node.ageMs === null ? [] : [`heard ${shortAge(node.ageMs)} ago`]),
  ];
  return [role, ...flags].join(', ');
}

function shortAge(ms: number): string {
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : formatDuration(ms / 1_000);
}

const linkColumns: readonly Column<PairStatus['links'][number]>[] = [
  { title: 'link', value: (row) => row.id },
  { title: 'state', value: (row) => row.state, tone: (row) => (row.state === 'up' ? 'good' : 'bad') },
  {
    title: 'round trip',
    value: (row) => (row.roundTripMs === null ? '' : `${row.roundTripMs.toFixed(1)} ms`),
    align: 'right',
  },
  { title: 'loss', value: (row) => `${row.lossPercent.toFixed(1)} %`, align: 'right' },
  { title: 'refused', value: (row) => String(row.refused), align: 'right' },
];

const resourceColumns: readonly Column<PairStatus['resources'][number]>[] = [
  { title: 'resource', value: (row) => row.id },
  { title: 'name', value: (row) => row.name },
  { title: 'kind', value: (row) => row.kind },
  {
    title: 'state',
    value: (row) => row.state,
    tone: (row) => (row.state === 'running' ? 'good' : row.state === 'failed' ? 'bad' : 'plain'),
  },
  { title: 'after', value: (row) => row.after.join(' ') },
  { title: 'restarts', value: (row) => String(row.restarts), align: 'right' },
  { title: 'problem', value: (row) => row.problem ?? '' },
];

export const decisionColumns: readonly Column<Decision>[] = [
  { title: 'time', value: (row) => formatTime(row.timeMs) },
  { title: 'node', value: (row) => row.nodeId },
  { title: 'rule', value: (row) => row.rule },
  { title: 'outcome', value: (row) => row.outcome },
  {
    title: 'inputs',
    value: (row) =>
      Object.entries(row.inputs)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
  },
];

export function printPair(output: Output, pair: PairStatus): void {
  if (!pair.configured) {
    output.line('no pair is configured: this node stands alone');
    output.line(
      'begin with: holdfast standby pair code, and on the other node: holdfast standby pair join ADDRESS CODE',
    );
    return;
  }
  const agree =
    pair.settingsAgree === null ? 'not known' : pair.settingsAgree ? 'agree' : 'DIFFER between the nodes';
  output.line(`${pair.application ?? '-'}  epoch ${pair.epoch}  settings ${agree}`);
  output.line();
  const nameWidth = Math.max(...pair.nodes.map((node) => nameOf(node).length));
  for (const node of pair.nodes) {
    const tone = node.role === null ? 'dim' : roleTones[node.role];
    output.toned(tone, nodeWords(node), '', `${nameOf(node).padEnd(nameWidth)}  `);
  }
  output.line();
  output.facts([
    ['lease', leaseWords(pair)],
    ['arbiter', arbiterWords(pair)],
    ['forecast', pair.forecast],
  ]);
  output.line();
  output.table(pair.links, linkColumns, 'no heartbeat link');
  output.line();
  output.table(pair.resources, resourceColumns, 'no resource');
}

function nameOf(node: NodeStatus): string {
  const alias = [...(node.alias === null ? [] : [node.alias]), ...(node.self ? ['this node'] : [])].join(
    ', ',
  );
  return alias === '' ? node.name : `${node.name} (${alias})`;
}

function leaseWords({ lease, nodes, arbiter }: PairStatus): string {
  if (lease.holder === null) {
    return arbiter.state === 'none' ? 'none: there is no arbiter to give one' : 'nobody holds it';
  }
  const holder = nodes.find(({ id }) => id === lease.holder)?.name ?? lease.holder;
  const left = lease.validForMs === null ? '' : `, ${(lease.validForMs / 1_000).toFixed(1)} s left`;
  return `${holder}, epoch ${lease.epoch}${left}`;
}

function arbiterWords({ arbiter }: PairStatus): string {
  const unsafe = arbiter.unsafe ? ', UNSAFE: both can become active' : '';
  const problem = arbiter.problem === null ? '' : `: ${arbiter.problem}`;
  return `${arbiter.kind}${arbiter.state === 'none' ? '' : `, ${arbiter.state}`}${unsafe}${problem}`;
}

/** `dryRun` tells what would happen from what was set going. */
export function planLines(plan: OperationPlan, dryRun: boolean): string[] {
  if (!plan.possible) return [`${plan.operation}: not possible: ${plan.refusal ?? 'no reason was given'}`];
  const steps = plan.steps.map(
    ({ node, action, expectedMs }, at) =>
      `  ${at + 1}. ${node}: ${action}${expectedMs === null ? '' : `, about ${expectedMs} ms`}`,
  );
  return [
    dryRun
      ? `${plan.operation} would do this:`
      : `${plan.operation}: ${plan.done ? 'done' : 'still under way: holdfast standby status shows how far'}`,
    ...steps,
    `  outage: ${outageWords(plan)}`,
    `  data at risk: ${plan.dataAtRisk}`,
  ];
}
