/** How the guard stands, in the words of the contract: read from the machine's state, the links and the resources. */
import type { Decision, PairStatus } from '../../../src/contract/standby.ts';
import type { LinkStatus } from '../heartbeat/links.ts';
import { authorityUntilMs } from '../machine/authority.ts';
import { explain } from '../machine/explain.ts';
import { hasArbiter, isOccupied, nodeName, peerIsHeard } from '../machine/turn.ts';
import type { GuardState, Now } from '../machine/types.ts';
import type { ResourceRunner } from '../types.ts';
import type { GuardPair } from './protocol/schema.ts';

export interface ViewInput {
  state: GuardState;
  now: Now;
  links: LinkStatus[];
  states: ReturnType<ResourceRunner['states']>;
  /** The last of this guard, oldest first. */
  decisions: readonly Decision[];
}

export function pairView(input: ViewInput): GuardPair {
  const { state: s, now, links } = input;
  const peer = s.peer && {
    role: s.peer.payload.role,
    epoch: s.peer.payload.epoch,
    configVersion: s.peer.payload.configVersion,
    maintenance: s.peer.payload.maintenance,
    ageMs: Math.max(0, Math.round(now.monotonicMs - s.peer.receivedAtMs)),
  };
  return {
    pairId: s.config.pairId,
    role: s.role,
    wanted: s.wanted,
    epoch: s.epoch,
    highestEpoch: s.highestEpoch,
    maintenance: s.maintenance,
    standalone: s.standalone,
    problem: s.problem,
    configVersion: s.config.version,
    peer,
    arbiter: arbiterOf(s),
    lease: leaseOf(s, now),
    links,
    resources: resourcesOf(input),
    forecast: forecastOf(s, now),
    explanation: explanationOf(input),
  };
}

function arbiterOf(s: GuardState): PairStatus['arbiter'] {
  const { kind } = s.config.arbiter;
  if (!hasArbiter(s)) {
    return { kind, state: 'none', problem: null, unsafe: kind === 'availability-first' };
  }
  const lost = s.storeLostSinceMs !== null || s.lease === null;
  return { kind, state: lost ? 'unreachable' : 'reachable', problem: s.storeProblem, unsafe: false };
}

function leaseOf(s: GuardState, now: Now): PairStatus['lease'] {
  const record = s.lease?.stored?.record;
  const validForMs = isOccupied(s.role) && !s.expired ? authorityUntilMs(s) - now.monotonicMs : null;
  return {
    holder: record?.holder ?? null,
    epoch: record?.epoch ?? s.highestEpoch,
    validForMs:
      validForMs !== null && Number.isFinite(validForMs) ? Math.max(0, Math.round(validForMs)) : null,
  };
}

function resourcesOf({ state, states }: ViewInput): PairStatus['resources'] {
  const byId = new Map(states.map((each) => [each.id, each]));
  return state.config.resources.map(({ id, name, kind, after }) => {
    const live = byId.get(id);
    return {
      id,
      name,
      kind,
      after,
      state: live?.state ?? 'unknown',
      problem: live?.problem ?? null,
      restarts: live?.restarts ?? 0,
      sinceMs: live ? Math.round(live.sinceMs) : null,
    };
  });
}

/** One line: what would happen if the active node died now. */
function forecastOf(s: GuardState, now: Now): string {
  const peer = nodeName(s, s.peerId);
  const self = nodeName(s, s.nodeId);
  if (s.standalone) return `${self} works standalone: nobody would take over`;
  if (s.maintenance || s.peer?.payload.maintenance)
    return 'the pair is in maintenance: nobody would take over';
  if (s.role === 'active') {
    if (!peerIsHeard(s, now.monotonicMs)) return `${peer} is not heard: nobody would take over`;
    if (s.peer?.payload.role !== 'standby')
      return `${peer} is ${s.peer?.payload.role}: it would not take over`;
    return takesOver(s, peer);
  }
  if (s.role === 'standby' || s.role === 'candidate') return startWait(s, now) ?? takesOver(s, self);
  return `${self} is ${s.role}: it would not take over`;
}

/** Just started: an active that it has not heard yet comes first. */
function startWait(s: GuardState, now: Now): string | null {
  const leftMs =
    (s.startedAtMs ?? now.monotonicMs) + s.config.waitAfterStartSeconds * 1_000 - now.monotonicMs;
  if (leftMs <= 0 || !hasArbiter(s) || !s.config.triggers.peerLost) return null;
  return `${nodeName(s, s.nodeId)} has just started: it takes over by itself in ${Math.ceil(leftMs / 1_000)} s at the earliest; bring in does not wait`;
}

function takesOver(s: GuardState, who: string): string {
  if (!s.config.triggers.peerLost) return `${who} would not take over: the trigger is switched off`;
  if (s.config.arbiter.kind === 'manual') return `${who} would take over once a person confirms it`;
  if (hasArbiter(s) && s.storeLostSinceMs !== null)
    return `${who} could not take over: the arbiter is unreachable`;
  return `${who} would take over after about ${(s.timing.takeOverAfterMs / 1_000).toFixed(1)} s`;
}

/** The decisions in sentences, and then how things are. */
function explanationOf({ state: s, now, decisions }: ViewInput): GuardPair['explanation'] {
  const { summary, lines } = explain(s, decisions, now);
  const record = s.lease?.stored?.record;
  const lease = record
    ? `The lease: epoch ${record.epoch}, held by ${nodeName(s, record.holder)}.`
    : 'The lease: nobody has held it, or it is not known.';
  const peer = s.peer
    ? `${nodeName(s, s.peerId)} was heard ${Math.round(now.monotonicMs - s.peer.receivedAtMs)} ms ago as ${s.peer.payload.role}.`
    : `${nodeName(s, s.peerId)} has not been heard since this guard started.`;
  const troubles = Object.entries(s.troubles).map(([cause, problem]) => `Trouble with ${cause}: ${problem}.`);
  return { summary, lines: [...lines, ...(hasArbiter(s) ? [lease] : []), peer, ...troubles] };
}
