import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beginRead,
  beginWrite,
  endRead,
  endWrite,
  keepOwn,
  keepRead,
  keepUnknown,
  type LeaseState,
  type LeaseWrite,
  overdueRequest,
  storeAnswered,
  storeFailed,
  unreadLease,
} from '../../../../agent/standby/lease/machine.ts';
import type { LeaseRecord, StoredLease } from '../../../../agent/standby/types.ts';

const always = () => true;

function fresh() {
  const s: { -readonly [Key in keyof LeaseState<LeaseWrite>]: LeaseState<LeaseWrite>[Key] } = {
    ...unreadLease(100),
  };
  return s;
}

function stored(revision: string, changes: Partial<LeaseRecord> = {}): StoredLease {
  return { revision, record: { pairId: 'p', holder: 'peer', epoch: 3, seq: 7, successor: null, ...changes } };
}

function renewal(s: LeaseState<LeaseWrite>, sentAtMs: number, epoch = 3): [LeaseWrite, LeaseRecord] {
  const write: LeaseWrite = { kind: 'renew', sentAtMs, epoch, seq: s.nextSeq };
  return [write, stored('', { holder: 'self', epoch, seq: write.seq }).record];
}

describe('a request on the lease', () => {
  it('is answered once: neither an earlier nor a repeated answer, nor one to the other kind, counts', () => {
    const s = fresh();
    const first = beginRead(s, 10).requestId;
    expect(endWrite(s, first)).toBeNull();
    expect(endRead(s, first)).toBe(10);
    expect(endRead(s, first)).toBeNull();
    const second = beginWrite(s, ...renewal(s, 20)).requestId;
    expect(endRead(s, second)).toBeNull();
    expect(endWrite(s, first)).toBeNull();
    expect(endWrite(s, second)).toMatchObject({ kind: 'renew', sentAtMs: 20, seq: 100 });
    expect(endWrite(s, second)).toBeNull();
  });

  it('writes over the revision that is known, and each attempt has a seq of its own', () => {
    const s = fresh();
    keepRead(s, stored('r1'), 0, always);
    const seqs = [1, 2, 3].map((nowMs) => {
      const action = beginWrite(s, ...renewal(s, nowMs));
      expect(action).toMatchObject({ type: 'writeLease', expected: 'r1' });
      return endWrite(s, action.requestId)?.seq;
    });
    expect(seqs).toEqual([100, 101, 102]);
  });

  it('that nobody answers is overdue after twice its time-out', () => {
    const s = fresh();
    beginRead(s, 1_000);
    expect(overdueRequest(s, 1_999, 500)).toBeNull();
    expect(overdueRequest(s, 2_000, 500)).toMatchObject({ id: 1, write: null });
  });
});

describe('the receipt of a revision', () => {
  it('stays that of the first one while it does not change', () => {
    const s = fresh();
    expect(keepRead(s, stored('r1'), 10, always)).toMatchObject({ past: null, record: { seq: 7 } });
    expect(keepRead(s, stored('r1'), 20, always)).toBeNull();
    expect(s.lease?.receivedAtMs).toBe(10);
    keepRead(s, stored('r2', { seq: 8 }), 30, always);
    expect(s.lease?.receivedAtMs).toBe(30);
  });

  it.each<[string, Partial<LeaseRecord>]>([
    ['holder', { holder: 'self' }],
    ['epoch', { epoch: 4 }],
    ['seq', { seq: 8 }],
    ['successor', { successor: 'self' }],
  ])('is a new one when a store that forgot shows another %s under the same revision', (_, changes) => {
    const s = fresh();
    keepRead(s, stored('r1'), 10, always);
    expect(keepRead(s, stored('r1', changes), 20, always)).not.toBeNull();
    expect(s.lease?.receivedAtMs).toBe(20);
  });

  it('of a release is a witnessed one only when the lease was seen before, and the rule says so', () => {
    const released = stored('r2', { holder: null });
    const found = fresh();
    keepRead(found, released, 10, always);
    expect(found.lease?.witnessedRelease).toBe(false);
    const seen = fresh();
    keepRead(seen, stored('r1'), 10, always);
    keepRead(seen, released, 20, always);
    expect(seen.lease?.witnessedRelease).toBe(true);
    const doubted = fresh();
    keepRead(doubted, stored('r1'), 10, always);
    keepRead(doubted, released, 20, () => false);
    expect(doubted.lease?.witnessedRelease).toBe(false);
  });
});

