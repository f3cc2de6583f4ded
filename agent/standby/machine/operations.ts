/** What operators, peers and failures ask of the guard: each is refused with a reason or leads down or up in order. */
import type { HeartbeatPayload } from '../types.ts';
import { failed, stepDown } from './authority.ts';
import {
  become,
  decide,
  fired,
  hasArbiter,
  nodeName,
  peerIsHeard,
  persist,
  type Turn,
  tell,
} from './turn.ts';
import type { GuardState, Operation, Trouble } from './types.ts';
import { failureCountsMs, wentBack } from './verdict.ts';

/** How long an operator's wish to become active, or to be handed the application, stands. */
export const wishMs = 60_000;
/** How long a person's word that the peer is off counts. */
const evidenceMs = 3_000;
/** How long a switch waits for the standby's data. */
export const drainMaxMs = 10_000;

export function isConfirmed(s: GuardState, confirm: string | undefined): boolean {
  return confirm !== undefined && (confirm === s.peerId || confirm === nodeName(s, s.peerId));
}

/** Why an operation cannot be done now; null when it can. The dry run and the real one ask the same. */
export function refusalOf(
  s: GuardState,
  operation: Operation,
  confirm: string | undefined,
  nowMs: number,
): string | null {
  const peer = nodeName(s, s.peerId);
  const confirmed = isConfirmed(s, confirm);
  switch (operation) {
    case 'bring-in':
      if (s.wanted === 'in' && s.role === 'active') return 'it is active already';
      return needsEvidence(s, confirmed, nowMs);
    case 'bring-out':
      return s.role === 'out' ? 'it is brought out already' : null;
    case 'switch':
      if (s.role === 'active') return peerRefusal(s, nowMs);
      if (s.role !== 'standby') return `this node is ${s.role}, neither active nor standby`;
      if (!peerIsHeard(s, nowMs) || s.peer?.payload.role !== 'active') {
        return `${peer} is not heard as the active; if it has failed, use take-over`;
      }
      return s.peer.payload.maintenance || s.maintenance ? 'the pair is in maintenance' : null;
    case 'hand-over':
      return s.role === 'active' ? null : `this node is ${s.role}, not active`;
    case 'take-over':
      if (s.role !== 'standby' && s.role !== 'candidate') return `this node is ${s.role}, not standby`;
      if (wentBack(s) && !confirmed) {
        return `the arbiter shows an earlier state than before; type the name ${peer} to say that it is stopped`;
      }
      return livingPeer(s, nowMs) ?? needsEvidence(s, confirmed, nowMs);
    case 'standalone-on':
      return confirmed ? null : `type the name ${peer} to say that this node works without it`;
    case 'maintenance-on':
    case 'maintenance-off':
    case 'standalone-off':
      return null;
  }
}

/** A take-over is for a peer that failed; one that is well hands over by a switch, without any outage for the lease. */
function livingPeer(s: GuardState, nowMs: number): string | null {
  const role = s.peer?.payload.role;
  if (!peerIsHeard(s, nowMs) || (role !== 'active' && role !== 'activating')) return null;
  return `${nodeName(s, s.peerId)} is heard and ${role}; use switch to move the application here`;
}

/** Without a lease, an unheard peer may be active: only a person can know that it is not. */
function needsEvidence(s: GuardState, confirmed: boolean, nowMs: number): string | null {
  if (s.config.arbiter.kind !== 'manual' || confirmed || s.standalone) return null;
  if (peerIsHeard(s, nowMs)) return null;
  const peer = nodeName(s, s.peerId);
  const heard = s.peer
    ? `last heard ${Math.round((nowMs - s.peer.receivedAtMs) / 1000)} s ago as ${s.peer.payload.role}`
    : 'not heard since this guard started';
  return `${peer} is ${heard}; see that it is off, then type its name to confirm`;
}

function peerRefusal(s: GuardState, nowMs: number): string | null {
  const peer = nodeName(s, s.peerId);
  if (s.maintenance || s.peer?.payload.maintenance) return 'the pair is in maintenance';
  if (s.standalone) return 'this node works standalone';
  if (!s.peer || !peerIsHeard(s, nowMs)) return `${peer} is not heard`;
  if (s.peer.payload.role !== 'standby') return `${peer} is ${s.peer.payload.role}, not standby`;
  if (s.peer.payload.configVersion !== s.config.version) return `${peer} has other settings`;
  return s.peer.payload.resourcesFailed > 0
    ? `a resource failed on ${peer} in the last ${failureCountsMs / 1_000} s, or ${peer} has a trouble of its own: explain says which`
    : null;
}

