/** The guard's machine: events in, actions out, no clock and no socket; never two actives of a pair (I4). See DESIGN.md. */
import type { PairConfig } from '../../src/contract/standby.ts';
import { checkAuthority, failed, loseAuthority, reset, stopped } from './machine/authority.ts';
import { expireRequest, onRead, onWrite } from './machine/lease-io.ts';
import { onResourceFailed, onSuspended, onTrouble, operate, shutDown } from './machine/operations.ts';
import { onFenceResult } from './machine/pact.ts';
import { onHeartbeat } from './machine/peer.ts';
import { settle } from './machine/roles.ts';
import { become, decide, isOccupied, type Turn, tell } from './machine/turn.ts';
import type { GuardEvent, GuardState, GuardStep, Now } from './machine/types.ts';
import { timingOf } from './timing-plan.ts';

/** A guard without a step for this long was frozen or starved: what it did not hear meanwhile proves nothing. */
const heldUpMs = 500;

/** Neither reads a clock nor changes what it is given. `now` is read before the event is handed in. */
export function step(state: GuardState, event: GuardEvent, now: Now): GuardStep {
  const turn: Turn = { s: { ...state }, now, actions: [] };
  if (turn.s.startedAtMs === null) begin(turn);
  noticeBreak(turn, event);
  // Woken from a sleep, the clock is put right before it is asked.
  if (event.type === 'suspended' && onSuspended(turn, event.forMs)) suspended(turn, event.forMs);
  checkAuthority(turn);
  expireRequest(turn);
  handle(turn, event);
  settle(turn);
  return { state: turn.s, actions: turn.actions };
}

/** Nothing is known of an earlier process: whatever it left is stopped before anything else. */
function begin(turn: Turn): void {
  const { s, now } = turn;
  s.startedAtMs = now.monotonicMs;
  s.roleSinceMs = now.monotonicMs;
  s.resources = 'stopping';
  decide(turn, 'start', 'stops what may be left of an earlier run', {
    wanted: s.wanted,
    highestEpoch: s.highestEpoch,
    resourcesMayRun: s.resourcesMayRun,
  });
  if (s.resourcesMayRun) turn.actions.push({ type: 'freeze' }, { type: 'dropAddresses' });
  turn.actions.push({ type: 'stopResources' });
}

function noticeBreak({ s, now }: Turn, event: GuardEvent): void {
  const heldUp = now.monotonicMs - s.lastStepMs >= heldUpMs || event.type === 'suspended';
  if (heldUp) s.listensSinceMs = now.monotonicMs;
  s.lastStepMs = now.monotonicMs;
}

function suspended(turn: Turn, forMs: number): void {
  loseAuthority(turn, 'suspended', `the machine was suspended for ${Math.round(forMs)} ms`, {
    forMs: Math.round(forMs),
  });
}

function handle(turn: Turn, event: GuardEvent) {
  const { s } = turn;
  switch (event.type) {
    case 'tick':
    case 'suspended':
      return;
    case 'leaseRead':
      return onRead(turn, event.requestId, event.outcome);
    case 'leaseWrite':
      return onWrite(turn, event.requestId, event.outcome);
    case 'heartbeat':
      return onHeartbeat(turn, event.linkId, event.payload);
    case 'link':
      return onLink(turn, event.linkId, event.up);
    case 'resourcesStarted':
      return onStarted(turn);
    case 'startFailed':
      if (s.role !== 'activating') return;
      return failed(turn, 'start-failed', `the start failed: ${event.problem}`);
    case 'resourcesStopped':
      return stopped(turn);
    case 'stopFailed':
      return onStopFailed(turn, event.problem);
    case 'resourceFailed':
      return onResourceFailed(turn, event.id, event.problem);
    case 'trouble':
      return onTrouble(turn, event.cause, event.problem);
    case 'data':
      s.data = { lagBytes: event.lagBytes, consistent: event.consistent };
      return;
    case 'operator':
      return operate(turn, event.operation, event.confirm);
    case 'configChanged':
      return onConfig(turn, event.config);
    case 'fenceResult':
      return onFenceResult(turn, event.requestId, event.peerIsOff, event.problem);
    case 'shutdown':
      return shutDown(turn);
  }
}

function onLink(turn: Turn, linkId: string, up: boolean): void {
  const { s } = turn;
  if (s.links[linkId] === up) return;
  s.links = { ...s.links, [linkId]: up };
  tell(
    turn,
    up ? 'info' : 'warning',
    up ? 'link-up' : 'link-down',
    `link ${linkId} is ${up ? 'up' : 'down'}`,
  );
}

function onStarted(turn: Turn): void {
  const { s } = turn;
  if (s.role !== 'activating') return;
  s.resources = 'running';
  become(turn, 'active');
  decide(turn, 'started', 'is active', { epoch: s.epoch });
  tell(turn, 'info', 'active', `active under epoch ${s.epoch}`);
}

/** What cannot be stopped cannot be handed over: only a reset makes it safe. */
function onStopFailed(turn: Turn, problem: string): void {
  const { s } = turn;
  if (s.role !== 'deactivating') return;
  s.problem = problem;
  s.resources = 'unknown';
  if (s.epoch === 0 && !s.resourcesMayRun) {
    become(turn, 'fault');
    decide(turn, 'stop-failed', `nothing was started here, and yet it cannot be stopped: ${problem}`, {});
    tell(turn, 'error', 'stop-failed', problem);
    return;
  }
  // Whatever happens to this machine now, it shall not come back as if nothing had been.
  s.resetAtMs = Number.NEGATIVE_INFINITY;
  reset(turn, `a resource cannot be stopped: ${problem}`);
}

/** Settings that the safety of the pair rests on change only while brought out; the others at once. */
function onConfig(turn: Turn, config: PairConfig): void {
  const { s } = turn;
  const foundation = (each: PairConfig) =>
    JSON.stringify([
      each.pairId,
      each.nodes.map((node) => node.id),
      each.arbiter.kind,
      each.profile,
      each.timing,
    ]);
  const isLive = foundation(config) === foundation(s.config);
  if (!isLive && (s.role !== 'out' || isOccupied(s.role))) {
    decide(turn, 'settings-refused', 'nodes, arbiter and times change only while brought out', {
      version: config.version,
    });
    return;
  }
  const peer = config.nodes.find((node) => node.id !== s.nodeId);
  s.config = config;
  s.timing = timingOf(config.profile, config.arbiter.kind, config.timing);
  s.peerId = peer?.id ?? s.peerId;
  if (!isLive) {
    s.lease = null;
    s.peer = null;
    s.readDue = true;
  }
  decide(turn, 'settings', `uses version ${config.version} of the settings`, { version: config.version });
}
