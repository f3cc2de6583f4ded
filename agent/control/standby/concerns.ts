/** What the Home page says of a pair: does its application run, and would the next failure be survived? Pure. */
import type { Concern, PairStatus } from '../../../src/contract/index.ts';

/** A peer that was not heard for so long would take nothing over. */
const silentAfterMs = 10_000;

type Add = (level: 'warning' | 'error', question: 'service' | 'todo', text: string, hint: string) => void;

/** Nothing for a node that stands alone. */
export function pairConcerns(pair: PairStatus): Concern[] {
  if (!pair.configured) return [];
  const found: Concern[] = [];
  const add: Add = (level, question, text, hint) =>
    found.push({ level, question, text, hint, page: 'standby' });
  const self = pair.nodes.find((node) => node.self);
  if (!self?.role)
    add(
      'warning',
      'service',
      pair.forecast,
      'It is started again by itself; why it ended: holdfast log search guard.',
    );
  else if (self.role === 'out') {
    add(
      'warning',
      'todo',
      `${pair.application} is brought out: nobody would take over`,
      'Bring it in: holdfast standby bring-in.',
    );
    return found;
  }
  if (self?.role === 'fault')
    add(
      'error',
      'todo',
      'this node failed, and would not take over',
      'Why: holdfast standby explain. When it is mended: holdfast standby bring-in.',
    );
  resourceConcerns(pair, add);
  if (pair.nodes.some(({ maintenance }) => maintenance))
    add(
      'warning',
      'todo',
      'the pair is in maintenance: nobody would take over',
      'End it: holdfast standby maintenance off.',
    );
  if (self?.role) waysConcerns(pair, add);
  return found;
}

function resourceConcerns({ resources }: PairStatus, add: Add): void {
  for (const { name, state, problem } of resources) {
    if (state !== 'failed') continue;
    const why = problem === null ? '' : `: ${problem}`;
    add(
      'error',
      'service',
      `${name} has failed${why}`,
      'See it, and what it waits for: holdfast standby resource list.',
    );
  }
}

/** Between the nodes, and to who decides. */
function waysConcerns({ arbiter, links, nodes }: PairStatus, add: Add): void {
  if (arbiter.state === 'unreachable') {
    const why = arbiter.problem === null ? '' : `: ${arbiter.problem}`;
    add(
      'warning',
      'service',
      `the arbiter does not answer${why}`,
      'See whether it runs and is reached: holdfast standby status.',
    );
  }
  const peer = nodes.find(({ self }) => !self);
  if (peer && (peer.ageMs === null || peer.ageMs > silentAfterMs)) {
    add(
      'warning',
      'service',
      `${peer.name} is not heard`,
      'See whether it runs, and the cables: holdfast standby link list.',
    );
    return;
  }
  for (const { id, state } of links)
    if (state === 'down')
      add(
        'warning',
        'service',
        `the link ${id} is down`,
        'See its cable and its switch: holdfast standby link list.',
      );
}
