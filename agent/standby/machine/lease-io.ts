/** Reading and writing the lease: one request at a time, every outcome accounted for, nothing guessed (rules 1 and 3). */
import type { LeaseRecord, StoredLease } from '../types.ts';
import { extendLease, loseAuthority, taken } from './authority.ts';
import { decide, isOccupied, learnEpoch, nodeName, type Turn, tell } from './turn.ts';
import type { GuardState, LeaseView, LeaseWrite, ReadOutcome, WriteOutcome } from './types.ts';

/** Writes of unknown outcome that are remembered; a forgotten one only never counts. */
const unknownWritesMax = 8;

/** How often a standby looks at the lease: a quarter of the renewal, so that T begins soon after the last one. */
export function pollIntervalMs(s: GuardState): number {
  return Math.max(50, s.timing.renewIntervalMs / 4);
}

export function read(turn: Turn): void {
  const { s, now } = turn;
  const id = s.nextRequestId;
  s.nextRequestId = id + 1;
  s.request = { id, sentAtMs: now.monotonicMs, write: null };
  s.lastReadMs = now.monotonicMs;
  turn.actions.push({ type: 'readLease', requestId: id });
}

export function write(
  turn: Turn,
  kind: LeaseWrite['kind'],
  content: Pick<LeaseRecord, 'holder' | 'epoch' | 'successor'>,
): void {
  const { s, now } = turn;
  const id = s.nextRequestId;
  const seq = s.nextSeq;
  s.nextRequestId = id + 1;
  s.nextSeq = seq + 1;
  s.lastWriteMs = now.monotonicMs;
  const released = s.lease?.witnessedRelease === true && s.lease.stored?.record.successor === s.nodeId;
  s.request = {
    id,
    sentAtMs: now.monotonicMs,
    write: {
      kind,
      sentAtMs: now.monotonicMs,
      epoch: content.epoch,
      seq,
      handedOver: kind === 'take' && released,
    },
  };
  turn.actions.push({
    type: 'writeLease',
    requestId: id,
    expected: s.lease?.stored?.revision ?? null,
    record: { pairId: s.config.pairId, seq, ...content },
  });
}

export function onRead(turn: Turn, requestId: number, outcome: ReadOutcome) {
  const { s } = turn;
  if (s.request?.id !== requestId || s.request.write) return;
  const sentAtMs = s.request.sentAtMs;
  s.request = null;
  if (outcome.kind !== 'ok') return storeSilent(turn, outcome.kind, outcome.problem);
  storeAnswers(turn);
  s.readDue = false;
  s.lastAnswerMs = sentAtMs;
  learn(turn, outcome.stored);
}

export function onWrite(turn: Turn, requestId: number, outcome: WriteOutcome) {
  const { s } = turn;
  const sent = s.request?.id === requestId ? s.request.write : null;
  if (!sent) return;
  s.request = null;
  if (outcome.kind === 'ok') {
    storeAnswers(turn);
    s.readDue = false;
    learnOwn(turn, outcome.stored, sent);
    return;
  }
  s.readDue = true;
  if (outcome.kind === 'conflict') return storeAnswers(turn);
  // A wrong key is answered before anything is written, but only a conflict is taken as proof of that.
  s.unknownWrites = [...s.unknownWrites, sent].slice(-unknownWritesMax);
  storeSilent(turn, outcome.kind === 'unknown' ? 'unavailable' : 'unauthorized', outcome.problem);
}

/** A driver that never answered: the outcome is unknown. */
export function expireRequest(turn: Turn): void {
  const { s, now } = turn;
  if (!s.request || now.monotonicMs - s.request.sentAtMs < 2 * s.timing.rpcTimeoutMs) return;
  const { id } = s.request;
  const problem = 'no answer at all';
  if (s.request.write) onWrite(turn, id, { kind: 'unknown', problem });
  else onRead(turn, id, { kind: 'unavailable', problem });
}

function storeAnswers(turn: Turn): void {
  const { s, now } = turn;
  if (s.storeLostSinceMs === null) return;
  const lostMs = Math.round(now.monotonicMs - s.storeLostSinceMs);
  s.storeLostSinceMs = null;
  s.storeProblem = null;
  tell(turn, 'info', 'arbiter-back', `the arbiter answers again after ${lostMs} ms`);
}

