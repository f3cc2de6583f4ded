/** Reading and writing the group's lease: when, and what the answers mean for the right to forward. */
import {
  beginRead,
  beginWrite,
  endRead,
  endWrite,
  keepOwn,
  keepRead,
  keepUnknown,
  type LeaseWrite,
  overdueRequest,
  storeAnswered,
  storeFailed,
} from '../../standby/lease/machine.ts';
import type { LeaseRecord, StoredLease } from '../../standby/types.ts';
import { checkRight, extendRight, loseRight, released, taken } from './right.ts';
import { decide, hasRight, memberName, seconds, type Turn, tell } from './turn.ts';
import type { GroupState, LeaseReadOutcome, LeaseWriteOutcome } from './types.ts';

/** After a failure it is tried again no sooner. */
const retryMs = 200;

export function read(turn: Turn): void {
  const { s, now } = turn;
  s.lastRequestMs = now.monotonicMs;
  turn.actions.push(beginRead(s, now.monotonicMs));
}

export function write(
  turn: Turn,
  kind: LeaseWrite['kind'],
  epoch: number,
  successor: string | null = null,
): void {
  const { s, now } = turn;
  const sent: LeaseWrite = { kind, sentAtMs: now.monotonicMs, epoch, seq: s.nextSeq };
  s.lastRequestMs = now.monotonicMs;
  if (kind !== 'release') s.lastRenewMs = now.monotonicMs;
  const holder = kind === 'release' ? null : s.selfId;
  turn.actions.push(beginWrite(s, sent, { pairId: s.leaseId, holder, epoch, seq: sent.seq, successor }));
}

/** What the lease needs now, when nothing is under way: to be known, to be kept, to be let go, to be looked at. */
export function tendLease(turn: Turn): void {
  const { s, now } = turn;
  if (s.request || s.ended) return;
  const sinceMs = now.monotonicMs - s.lastRequestMs;
  if (s.readDue) {
    if (s.storeLostSinceMs === null || sinceMs >= retryMs) read(turn);
    return;
  }
  if (hasRight(s) || (s.phase === 'closing' && s.release)) {
    if (now.monotonicMs - s.lastRenewMs >= s.timing.renewMs) write(turn, 'renew', s.epoch);
    return;
  }
  if (s.phase === 'resting' && s.release && holdsStill(s)) {
    write(turn, 'release', s.epoch, s.release.successor);
    return;
  }
  if (s.phase === 'resting') s.release = null;
  if (sinceMs >= (s.wants ? s.timing.pollSoonMs : s.timing.pollMs)) read(turn);
}

/** The stored lease is of this run: nobody has had a right since. */
export function holdsStill(s: GroupState): boolean {
  const record = s.lease?.stored?.record;
  return s.epoch > 0 && record?.holder === s.selfId && record.epoch === s.epoch;
}

export function onRead(turn: Turn, requestId: number, outcome: LeaseReadOutcome): void {
  const { s } = turn;
  const sentAtMs = endRead(s, requestId);
  if (sentAtMs === null) return;
  if (outcome.kind !== 'ok') {
    storeSilent(turn, outcome.problem);
    return;
  }
  storeAnswers(turn, sentAtMs);
  s.readDue = false;
  s.lastAnswerMs = sentAtMs;
  learn(turn, outcome.stored);
}

export function onWrite(turn: Turn, requestId: number, outcome: LeaseWriteOutcome): void {
  const { s, now } = turn;
  const sent = endWrite(s, requestId);
  if (!sent) return;
  if (outcome.kind === 'ok') {
    storeAnswers(turn, sent.sentAtMs);
    keepOwn(s, sent, outcome.stored, now.monotonicMs);
    confirmed(turn, sent);
    return;
  }
  s.readDue = true;
  if (outcome.kind === 'conflict') {
    storeAnswers(turn, sent.sentAtMs);
    return;
  }
  keepUnknown(s, sent);
  storeSilent(turn, outcome.problem);
}

export function expireRequest(turn: Turn): void {
  const { s, now } = turn;
  const overdue = overdueRequest(s, now.monotonicMs, s.timing.rpcTimeoutMs);
  if (!overdue) return;
  const outcome = { kind: 'failed', problem: 'no answer at all' } as const;
  if (overdue.write) onWrite(turn, overdue.id, outcome);
  else onRead(turn, overdue.id, outcome);
}

function storeAnswers(turn: Turn, sentAtMs: number): void {
  const { s, now } = turn;
  s.roundTripMs = now.monotonicMs - sentAtMs;
  const lostMs = storeAnswered(s, now.monotonicMs);
  if (lostMs === null) return;
  s.storeBackMs = now.monotonicMs;
  tell(turn, 'info', 'store-back', `the group's store answers again after ${seconds(lostMs)}`);
}

function storeSilent(turn: Turn, problem: string): void {
  const first = storeFailed(turn.s, turn.now.monotonicMs, problem);
  if (first) tell(turn, 'warning', 'store-away', `the group's store is out of reach: ${problem}`);
  turn.s.readDue = true;
}

/** Nothing it confirmed can be relied on: every member rests and waits the full time anew. */
export function onWentBack(turn: Turn, problem: string): void {
  const { s } = turn;
  loseRight(turn, 'store-went-back', problem);
  s.lease = null;
  s.readDue = true;
  s.epoch = 0;
  s.unknownWrites = [];
  s.presence = { ...s.presence, known: false };
  decide(turn, 'store-went-back', 'looks at the lease anew and waits the full time');
  tell(turn, 'error', 'store-went-back', `the group's store holds less than it had confirmed: ${problem}`);
}

function confirmed(turn: Turn, sent: LeaseWrite): void {
  if (sent.kind === 'take') taken(turn, sent);
  else if (sent.kind === 'release') released(turn);
  else extendRight(turn, sent);
}

function learn(turn: Turn, stored: StoredLease | null): void {
  const { s, now } = turn;
  const change = keepRead(s, stored, now.monotonicMs, isLater);
  if (!change) return;
  const { record } = change;
  s.lastStay = null;
  s.highestEpoch = Math.max(s.highestEpoch, record?.epoch ?? 0);
  if (record !== null && record.holder === s.handedOver?.to) s.handedOver = null;
  if (change.confirmed) confirmed(turn, change.confirmed);
  checkHolder(turn);
  checkRight(turn);
}

/** Only what is seen to happen counts: a member that has just started waits the full time. */
function isLater(past: LeaseRecord, record: LeaseRecord): boolean {
  return record.epoch >= past.epoch;
}

/** The working one looks for its own name. */
function checkHolder(turn: Turn): void {
  const { s } = turn;
  if (holdsStill(s)) return;
  if (!hasRight(s)) {
    s.release = null;
    return;
  }
  const record = s.lease?.stored?.record;
  loseRight(
    turn,
    'lease-lost',
    `the lease belongs to ${memberName(s, record?.holder ?? null)} (epoch ${record?.epoch ?? 0})`,
  );
}
