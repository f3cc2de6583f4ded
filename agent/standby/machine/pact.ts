/** Pairs without an arbiter: two nodes that hear each other agree by promise; one alone needs a person, a fence, or takes the risk. */
import type { HeartbeatPayload } from '../types.ts';
import { activate, stepDown } from './authority.ts';
import { become, decide, hasListened, isOccupied, nodeName, peerIsHeard, type Turn, tell } from './turn.ts';
import type { GuardState } from './types.ts';
import { policyObstacle, type StayRule, type Verdict } from './verdict.ts';

const fenceTimeoutMs = 60_000;
const fenceRetryMs = 10_000;

const stay = (rule: StayRule): Verdict => ({ take: false, rule });

/** Which of two equals goes first: the configured default host, else the lower id. */
function isPreferred(s: GuardState): boolean {
  if (s.config.defaultNodeId === s.nodeId) return true;
  return s.config.defaultNodeId === s.peerId ? false : s.nodeId < s.peerId;
}

/** May this standby try: alone when the peer is silent, by agreement when it is heard and not active. */
export function pactVerdict(s: GuardState, nowMs: number): Verdict {
  if (s.resources !== 'stopped') return stay('still-stopping');
  if (nowMs < s.promiseHeldUntilMs) return stay('promise');
  if (peerIsHeard(s, nowMs) && s.peer) return heardVerdict(s, s.peer.payload, nowMs);
  if (!hasListened(s, nowMs)) return stay('wait-after-start');
  if (s.config.arbiter.kind === 'manual' && !s.standalone) {
    return s.campaign?.confirmed ? { take: true, rule: 'operator' } : stay('needs-operator');
  }
  if (s.campaign) return { take: true, rule: 'operator' };
  const obstacle = policyObstacle(s, nowMs, { released: false, ownLease: false, peerLost: true });
  return obstacle ? stay(obstacle) : { take: true, rule: 'lease-not-renewed' };
}

function heardVerdict(s: GuardState, peer: HeartbeatPayload, nowMs: number): Verdict {
  if (isOccupied(peer.role)) return stay('peer-active');
  if (peer.role === 'candidate' && !isPreferred(s)) return stay('peer-first');
  if (s.campaign) return { take: true, rule: 'operator' };
  const obstacle = policyObstacle(s, nowMs, { released: peer.offer, ownLease: false, peerLost: false });
  if (obstacle) return stay(obstacle);
  if (peer.offer) return { take: true, rule: 'released-to-us' };
  if (nowMs < s.offerUntilMs) return stay('peer-first');
  if (!isPreferred(s) && peer.role === 'standby') return stay('peer-first');
  return { take: true, rule: 'lease-free' };
}

/** A candidate that hears its peer waits for the peer's promise; one that does not, acts by the arbiter's kind. */
export function campaignWithoutArbiter(turn: Turn) {
  const { s, now } = turn;
  if (s.fence) {
    if (now.monotonicMs - s.fence.sentAtMs > fenceTimeoutMs)
      onFenceResult(turn, s.fence.id, false, 'no answer');
    return;
  }
  const verdict = pactVerdict(s, now.monotonicMs);
  if (!verdict.take) return become(turn, 'standby');
  if (peerIsHeard(s, now.monotonicMs)) return;
  const inputs = {
    arbiter: s.config.arbiter.kind,
    peerSilentMs: s.peer ? Math.round(now.monotonicMs - s.peer.receivedAtMs) : null,
    confirmed: s.campaign?.confirmed ?? false,
    standalone: s.standalone,
  };
  if (s.config.arbiter.kind === 'fence-agent') return askFence(turn);
  const rule = s.config.arbiter.kind === 'manual' ? 'operator-confirmed' : 'availability-first';
  if (rule === 'availability-first') {
    tell(
      turn,
      'warning',
      'unsafe',
      'takes over without proof that the peer has stopped (availability-first)',
    );
  }
  activate(turn, { epoch: s.highestEpoch + 1, rule, inputs, handedOver: false });
}