function storeSilent(turn: Turn, kind: 'unavailable' | 'unauthorized', problem: string): void {
  const { s, now } = turn;
  const first = s.storeLostSinceMs === null;
  s.storeLostSinceMs ??= now.monotonicMs;
  const text = kind === 'unauthorized' ? `refused the key: ${problem}` : problem;
  if (first || (kind === 'unauthorized' && s.storeProblem !== text)) {
    tell(turn, 'warning', `arbiter-${kind}`, `the arbiter is out of reach: ${text}`);
  }
  s.storeProblem = text;
}

function sameLease(view: LeaseView, stored: StoredLease | null): boolean {
  if (view.stored === null || stored === null) return view.stored === stored;
  const [a, b] = [view.stored.record, stored.record];
  return (
    view.stored.revision === stored.revision &&
    a.holder === b.holder &&
    a.epoch === b.epoch &&
    a.seq === b.seq &&
    a.successor === b.successor
  );
}

/** Our own write came through: nothing older can be applied any more. */
function learnOwn(turn: Turn, stored: StoredLease, sent: LeaseWrite): void {
  const { s, now } = turn;
  s.lease = { stored, receivedAtMs: now.monotonicMs, witnessedRelease: sent.kind === 'release' };
  s.unknownWrites = [];
  confirmed(turn, sent);
}

function confirmed(turn: Turn, sent: LeaseWrite) {
  const { s } = turn;
  if (sent.kind === 'take') return taken(turn, sent);
  if (sent.kind === 'release') {
    s.releaseDue = false;
    decide(turn, 'released', s.successor ? `hands over to ${nodeName(s, s.successor)}` : 'lets go', {
      epoch: sent.epoch,
      successor: s.successor,
    });
    return;
  }
  if (isOccupied(s.role) && !s.expired && sent.epoch === s.epoch) extendLease(turn, sent.sentAtMs);
}

/** What a read shows. T counts from the first receipt of a revision, not from the latest (rule 3). */
function learn(turn: Turn, stored: StoredLease | null): void {
  const { s, now } = turn;
  const before = s.lease;
  if (before && sameLease(before, stored)) return;
  const record = stored?.record ?? null;
  const past = before?.stored?.record ?? null;
  const witnessedRelease =
    record !== null && record.holder === null && past?.epoch === record.epoch && past.holder !== null;
  s.lease = { stored, receivedAtMs: now.monotonicMs, witnessedRelease };
  const sent = s.unknownWrites.find((each) => each.epoch === record?.epoch && each.seq === record.seq);
  s.unknownWrites = [];
  if (sent) confirmed(turn, sent);
  if (record && record.pairId === s.config.pairId && isMember(s, record.holder)) {
    learnEpoch(turn, record.epoch);
  }
  noticeRenewal(turn, past, record);
  checkHolder(turn, record);
}

/** An operator's wish to become active ends when the peer turns out to be alive and holding. */
function noticeRenewal(turn: Turn, past: LeaseRecord | null, record: LeaseRecord | null): void {
  const { s } = turn;
  if (!s.campaign || record?.holder !== s.peerId || past?.holder !== s.peerId) return;
  decide(turn, `${s.campaign.operation}-ends`, `${nodeName(s, s.peerId)} holds the lease and renews it`, {
    epoch: record.epoch,
    seq: record.seq,
  });
  s.campaign = null;
}

export function isMember(s: GuardState, holder: string | null): boolean {
  return holder === null || holder === s.nodeId || holder === s.peerId;
}

/** The holder looks for its own name; a record of the past is written over, one of the future ends its right. */
function checkHolder(turn: Turn, record: LeaseRecord | null): void {
  const { s } = turn;
  if (!isOccupied(s.role) || s.expired || s.epoch === 0) return;
  if (record?.holder === s.nodeId && record.epoch === s.epoch) return;
  const foreign = record !== null && (record.pairId !== s.config.pairId || !isMember(s, record.holder));
  if (!foreign && (record?.epoch ?? 0) < s.epoch) {
    tell(
      turn,
      'error',
      'arbiter-went-back',
      'the arbiter shows an earlier state than it confirmed: was it restored?',
    );
    decide(turn, 'arbiter-went-back', 'writes the lease again, as its right has not run out', {
      epoch: s.epoch,
      storedEpoch: record?.epoch ?? 0,
    });
    return;
  }
  loseAuthority(turn, 'lease-lost', `the lease belongs to ${record?.holder ?? 'nobody'}`, {
    holder: record?.holder ?? null,
    storedEpoch: record?.epoch ?? 0,
    foreign,
  });
}
