/** What heartbeats do: inform, promise, ask to yield; they never grant authority (rules 6 and 7). */

import { waitMinMs } from '../timing-plan.ts';
import type { HeartbeatPayload } from '../types.ts';
import { authorityUntilMs, extendPromise, loseAuthority } from './authority.ts';
import { answerYieldRequest } from './operations.ts';
import { hearPeerWithoutArbiter } from './pact.ts';
import { hasArbiter, isOccupied, learnEpoch, nodeName, type Turn } from './turn.ts';
import type { GuardState, Now } from './types.ts';
import { ailing, failbackPossible, failedLately } from './verdict.ts';

/** The part of a heartbeat that the machine decides; the driver adds boot id, sequence, time and echo. */
export type HeartbeatFields = Omit<HeartbeatPayload, 'bootId' | 'seq' | 'sentAtMs' | 'echoOfMs'>;

export function heartbeatOf(s: GuardState, now: Now): HeartbeatFields {
  const promise = promiseOf(s, now.monotonicMs);
  const validForMs = isOccupied(s.role) && !s.expired ? authorityUntilMs(s) - now.monotonicMs : 0;
  return {
    nodeId: s.nodeId,
    pairId: s.config.pairId,
    role: s.role,
    epoch: s.epoch > 0 ? s.epoch : s.highestEpoch,
    leaseValidForMs: Number.isFinite(validForMs) ? Math.max(0, Math.ceil(validForMs)) : 0,
    configVersion: s.config.version,
    promiseForMs: promise === null ? 0 : s.timing.leaseMs,
    promiseEchoOfMs: promise,
    yieldRequest: wantsYield(s, now.monotonicMs),
    offer: now.monotonicMs < s.offerUntilMs && !isOccupied(s.role),
    maintenance: s.maintenance,
    resourcesFailed: (failedLately(s, now.monotonicMs) ? 1 : 0) + (ailing(s) ? 1 : 0),
  };
}

function wantsYield(s: GuardState, nowMs: number): boolean {
  if (s.role !== 'standby') return false;
  if (nowMs < s.yieldWantedUntilMs) return true;
  return s.config.failback === 'when-stable' && failbackPossible(s, nowMs);
}

/** The basis of a promise that still holds: made to the holder of the highest epoch, by a node that does not campaign. */
function promiseOf(s: GuardState, nowMs: number): number | null {
  if (!s.promiseBasis || !mayPromise(s) || nowMs >= s.promiseHeldUntilMs) return null;
  return s.promiseBasis.epoch === s.highestEpoch ? s.promiseBasis.sentAtMs : null;
}

/** Not while a take of its own may still be applied, and never as an active. */
function mayPromise(s: GuardState): boolean {
  return s.role === 'standby' || s.role === 'out' || s.role === 'fault';
}

export function onHeartbeat(turn: Turn, linkId: string, payload: HeartbeatPayload): void {
  const { s, now } = turn;
  if (payload.pairId !== s.config.pairId || payload.nodeId !== s.peerId) return;
  const isOlder = s.peer?.payload.bootId === payload.bootId && payload.sentAtMs <= s.peer.payload.sentAtMs;
  keepPromise(turn, payload);
  forgoPromise(turn, payload);
  acceptPromise(turn, payload);
  if (isOlder) return;
  s.peer = { payload, linkId, receivedAtMs: now.monotonicMs };
  learnEpoch(turn, payload.epoch);
  if (!hasArbiter(s)) hearPeerWithoutArbiter(turn, payload);
  else noticeHigherEpoch(turn, payload);
  if (payload.yieldRequest) answerYieldRequest(turn, payload);
}

/** Kept from the receipt of the holder's heartbeat: the holder's own count began before, so it ends before. */
function keepPromise(turn: Turn, payload: HeartbeatPayload): void {
  const { s, now } = turn;
  if (!mayPromise(s) || payload.epoch < s.highestEpoch) return;
  const holds = hasArbiter(s)
    ? isOccupied(payload.role) && payload.leaseValidForMs > 0
    : payload.role === 'candidate';
  if (!holds) return;
  const basis = s.promiseBasis;
  const isNewer =
    !basis ||
    payload.epoch > basis.epoch ||
    (payload.epoch === basis.epoch && payload.sentAtMs > basis.sentAtMs);
  if (!isNewer) return;
  const { bootId, sentAtMs, epoch } = payload;
  s.promiseBasis = { bootId, sentAtMs, epoch };
  s.promiseHeldUntilMs = Math.max(s.promiseHeldUntilMs, now.monotonicMs + waitMinMs(s.timing));
}

/**
 * The very run that the promise was made to says, after it, that everything has stopped: it forgot the promise then, so
 * keeping it protects nobody. The lease's own time is waited for all the same.
 */
function forgoPromise({ s }: Turn, payload: HeartbeatPayload): void {
  const basis = s.promiseBasis;
  if (!basis || !hasArbiter(s) || (payload.role !== 'standby' && payload.role !== 'out')) return;
  if (payload.bootId !== basis.bootId || payload.sentAtMs <= basis.sentAtMs) return;
  s.promiseBasis = null;
  s.promiseHeldUntilMs = Number.NEGATIVE_INFINITY;
}

/** Only a promise to this very epoch counts, from this node's own clock. */
function acceptPromise(turn: Turn, payload: HeartbeatPayload): void {
  const { s, now } = turn;
  if (!hasArbiter(s) || !isOccupied(s.role) || s.expired || s.epoch === 0) return;
  if (payload.promiseForMs <= 0 || payload.promiseEchoOfMs === null) return;
  if (payload.epoch !== s.epoch || payload.promiseEchoOfMs > now.monotonicMs) return;
  extendPromise(turn, payload.promiseEchoOfMs, payload.promiseForMs);
}

/** The peer works under a later epoch: whatever the clocks say, this node's time is over. */
function noticeHigherEpoch(turn: Turn, payload: HeartbeatPayload): void {
  const { s } = turn;
  if (!isOccupied(s.role) || s.expired || s.epoch === 0) return;
  if (payload.epoch <= s.epoch || !isOccupied(payload.role)) return;
  loseAuthority(turn, 'higher-epoch', `${nodeName(s, s.peerId)} works under epoch ${payload.epoch}`, {
    peerEpoch: payload.epoch,
  });
}
