/** The pair as the console shows it: what the guard says, what the peer link says, and how old either is. */
import type { Decision, PairStatus } from '../../../src/contract/index.ts';
import type { Settings } from '../../../src/settings/schema.ts';
import type { GuardPair } from '../../standby/guard/protocol/schema.ts';

export interface StatusInput {
  settings: Settings;
  guard: { pair: GuardPair | null; ageMs: number } | null;
  agrees: boolean | null;
  peerVersion: number | null;
  decisions: Decision[];
}

const decisionsShown = 10;

export function pairStatus(input: StatusInput): PairStatus {
  const { settings, guard, agrees, decisions } = input;
  const config = settings.pair?.config ?? null;
  const live = guard?.pair ?? null;
  return {
    configured: config !== null,
    application: config?.application ?? null,
    epoch: live?.highestEpoch ?? settings.pair?.configEpoch ?? 0,
    arbiter: live?.arbiter ?? {
      kind: config?.arbiter.kind ?? 'none',
      state: 'none',
      problem: config ? 'the guard of this node is not running' : null,
      unsafe: false,
    },
    lease: live?.lease ?? { holder: null, epoch: 0, validForMs: null },
    nodes: nodesOf(input),
    settingsAgree: agrees,
    links: live?.links ?? [],
    resources: live?.resources ?? stoppedResources(settings),
    lastDecisions: decisions.slice(0, decisionsShown),
    forecast: live?.forecast ?? forecastWithoutGuard(settings),
  };
}

function nodesOf({ settings, guard, peerVersion }: StatusInput): PairStatus['nodes'] {
  const { pair, node } = settings;
  if (!pair) return [];
  const live = guard?.pair ?? null;
  const alias = (id: string) => pair.config?.nodes.find((each) => each.id === id)?.alias ?? null;
  return [
    {
      id: node.id,
      name: node.name,
      alias: alias(node.id),
      self: true,
      role: live?.role ?? (pair.config ? null : 'out'),
      maintenance: live?.maintenance ?? false,
      standalone: live?.standalone ?? false,
      ageMs: null,
      configVersion: pair.config?.version ?? null,
    },
    {
      id: pair.peer.nodeId,
      name: pair.peer.name,
      alias: alias(pair.peer.nodeId),
      self: false,
      role: live?.peer?.role ?? null,
      maintenance: live?.peer?.maintenance ?? false,
      standalone: false,
      ageMs: live?.peer ? live.peer.ageMs + (guard?.ageMs ?? 0) : null,
      configVersion: live?.peer?.configVersion ?? peerVersion,
    },
  ];
}

function stoppedResources({ pair }: Settings): PairStatus['resources'] {
  return (pair?.config?.resources ?? []).map(({ id, name, kind, after }) => ({
    id,
    name,
    kind,
    after,
    state: 'unknown',
    problem: null,
    restarts: 0,
    sinceMs: null,
  }));
}

function forecastWithoutGuard({ pair }: Settings): string {
  if (!pair) return 'this node is not paired';
  return pair.config
    ? 'the guard of this node is not running: it would not take over'
    : 'the pair has no settings yet';
}
