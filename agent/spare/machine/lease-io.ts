/** Reading and writing the group's lease: one request at a time, every outcome accounted for, nothing guessed. */
import type { StoredLease } from '../../standby/types.ts';
import { checkRight, extendRight, loseRight, released, taken } from './right.ts';
import { decide, hasRight, memberName, seconds, type Turn, tell } from './turn.ts';
import type { GroupState, LeaseReadOutcome, LeaseWrite, LeaseWriteOutcome } from './types.ts';

/** Writes of unknown outcome that are remembered; a forgotten one only never counts. */
const unknownWritesMax = 8;
/** After a failure it is tried again no sooner. */
const retryMs = 200;

export function read(turn: Turn): void {
  const { s, now } = turn;
  const id = s.nextRequestId;
  s.nextRequestId = id + 1;
  s.request = { id, sentAtMs: now.monotonicMs, write: null };
  s.lastRequestMs = now.monotonicMs;
  turn.actions.push({ type: 'readLease', requestId: id });
}

export function write(
  turn: Turn,
  kind: LeaseWrite['kind'],
  epoch: number,
  successor: string | null = null,
): void {
  const { s, now } = turn;
  const id = s.nextRequestId;
  const seq = s.nextSeq;
  s.nextRequestId = id + 1;
  s.nextSeq = seq + 1;
  s.lastRequestMs = now.monotonicMs;
  if (kind !== 'release') s.lastRenewMs = now.monotonicMs;
  s.request = { id, sentAtMs: now.monotonicMs, write: { kind, sentAtMs: now.monotonicMs, epoch, seq } };
  const holder = kind === 'release' ? null : s.selfId;
  turn.actions.push({
    type: 'writeLease',
    requestId: id,
    expected: s.lease?.stored?.revision ?? null,
    record: { pairId: s.leaseId, holder, epoch, seq, successor },
  });
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
  if (s.request?.id !== requestId || s.request.write) return;
  const { sentAtMs } = s.request;
  s.request = null;
  if (outcome.kind !== 'ok') {
    storeFailed(turn, outcome.problem);
    return;
  }
  storeAnswers(turn, sentAtMs);
  s.readDue = false;
  s.lastReadOkMs = sentAtMs;
  learn(turn, outcome.stored);
}

export function onWrite(turn: Turn, requestId: number, outcome: LeaseWriteOutcome): void {
  const { s, now } = turn;
  const sent = s.request?.id === requestId ? s.request.write : null;
  if (!sent) return;
  s.request = null;
  if (outcome.kind === 'ok') {
    storeAnswers(turn, sent.sentAtMs);
    // Our own write came through: nothing older can be applied any more.
    s.lease = { stored: outcome.stored, sinceMs: now.monotonicMs, witnessedRelease: sent.kind === 'release' };
    s.unknownWrites = [];
    confirmed(turn, sent);
    return;
  }
  s.readDue = true;
  if (outcome.kind === 'conflict') {
    storeAnswers(turn, sent.sentAtMs);
    return;
  }
  s.unknownWrites = [...s.unknownWrites, sent].slice(-unknownWritesMax);
  storeFailed(turn, outcome.problem);
}

/** A driver that never answered: the outcome is unknown. */
export function expireRequest(turn: Turn): void {
  const { s, now } = turn;
  if (!s.request || now.monotonicMs - s.request.sentAtMs < 2 * s.timing.rpcTimeoutMs) return;
  const { id, write: sent } = s.request;
  const outcome = { kind: 'failed', problem: 'no answer at all' } as const;
  if (sent) onWrite(turn, id, outcome);
  else onRead(turn, id, outcome);
}

function storeAnswers(turn: Turn, sentAtMs: number): void {
  const { s, now } = turn;
  s.roundTripMs = now.monotonicMs - sentAtMs;
  if (s.storeLostSinceMs === null) return;
  const lostMs = now.monotonicMs - s.storeLostSinceMs;
  s.storeLostSinceMs = null;
  s.storeProblem = null;
  s.storeBackMs = now.monotonicMs;
  tell(turn, 'info', 'store-back', `the group's store answers again after ${seconds(lostMs)}`);
}

function storeFailed(turn: Turn, problem: string): void {
  const { s, now } = turn;
  const first = s.storeLostSinceMs === null;
  s.storeLostSinceMs ??= now.monotonicMs;
  if (first) tell(turn, 'warning', 'store-away', `the group's store is out of reach: ${problem}`);
  s.storeProblem = problem;
  s.readDue = true;
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

function sameLease(before: StoredLease | null, stored: StoredLease | null): boolean {
  if (before === null || stored === null) return before === stored;
  const [a, b] = [before.record, stored.record];
  return (
    before.revision === stored.revision && a.holder === b.holder && a.epoch === b.epoch && a.seq === b.seq
  );
}

function confirmed(turn: Turn, sent: LeaseWrite): void {
  if (sent.kind === 'take') taken(turn, sent);
  else if (sent.kind === 'release') released(turn);
  else extendRight(turn, sent);
}

/** What a read shows. The time to wait counts from the first receipt of a revision, not from the latest. */
function learn(turn: Turn, stored: StoredLease | null): void {
  const { s, now } = turn;
  const before = s.lease;
  if (before && sameLease(before.stored, stored)) return;
  const record = stored?.record ?? null;
  const past = before?.stored?.record ?? null;
  // Only what is seen to happen counts: a member that has just started waits the full time.
  const witnessedRelease =
    record !== null && record.holder === null && past !== null && record.epoch >= past.epoch;
  s.lease = { stored, sinceMs: now.monotonicMs, witnessedRelease };
  s.lastStay = null;
  const sent = s.unknownWrites.find((each) => each.epoch === record?.epoch && each.seq === record.seq);
  s.unknownWrites = [];
  s.highestEpoch = Math.max(s.highestEpoch, record?.epoch ?? 0);
  if (record !== null && record.holder === s.handedOver?.to) s.handedOver = null;
  if (sent) confirmed(turn, sent);
  checkHolder(turn);
  checkRight(turn);
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