function askFence(turn: Turn): void {
  const { s, now } = turn;
  const id = s.nextRequestId;
  s.nextRequestId = id + 1;
  s.fence = { id, sentAtMs: now.monotonicMs };
  decide(turn, 'fence', `asks the fence to switch ${nodeName(s, s.peerId)} off`, {
    peerSilentMs: s.peer ? Math.round(now.monotonicMs - s.peer.receivedAtMs) : null,
  });
  turn.actions.push({ type: 'fence', requestId: id });
}

/** Only a report that the peer is off allows anything. */
export function onFenceResult(turn: Turn, requestId: number, peerIsOff: boolean, problem: string | null) {
  const { s, now } = turn;
  if (s.fence?.id !== requestId) return;
  s.fence = null;
  if (peerIsOff && s.role === 'candidate') {
    return activate(turn, {
      epoch: s.highestEpoch + 1,
      rule: 'fenced',
      inputs: { peerIsOff },
      handedOver: false,
    });
  }
  s.notBeforeMs = Math.max(s.notBeforeMs, now.monotonicMs + fenceRetryMs);
  const text = problem ?? 'the fence did not report that the peer is off';
  decide(turn, 'fence-failed', text, { peerIsOff });
  tell(turn, 'error', 'fence-failed', `no take-over: ${text}`);
  if (s.role === 'candidate') become(turn, 'standby');
}

export function hearPeerWithoutArbiter(turn: Turn, payload: HeartbeatPayload): void {
  const { s } = turn;
  if (s.role === 'candidate' && !s.fence) acceptAgreement(turn, payload);
  else if (
    (s.role === 'active' || s.role === 'activating') &&
    isOccupied(payload.role) &&
    payload.epoch > 0
  ) {
    settleDoubleActivity(turn, payload);
  }
}

/** The peer, heard a moment ago, promises not to begin: the two of them agree. */
function acceptAgreement(turn: Turn, payload: HeartbeatPayload): void {
  const { s, now } = turn;
  if (payload.promiseForMs <= 0 || payload.promiseEchoOfMs === null || payload.epoch !== s.highestEpoch)
    return;
  const isFresh =
    payload.promiseEchoOfMs >= s.roleSinceMs &&
    payload.promiseEchoOfMs <= now.monotonicMs &&
    now.monotonicMs < payload.promiseEchoOfMs + Math.min(payload.promiseForMs, s.timing.leaseMs);
  if (!isFresh) return;
  const inputs = { peerRole: payload.role };
  activate(turn, { epoch: s.highestEpoch + 1, rule: 'agreed', inputs, handedOver: false });
}

/** Both were active: the default host keeps the address, under an epoch above both; the other's changes are put aside. */
function settleDoubleActivity(turn: Turn, payload: HeartbeatPayload): void {
  const { s } = turn;
  if (payload.role === 'deactivating') return;
  const inputs = { ownEpoch: s.epoch, peerEpoch: payload.epoch, defaultNode: s.config.defaultNodeId };
  if (keepsAddress(s, payload)) {
    if (s.epoch > payload.epoch) return;
    s.epoch = payload.epoch + 1;
    s.highestEpoch = Math.max(s.highestEpoch, s.epoch);
    decide(turn, 'double-activity', `keeps the address under epoch ${s.epoch}`, inputs);
    tell(
      turn,
      'error',
      'double-activity',
      `both nodes were active; ${nodeName(s, s.nodeId)} keeps the address`,
    );
    turn.actions.push({ type: 'sendHeartbeats' });
    return;
  }
  turn.actions.push({ type: 'freeze' }, { type: 'dropAddresses' });
  const why = `both nodes were active; ${nodeName(s, s.peerId)} keeps the address`;
  tell(turn, 'error', 'double-activity', why);
  stepDown(turn, { rule: 'double-activity', why, next: 'standby', successor: null, inputs });
}

function keepsAddress(s: GuardState, payload: HeartbeatPayload): boolean {
  if (s.config.defaultNodeId === s.nodeId) return true;
  if (s.config.defaultNodeId === s.peerId) return false;
  return s.epoch === payload.epoch ? s.nodeId < s.peerId : s.epoch > payload.epoch;
}