export function operate(turn: Turn, operation: Operation, confirm: string | undefined) {
  const { s, now } = turn;
  const refusal = refusalOf(s, operation, confirm, now.monotonicMs);
  if (refusal !== null) {
    decide(turn, `${operation}-refused`, refusal, { role: s.role });
    return;
  }
  switch (operation) {
    case 'bring-in':
      return bringIn(turn, isConfirmed(s, confirm));
    case 'bring-out':
      return bringOut(turn);
    case 'switch':
      return s.role === 'active' ? startSwitch(turn, 'switch', 'asked by an operator') : askForYield(turn);
    case 'hand-over':
      return stepDown(turn, {
        rule: 'hand-over',
        why: `an operator hands over to ${nodeName(s, s.peerId)}`,
        next: 'standby',
        successor: s.peerId,
      });
    case 'take-over':
      s.notBeforeMs = Number.NEGATIVE_INFINITY;
      return wish(turn, 'take-over', isConfirmed(s, confirm));
    case 'maintenance-on':
    case 'maintenance-off':
      s.maintenance = operation === 'maintenance-on';
      break;
    case 'standalone-on':
    case 'standalone-off':
      s.standalone = operation === 'standalone-on';
  }
  decide(turn, operation, 'asked by an operator', { role: s.role });
  persist(turn);
  turn.actions.push({ type: 'sendHeartbeats' });
}

function wish(turn: Turn, operation: 'bring-in' | 'take-over', confirmed: boolean): void {
  const { s, now } = turn;
  // Without a lease a confirmation is worth what the person saw a moment ago, and no more.
  const forMs = hasArbiter(s) ? wishMs + s.timing.takeOverAfterMs : evidenceMs;
  s.campaign = { operation, confirmed, untilMs: now.monotonicMs + forMs };
  decide(turn, operation, 'asked by an operator', {
    confirmed,
    leaseEpoch: s.lease?.stored?.record.epoch ?? 0,
  });
}

function bringIn(turn: Turn, confirmed: boolean): void {
  const { s } = turn;
  s.wanted = 'in';
  s.failures = 0;
  s.problem = null;
  s.notBeforeMs = Number.NEGATIVE_INFINITY;
  persist(turn);
  if (s.role === 'out' || s.role === 'fault') become(turn, 'standby');
  if (s.resources === 'unknown') {
    s.resources = 'stopping';
    s.expired = true;
    become(turn, 'deactivating');
    turn.actions.push({ type: 'stopResources' });
  }
  if (s.role === 'deactivating') s.next = 'standby';
  wish(turn, 'bring-in', confirmed);
}

function bringOut(turn: Turn): void {
  const { s } = turn;
  s.wanted = 'out';
  s.campaign = null;
  s.yieldWantedUntilMs = Number.NEGATIVE_INFINITY;
  persist(turn);
  if (s.role === 'active' || s.role === 'activating') {
    const why = 'an operator brings the application out';
    stepDown(turn, { rule: 'bring-out', why, next: 'out', successor: null });
    return;
  }
  decide(turn, 'bring-out', 'asked by an operator', { role: s.role });
  if (s.role !== 'deactivating') {
    become(turn, 'out');
    return;
  }
  s.next = 'out';
  if (s.resources !== 'unknown') return;
  // What could not be stopped may be stoppable by now, for instance because a person has stopped it.
  s.resources = 'stopping';
  turn.actions.push({ type: 'stopResources' });
}

function askForYield(turn: Turn): void {
  const { s, now } = turn;
  s.yieldWantedUntilMs = now.monotonicMs + drainMaxMs + s.timing.takeOverAfterMs;
  decide(turn, 'switch', `asks ${nodeName(s, s.peerId)} to hand over`, {});
  turn.actions.push({ type: 'sendHeartbeats' });
}

/** Rule 8: the data first, then the release. */
export function startSwitch(turn: Turn, rule: string, why: string): void {
  const { s, now } = turn;
  if (s.drainUntilMs > 0) return;
  s.drainUntilMs = now.monotonicMs + drainMaxMs;
  decide(turn, rule, `${why}; waits for the standby's data`, { lagBytes: s.data.lagBytes });
}

export function continueSwitch(turn: Turn) {
  const { s, now } = turn;
  if (s.drainUntilMs === 0) return;
  const refusal = peerRefusal(s, now.monotonicMs);
  if (refusal !== null) return cancelSwitch(turn, refusal);
  if (s.data.lagBytes > 0) {
    if (now.monotonicMs < s.drainUntilMs) return;
    if (s.config.consistency === 'complete') {
      return cancelSwitch(
        turn,
        `${s.data.lagBytes} bytes are still not on the standby after ${drainMaxMs} ms`,
      );
    }
  }
  stepDown(turn, {
    rule: 'switch-drained',
    why: `stops and hands over to ${nodeName(s, s.peerId)}`,
    next: 'standby',
    successor: s.peerId,
    inputs: { lagBytes: s.data.lagBytes },
  });
}

function cancelSwitch(turn: Turn, why: string): void {
  turn.s.drainUntilMs = 0;
  decide(turn, 'switch-cancelled', why, {});
  tell(turn, 'warning', 'switch-cancelled', why);
}

