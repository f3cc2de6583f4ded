/** What is made of a driver's answers: records or refusals, and the difference between an old answer and a store that went back. */
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../agent/adapters/clock.ts';
import type { LeaseDriver, StoredText } from '../../agent/standby/lease/driver.ts';
import { openLeaseStore } from '../../agent/standby/lease/open.ts';
import { formatRevision, parseRevision } from '../../agent/standby/lease/revision.ts';
import { createWatchedStore } from '../../agent/standby/lease/watched-store.ts';
import type { LeaseStore } from '../../agent/standby/types.ts';
import type { ArbiterConfig } from '../../src/contract/standby.ts';

const pairId = 'pair-1';
const record = (seq: number) => ({ pairId, holder: 'a', epoch: 1, seq, successor: null });
const at = (number: number, lineage = 'x') => ({ lineage, number: BigInt(number), tag: '' });
const stored = (number: number, text = JSON.stringify(record(number))): StoredText => ({
  text,
  revision: at(number),
});

const stores: LeaseStore[] = [];
afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())));

/** A driver that answers what the test says next. */
function storeOver(driver: Partial<LeaseDriver>, seenRevision: string | null = null): LeaseStore {
  const nothing = { read: async () => null, write: async () => at(1), close: async () => {} };
  const store = createWatchedStore({
    ...{ driver: { ...nothing, ...driver }, pairId, name: 'the store', clock: systemClock, seenRevision },
  });
  stores.push(store);
  return store;
}

const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );

describe('what is stored', () => {
  it.each([
    ['no JSON', 'lease'],
    ['another thing', '{"a":1}'],
    ['a lease of another pair', JSON.stringify({ ...record(1), pairId: 'pair-2' })],
    ['a lease with more to it', JSON.stringify({ ...record(1), more: true })],
  ])('is refused when it is %s', async (_name, text) => {
    expect(await failure(storeOver({ read: async () => stored(1, text) }).read(1_000))).toBe('protocol');
  });

  it('is never made a record of another pair', async () => {
    const call = storeOver({}).compareAndSet(null, { ...record(1), pairId: 'pair-2' }, 1_000);
    expect(await failure(call)).toBe('invalid_input');
  });
});

describe('a store that went back', () => {
  it.each([
    ['a lower revision', stored(4)],
    ['another history', { ...stored(9), revision: at(9, 'y') }],
    ['nothing at all', null],
  ])('shows %s, and is not believed again', async (_name, answer) => {
    const answers: (StoredText | null)[] = [stored(5), answer, stored(6)];
    const store = storeOver({ read: async () => answers.shift() ?? null });
    expect((await store.read(1_000))?.record).toEqual(record(5));
    expect(await failure(store.read(1_000))).toBe('data_loss');
    expect(await failure(store.read(1_000))).toBe('data_loss');
    expect(answers).toHaveLength(1);
  });

  it('is noticed by the revision that was kept over a restart', async () => {
    const store = storeOver({ read: async () => stored(4) }, formatRevision(at(5)));
    expect(await failure(store.read(1_000))).toBe('data_loss');
  });

  it('is not one whose answer was only late: a read that began before a newer write', async () => {
    const late = Promise.withResolvers<StoredText>();
    const store = storeOver({ read: () => late.promise, write: async () => at(9) });
    const reading = store.read(1_000);
    await store.compareAndSet(null, record(9), 1_000);
    late.resolve(stored(4));
    expect((await reading)?.record).toEqual(record(4));
  });
});

describe('a call', () => {
  it('ends in its time though the driver never answers', async () => {
    const store = storeOver({ read: () => new Promise(() => {}) });
    expect(await failure(store.read(20))).toBe('timeout');
  });

  it('with a revision that no store gave is refused', async () => {
    for (const text of ['', 'x', 'x.1.y.z', 'x.-1', `x.${'9'.repeat(30)}`]) {
      expect(await failure(storeOver({}).compareAndSet(text, record(1), 1_000)), text).toBe('invalid_input');
    }
    const kept = { lineage: 'hub', number: 12n, tag: '0a-0b' };
    expect(parseRevision(formatRevision(kept))).toEqual(kept);
  });
});

describe('an arbiter', () => {
  it('without a store has none', () => {
    expect(openLeaseStore({ kind: 'manual' }, pairId)).toBeNull();
  });

  it.each<[string, ArbiterConfig, string]>([
    [
      'a pair id with a wildcard',
      { kind: 'nats', servers: ['127.0.0.1'], user: null, password: null },
      'a.>',
    ],
    [
      'an endpoint with a password in it',
      { kind: 'etcd', endpoints: ['http://u:p@h'], user: null, password: null },
      pairId,
    ],
  ])('with %s is refused', (_name, config, pair) => {
    expect(() => openLeaseStore(config, pair)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});
