/** A lease as one who may hold it sees it: one request at a time, every outcome accounted for, nothing guessed. See DESIGN.md. */
import type { LeaseRecord, StoredLease } from '../types.ts';

/** Writes of unknown outcome that are remembered; a forgotten one only never counts. */
const unknownWritesMax = 8;

/** A write of the lease whose outcome is awaited, or will never be known but by reading. */
export interface LeaseWrite {
  readonly kind: 'take' | 'renew' | 'release';
  /** Monotonic, taken before sending: what it is worth counts from here. */
  readonly sentAtMs: number;
  readonly epoch: number;
  /** Different for every attempt, so that a read tells which of several has been applied. */
  readonly seq: number;
}

export interface LeaseView {
  readonly stored: StoredLease | null;
  /** When this revision was first received: the time to wait counts from here. */
  readonly receivedAtMs: number;
  /** It was let go while this one looked. */
  readonly witnessedRelease: boolean;
}

/** What is known of the lease and its store; a machine's own state has these fields among others. */
export interface LeaseState<Write extends LeaseWrite> {
  readonly lease: LeaseView | null;
  readonly nextRequestId: number;
  readonly nextSeq: number;
  /** The one under way; `write` is null while it reads. */
  readonly request: {
    readonly id: number;
    readonly sentAtMs: number;
    readonly write: Write | null;
  } | null;
  /** Writes that may or may not have been applied. */
  readonly unknownWrites: readonly Write[];
  /** The stored revision is not known for sure: read before the next write. */
  readonly readDue: boolean;
  /** When the last read was sent that was answered. */
  readonly lastAnswerMs: number;
  /** Since when the store has not answered; null while it does. */
  readonly storeLostSinceMs: number | null;
  readonly storeProblem: string | null;
}

export type LeaseAction =
  | { readonly type: 'readLease'; readonly requestId: number }
  | {
      readonly type: 'writeLease';
      readonly requestId: number;
      readonly expected: string | null;
      readonly record: LeaseRecord;
    };

/** The state in the making, which the functions below change. */
type Draft<Write extends LeaseWrite = LeaseWrite> = {
  -readonly [Key in keyof LeaseState<Write>]: LeaseState<Write>[Key];
};

/** Nothing is known yet. `firstSeq` is random, so that no write of an earlier run is mistaken for one of this. */
export function unreadLease(firstSeq: number): LeaseState<never> {
  return {
    lease: null,
    nextRequestId: 1,
    nextSeq: firstSeq,
    request: null,
    unknownWrites: [],
    readDue: true,
    lastAnswerMs: Number.NEGATIVE_INFINITY,
    storeLostSinceMs: null,
    storeProblem: null,
  };
}

/** Only while no request is under way. */
export function beginRead(s: Draft, nowMs: number): LeaseAction {
  return { type: 'readLease', requestId: beginRequest(s, nowMs, null) };
}

/** Only while no request is under way. `write` has the next `seq` and was just sent; `record` is what it writes. */
export function beginWrite<Write extends LeaseWrite>(
  s: Draft<Write>,
  write: Write,
  record: LeaseRecord,
): LeaseAction {
  const requestId = beginRequest(s, write.sentAtMs, write);
  s.nextSeq = write.seq + 1;
  return { type: 'writeLease', requestId, expected: s.lease?.stored?.revision ?? null, record };
}

function beginRequest<Write extends LeaseWrite>(
  s: Draft<Write>,
  sentAtMs: number,
  write: Write | null,
): number {
  const id = s.nextRequestId;
  s.nextRequestId = id + 1;
  s.request = { id, sentAtMs, write };
  return id;
}

/** The request that a driver has never answered: its outcome is unknown. It stays under way until it is ended. */
export function overdueRequest<Write extends LeaseWrite>(
  { request }: LeaseState<Write>,
  nowMs: number,
  timeoutMs: number,
): LeaseState<Write>['request'] {
  return request && nowMs - request.sentAtMs >= 2 * timeoutMs ? request : null;
}

/** When the read that is answered was sent; null when it is not the request under way. */
export function endRead(s: Draft, requestId: number): number | null {
  if (s.request?.id !== requestId || s.request.write) return null;
  const { sentAtMs } = s.request;
  s.request = null;
  return sentAtMs;
}

/** The write that is answered; null when it is not the request under way. */
export function endWrite<Write extends LeaseWrite>(s: Draft<Write>, requestId: number): Write | null {
  const sent = s.request?.id === requestId ? s.request.write : null;
  if (sent) s.request = null;
  return sent;
}

/** The store confirmed a write of ours: nothing older can be applied any more. */
export function keepOwn(s: Draft, sent: LeaseWrite, stored: StoredLease, nowMs: number): void {
  s.lease = { stored, receivedAtMs: nowMs, witnessedRelease: sent.kind === 'release' };
  s.unknownWrites = [];
}

/** A write without an answer extends nothing, until a read tells whether it was applied. */
export function keepUnknown<Write extends LeaseWrite>(s: Draft<Write>, sent: Write): void {
  s.unknownWrites = [...s.unknownWrites, sent].slice(-unknownWritesMax);
}

/** What a read brought to light. */
export interface Change<Write extends LeaseWrite> {
  readonly past: LeaseRecord | null;
  readonly record: LeaseRecord | null;
  /** The write of unknown outcome that turns out to have been applied; the others never will be. */
  readonly confirmed: Write | null;
}

/**
 * What a read shows; null when it is what was known. `isRelease`: the lease was let go between the two, so that whoever
 * saw both has seen it happen.
 */
export function keepRead<Write extends LeaseWrite>(
  s: Draft<Write>,
  stored: StoredLease | null,
  nowMs: number,
  isRelease: (past: LeaseRecord, record: LeaseRecord) => boolean,
): Change<Write> | null {
  if (s.lease && isSame(s.lease.stored, stored)) return null;
  const record = stored?.record ?? null;
  const past = s.lease?.stored?.record ?? null;
  const witnessedRelease = past !== null && record?.holder === null && isRelease(past, record);
  s.lease = { stored, receivedAtMs: nowMs, witnessedRelease };
  const applied = s.unknownWrites.find((each) => each.epoch === record?.epoch && each.seq === record.seq);
  s.unknownWrites = [];
  return { past, record, confirmed: applied ?? null };
}

function isSame(before: StoredLease | null, stored: StoredLease | null): boolean {
  if (before === null || stored === null) return before === stored;
  const [a, b] = [before.record, stored.record];
  return (
    before.revision === stored.revision &&
    a.holder === b.holder &&
    a.epoch === b.epoch &&
    a.seq === b.seq &&
    a.successor === b.successor
  );
}

/** How long the store had not answered; null when it did before too. */
export function storeAnswered(s: Draft, nowMs: number): number | null {
  if (s.storeLostSinceMs === null) return null;
  const lostMs = nowMs - s.storeLostSinceMs;
  s.storeLostSinceMs = null;
  s.storeProblem = null;
  return lostMs;
}

/** Whether it answered before. */
export function storeFailed(s: Draft, nowMs: number, problem: string): boolean {
  const first = s.storeLostSinceMs === null;
  s.storeLostSinceMs ??= nowMs;
  s.storeProblem = problem;
  return first;
}