/** A peer asks; the active decides (rules 7 and 8). */
export function answerYieldRequest(turn: Turn, payload: HeartbeatPayload) {
  const { s, now } = turn;
  if (s.role !== 'active' || s.drainUntilMs > 0) return;
  const refusal = peerRefusal(s, now.monotonicMs);
  if (refusal === null)
    return startSwitch(turn, 'yield', `${nodeName(s, payload.nodeId)} asks for the application`);
  const reason = `yield-refused: ${refusal}`;
  if (s.stayReason === reason) return;
  s.stayReason = reason;
  decide(turn, 'yield-refused', refusal, {});
}

/** The agent ends in order: this node never takes again in this life. */
export function shutDown(turn: Turn): void {
  const { s } = turn;
  s.notBeforeMs = Number.POSITIVE_INFINITY;
  s.campaign = null;
  if (s.role === 'candidate') become(turn, 'standby');
  if (s.role !== 'active' && s.role !== 'activating') return;
  const successor = s.maintenance || s.standalone ? s.nodeId : s.peerId;
  stepDown(turn, { rule: 'shutdown', why: 'the agent ends', next: 'standby', successor });
}

const troubleTexts: Readonly<Record<Trouble, string>> = {
  network: 'the service network is lost',
  process: 'one of its processes cannot be kept up',
  storage: 'storage is lost',
};

/** Triggers act on the active itself; on a standby they only keep it from taking over. */
export function onTrouble(turn: Turn, cause: Trouble, problem: string | null): void {
  const { s } = turn;
  const { [cause]: _, ...others } = s.troubles;
  s.troubles = problem === null ? others : { ...others, [cause]: problem };
  if (problem === null) return;
  const on = s.config.triggers[cause];
  const acts = on && !s.maintenance && (s.role === 'active' || s.role === 'activating');
  fired(turn, cause);
  if (!acts) {
    decide(turn, `${cause}-ignored`, `${troubleTexts[cause]}: nothing to do`, {
      problem,
      role: s.role,
      triggerOn: on,
      maintenance: s.maintenance,
    });
    return;
  }
  if (cause === 'network') leaveFor(turn, cause, problem);
}

/**
 * Lost storage, or a process that cannot be kept up: the application still serves, so it is left only to a peer that is
 * heard and well, now or once there is one.
 */
export function leaveForTroubles(turn: Turn) {
  const { s, now } = turn;
  const causes = ['storage', 'process'] as const;
  const cause = causes.find((each) => s.troubles[each] !== undefined && s.config.triggers[each]);
  const problem = cause && s.troubles[cause];
  if (!cause || problem === undefined || s.drainUntilMs > 0) {
    s.stayedWith = null;
    return;
  }
  const refusal = peerRefusal(s, now.monotonicMs);
  if (refusal === null) return leaveFor(turn, cause, problem);
  const noted = `${cause}: ${refusal}`;
  if (s.stayedWith === noted) return;
  s.stayedWith = noted;
  decide(turn, `${cause}-stays`, `${troubleTexts[cause]}: ${problem}; it stays active, as ${refusal}`, {
    problem,
  });
}

function leaveFor(turn: Turn, cause: Trouble, problem: string): void {
  const { s } = turn;
  stepDown(turn, {
    rule: `${cause}-lost`,
    why: `${troubleTexts[cause]}: ${problem}`,
    next: 'standby',
    successor: s.standalone ? s.nodeId : s.peerId,
    inputs: { problem },
  });
  tell(turn, 'error', `${cause}-lost`, `${nodeName(s, s.nodeId)}: ${troubleTexts[cause]}: ${problem}`);
}

export function onResourceFailed(turn: Turn, id: string, problem: string): void {
  const { s } = turn;
  if (s.role !== 'active') return;
  s.resourceFailedAtMs = turn.now.monotonicMs;
  if (!s.config.triggers.resource || s.maintenance) {
    fired(turn, 'resource');
    const why = s.maintenance ? 'the pair is in maintenance' : 'the trigger is switched off';
    decide(turn, 'resource-ignored', `${id}: ${problem}: ${why}`, { resource: id, problem });
    return;
  }
  failed(turn, 'resource-failed', `${id} failed for good: ${problem}`, { resource: id });
}

/**
 * The machine slept: the monotonic clock stood still, so whatever it promised has run out earlier by that much, and no
 * request sent before counts for anything. True when a right was lost with it.
 */
export function onSuspended(turn: Turn, forMs: number): boolean {
  const { s } = turn;
  s.request = null;
  s.unknownWrites = [];
  s.readDue = true;
  s.fence = null;
  if (s.peer) s.peer = { ...s.peer, receivedAtMs: s.peer.receivedAtMs - forMs };
  if (s.role === 'candidate') become(turn, 'standby');
  if (!hasArbiter(s) || s.epoch === 0) return false;
  s.validUntilMs -= forMs;
  s.promisedUntilMs -= forMs;
  s.resetAtMs -= forMs;
  return true;
}