describe('the store', () => {
  it('is told lost and back once each', () => {
    const s = fresh();
    expect(storeAnswered(s, 5)).toBeNull();
    expect(storeFailed(s, 10, 'no route')).toBe(true);
    expect(storeFailed(s, 20, 'refused')).toBe(false);
    expect(s).toMatchObject({ storeLostSinceMs: 10, storeProblem: 'refused' });
    expect(storeAnswered(s, 25)).toBe(15);
    expect(storeAnswered(s, 30)).toBeNull();
    expect(s.storeProblem).toBeNull();
  });
});

/** A register that one writes to, and a stranger: each write is answered, lost on the way, or lost on the way back. */
const happening = fc.record({
  what: fc.constantFrom('write', 'read', 'stranger'),
  fate: fc.constantFrom('answered', 'never-applied', 'answer-lost'),
});

describe('a write whose outcome is unknown', () => {
  it('is confirmed only when it was applied, once, and with its own time of sending', () => {
    let confirmations = 0;
    fc.assert(
      fc.property(fc.array(happening, { minLength: 20, maxLength: 40 }), (happenings) => {
        const s = fresh();
        const applied = new Map<number, number>();
        const confirmed = new Set<number>();
        const register: { held: StoredLease | null } = { held: null };
        let revision = 0;
        let nowMs = 0;
        const confirm = (write: LeaseWrite) => {
          expect(confirmed.has(write.seq)).toBe(false);
          expect(applied.get(write.seq)).toBe(write.sentAtMs);
          confirmed.add(write.seq);
        };
        const put = (record: LeaseRecord) => {
          revision += 1;
          register.held = { record, revision: String(revision) };
          return register.held;
        };
        for (const { what, fate } of happenings) {
          nowMs += 10;
          if (what === 'stranger') {
            put(stored('', { seq: 10_000 + nowMs }).record);
          } else if (what === 'read') {
            endRead(s, beginRead(s, nowMs).requestId);
            const change = fate === 'answered' ? keepRead(s, register.held, nowMs, always) : null;
            if (change) expect(s.unknownWrites).toEqual([]);
            if (change?.confirmed) {
              confirmations += 1;
              confirm(change.confirmed);
            }
          } else {
            const [write, record] = renewal(s, nowMs);
            const action = beginWrite(s, write, record);
            const expected: string | null = action.type === 'writeLease' ? action.expected : null;
            const mayApply = fate !== 'never-applied' && expected === (register.held?.revision ?? null);
            const after: StoredLease | null = mayApply ? put(record) : null;
            if (after) applied.set(write.seq, write.sentAtMs);
            const sent = endWrite(s, action.requestId);
            if (!sent) throw new Error('not under way');
            if (fate !== 'answered') keepUnknown(s, sent);
            else if (after) {
              keepOwn(s, sent, after, nowMs + 5);
              confirm(sent);
              expect(s.unknownWrites).toEqual([]);
            }
          }
          expect(s.unknownWrites.length).toBeLessThanOrEqual(8);
        }
      }),
      { numRuns: 500 },
    );
    expect(confirmations).toBeGreaterThan(20);
  });

  it('is forgotten, and never counts, when more are in doubt than are remembered', () => {
    const s = fresh();
    const sent = Array.from({ length: 9 }, (_, index) => {
      const [write, record] = renewal(s, index);
      endWrite(s, beginWrite(s, write, record).requestId);
      keepUnknown(s, write);
      return record;
    });
    const [oldest] = sent;
    if (!oldest) throw new Error('nothing was sent');
    expect(keepRead(s, { record: oldest, revision: 'r1' }, 100, always)?.confirmed).toBeNull();
  });
});
