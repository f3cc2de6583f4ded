/** Reading and writing the lease, and what the answers mean for the right to be active (rules 1 and 3). */
import {
  beginRead,
  beginWrite,
  endRead,
  endWrite,
  keepOwn,
  keepRead,
  keepUnknown,
  overdueRequest,
  storeAnswered,
  storeFailed,
} from '../lease/machine.ts';
import type { LeaseRecord, StoredLease } from '../types.ts';
import { extendLease, loseAuthority, taken } from './authority.ts';
import { decide, isOccupied, learnEpoch, nodeName, type Turn, tell } from './turn.ts';
import type { GuardState, GuardWrite, ReadOutcome, WriteOutcome } from './types.ts';

/** How often a standby looks at the lease: a quarter of the renewal, so that T begins soon after the last one. */
export function pollIntervalMs(s: GuardState): number {
  return Math.max(50, s.timing.renewIntervalMs / 4);
}

export function read(turn: Turn): void {
  const { s, now } = turn;
  s.lastReadMs = now.monotonicMs;
  turn.actions.push(beginRead(s, now.monotonicMs));
}

export function write(
  turn: Turn,
  kind: GuardWrite['kind'],
  content: Pick<LeaseRecord, 'holder' | 'epoch' | 'successor'>,
): void {
  const { s, now } = turn;
  const released = s.lease?.witnessedRelease === true && s.lease.stored?.record.successor === s.nodeId;
  const sent: GuardWrite = {
    kind,
    sentAtMs: now.monotonicMs,
    epoch: content.epoch,
    seq: s.nextSeq,
    handedOver: kind === 'take' && released,
  };
  s.lastWriteMs = now.monotonicMs;
  turn.actions.push(beginWrite(s, sent, { pairId: s.config.pairId, seq: sent.seq, ...content }));
}

export function onRead(turn: Turn, requestId: number, outcome: ReadOutcome) {
  const { s } = turn;
  const sentAtMs = endRead(s, requestId);
  if (sentAtMs === null) return;
  if (outcome.kind !== 'ok') return storeSilent(turn, outcome.kind, outcome.problem);
  storeAnswers(turn);
  s.readDue = false;
  s.lastAnswerMs = sentAtMs;
  learn(turn, outcome.stored);
}

export function onWrite(turn: Turn, requestId: number, outcome: WriteOutcome) {
  const { s, now } = turn;
  const sent = endWrite(s, requestId);
  if (!sent) return;
  if (outcome.kind === 'ok') {
    storeAnswers(turn);
    s.readDue = false;
    keepOwn(s, sent, outcome.stored, now.monotonicMs);
    confirmed(turn, sent);
    return;
  }
  s.readDue = true;
  if (outcome.kind === 'conflict') return storeAnswers(turn);
  // A wrong key is answered before anything is written, but only a conflict is taken as proof of that.
  keepUnknown(s, sent);
  storeSilent(turn, outcome.kind === 'unknown' ? 'unavailable' : 'unauthorized', outcome.problem);
}

export function expireRequest(turn: Turn): void {
  const { s, now } = turn;
  const overdue = overdueRequest(s, now.monotonicMs, s.timing.rpcTimeoutMs);
  if (!overdue) return;
  const problem = 'no answer at all';
  if (overdue.write) onWrite(turn, overdue.id, { kind: 'unknown', problem });
  else onRead(turn, overdue.id, { kind: 'unavailable', problem });
}

function storeAnswers(turn: Turn): void {
  const lostMs = storeAnswered(turn.s, turn.now.monotonicMs);
  if (lostMs === null) return;
  tell(turn, 'info', 'arbiter-back', `the arbiter answers again after ${Math.round(lostMs)} ms`);
}

function storeSilent(turn: Turn, kind: 'unavailable' | 'unauthorized', problem: string): void {
  const { s, now } = turn;
  const text = kind === 'unauthorized' ? `refused the key: ${problem}` : problem;
  const isNews = kind === 'unauthorized' && s.storeProblem !== text;
  const first = storeFailed(s, now.monotonicMs, text);
  if (first || isNews) {
    tell(turn, 'warning', `arbiter-${kind}`, `the arbiter is out of reach: ${text}`);
  }
}

function confirmed(turn: Turn, sent: GuardWrite) {
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

function learn(turn: Turn, stored: StoredLease | null): void {
  const { s, now } = turn;
  const change = keepRead(s, stored, now.monotonicMs, endsItsTenure);
  if (!change) return;
  const { past, record } = change;
  if (change.confirmed) confirmed(turn, change.confirmed);
  if (record && record.pairId === s.config.pairId && isMember(s, record.holder)) {
    learnEpoch(turn, record.epoch);
  }
  noticeRenewal(turn, past, record);
  checkHolder(turn, record);
}

/** A release that is merely found may be an old state of a restored store: that very epoch was seen held before. */
function endsItsTenure(past: LeaseRecord, record: LeaseRecord): boolean {
  return past.epoch === record.epoch && past.holder !== null;
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
