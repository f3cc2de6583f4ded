/** What every lease store promises, run against real servers: the contract, and what holds while they fail. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectLeaseStore } from '../../agent/standby/lease/inspect.ts';
import { openLeaseStore } from '../../agent/standby/lease/open.ts';
import { parseRevision } from '../../agent/standby/lease/revision.ts';
import type { LeaseRecord, LeaseStore } from '../../agent/standby/types.ts';
import { until } from '../peers/lease-servers/member.ts';
import {
  openStore,
  type StoreKind,
  type StoreServers,
  untilServing,
  withOldCopy,
} from '../peers/lease-servers/servers.ts';
import { checkHistory } from './lease-checker.ts';
import { startWorkload } from './lease-workload.ts';

const enoughMs = 10_000;

export function record(pairId: string, holder: string | null, epoch: number, seq: number): LeaseRecord {
  return { pairId, holder, epoch, seq, successor: null };
}

const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );

export function leaseStoreContract(kind: StoreKind): void {
  if (kind.missing !== null) console.warn(`SKIPPED: lease store ${kind.name}; ${kind.missing}`);

  describe.skipIf(kind.missing !== null)(`the lease store ${kind.name}`, { timeout: 90_000 }, () => {
    let servers: StoreServers;
    let pairs = 0;
    const newPair = async () => {
      pairs += 1;
      const pairId = `pair-${pairs}`;
      await untilServing(servers, 30_000, pairId);
      return pairId;
    };
    const stores: LeaseStore[] = [];
    const open = (pairId: string) => {
      const store = openStore(servers, pairId);
      stores.push(store);
      return store;
    };
    beforeAll(async () => {
      servers = await kind.start();
    });
    afterAll(async () => {
      await Promise.all(stores.map((store) => store.close()));
      await servers?.close();
    });

    it('holds nothing at first, and takes exactly one first write', async () => {
      const pair = await newPair();
      const [one, other] = [open(pair), open(pair)];
      expect(await one.read(enoughMs)).toBeNull();
      const first = await one.compareAndSet(null, record(pair, 'a', 1, 1), enoughMs);
      expect(await failure(other.compareAndSet(null, record(pair, 'b', 1, 1), enoughMs))).toBe('conflict');
      expect(await other.read(enoughMs)).toEqual(first);
    });

    it('writes only over the revision that is expected, and each write has a higher one', async () => {
      const pair = await newPair();
      const [one, other] = [open(pair), open(pair)];
      const first = await one.compareAndSet(null, record(pair, 'a', 1, 1), enoughMs);
      const second = await one.compareAndSet(first.revision, record(pair, 'a', 1, 2), enoughMs);
      expect(parseRevision(second.revision).number > parseRevision(first.revision).number).toBe(true);
      const late = other.compareAndSet(first.revision, record(pair, 'b', 2, 1), enoughMs);
      expect(await failure(late)).toBe('conflict');
      expect(await other.read(enoughMs)).toEqual(second);
    });

    it('keeps a release with its successor, and lets the successor take it', async () => {
      const pair = await newPair();
      const [one, other] = [open(pair), open(pair)];
      const held = await one.compareAndSet(null, record(pair, 'a', 1, 1), enoughMs);
      const release = { ...record(pair, null, 1, 2), successor: 'b' };
      await one.compareAndSet(held.revision, release, enoughMs);
      const seen = await other.read(enoughMs);
      expect(seen?.record).toEqual(release);
      const taken = await other.compareAndSet(seen?.revision ?? null, record(pair, 'b', 2, 1), enoughMs);
      expect(await one.read(enoughMs)).toEqual(taken);
    });

    it('keeps pairs apart', async () => {
      const [pair, another] = [await newPair(), await newPair()];
      await open(pair).compareAndSet(null, record(pair, 'a', 1, 1), enoughMs);
      expect(await open(another).read(enoughMs)).toBeNull();
    });

    it('loses no write of many clients at once', async () => {
      const pair = await newPair();
      const counters = Array.from({ length: 6 }, () => open(pair));
      const incrementsEach = 8;
      const counted = await Promise.all(
        counters.map(async (store, at) => {
          for (let done = 0; done < incrementsEach; ) {
            const before = await store.read(enoughMs);
            const next = record(pair, `n${at}`, 1, (before?.record.seq ?? 0) + 1);
            const outcome = await failure(store.compareAndSet(before?.revision ?? null, next, enoughMs));
            expect(['done', 'conflict']).toContain(outcome);
            if (outcome === 'done') done += 1;
          }
          return incrementsEach;
        }),
      );
      const total = counted.reduce((sum, each) => sum + each, 0);
      expect((await counters[0]?.read(enoughMs))?.record.seq).toBe(total);
    });

    it('refuses a wrong account', async () => {
      const store = openLeaseStore(servers.wrongAccount, 'pair-1');
      expect(store && (await failure(store.read(enoughMs)))).toBe('unauthorized');
      await store?.close();
    });

    it('passes the preflight, and fails it with a wrong account', async () => {
      const findings = await inspectLeaseStore(servers.config);
      expect(findings[0]).toMatchObject({ id: 'arbiter', result: 'pass', fix: null });
      const members = findings.find(({ id }) => id === 'arbiter-members')?.result;
      const expected = servers.members.length === 3 ? 'pass' : 'warn';
      expect(members ?? expected).toBe(expected);
      expect(await inspectLeaseStore(servers.wrongAccount)).toMatchObject([
        { id: 'arbiter', result: 'fail' },
      ]);
    });

    it('answers no more after it was closed', async () => {
      const store = openStore(servers, 'pair-1');
      await store.close();
      expect(await failure(store.read(enoughMs))).toBe('unavailable');
    });

    it('keeps to its time while the servers are frozen, and serves again when they go on', async () => {
      const pair = await newPair();
      const store = open(pair);
      const held = await store.compareAndSet(null, record(pair, 'a', 1, 1), enoughMs);
      await Promise.all(servers.members.map((member) => member.freeze()));
      try {
        for (const call of [
          () => store.read(300),
          () => store.compareAndSet(held.revision, record(pair, 'a', 1, 2), 300),
          () => open(pair).read(300),
        ]) {
          const startMs = performance.now();
          expect(['timeout', 'unavailable']).toContain(await failure(call()));
          expect(performance.now() - startMs).toBeLessThan(900);
        }
      } finally {
        for (const member of servers.members) member.thaw();
      }
      await untilServing(servers, 30_000, pair);
      // The write that was given up may have been done by now; it can have been done only once.
      const after = await store.read(enoughMs);
      expect([1, 2]).toContain(after?.record.seq);
      const next = await store.compareAndSet(after?.revision ?? null, record(pair, 'a', 1, 3), enoughMs);
      expect((await open(pair).read(enoughMs))?.revision).toBe(next.revision);
    });

    it('says unavailable while the servers are down; after their restart the holder goes on without a fresh look', async () => {
      const pair = await newPair();
      const store = open(pair);
      const held = await store.compareAndSet(null, record(pair, 'a', 1, 1), enoughMs);
      await Promise.all(servers.members.map((member) => member.end()));
      const call = store.compareAndSet(held.revision, record(pair, 'a', 1, 2), 1_000);
      expect(await failure(call)).toBe('unavailable');
      for (const member of servers.members) member.start();
      await untilServing(servers, 30_000, pair);
      const next = await store.compareAndSet(held.revision, record(pair, 'a', 1, 3), enoughMs);
      expect(parseRevision(next.revision).number > parseRevision(held.revision).number).toBe(true);
    });

    it('tells a client that the store went back behind what it confirmed, until it is opened anew', async () => {
      const pair = await newPair();
      const holder = open(pair);
      const early = await holder.compareAndSet(null, record(pair, 'a', 1, 1), enoughMs);
      let late = early;
      await withOldCopy(servers, pair, async () => {
        late = await holder.compareAndSet(early.revision, record(pair, 'a', 1, 2), enoughMs);
        expect(await holder.read(enoughMs)).toEqual(late);
      });
      // NATS does not say with a refused write where it stands; etcd may first wait for a token that is too new.
      const renewal = await failure(holder.compareAndSet(late.revision, record(pair, 'a', 1, 3), 1_000));
      expect(['data_loss', 'conflict', 'timeout']).toContain(renewal);
      await until(
        'the loss is seen',
        30_000,
        async () => (await failure(holder.read(1_000))) === 'data_loss',
      );
      const again = holder.compareAndSet(early.revision, record(pair, 'a', 1, 4), enoughMs);
      expect(await failure(again)).toBe('data_loss');
      const restarted = openLeaseStore(servers.config, pair, { seenRevision: late.revision });
      if (!restarted) throw new Error('not an arbiter with a store');
      stores.push(restarted);
      await until(
        'it is seen again',
        30_000,
        async () => (await failure(restarted.read(1_000))) === 'data_loss',
      );
      expect((await open(pair).read(enoughMs))?.record.seq).toBe(1);
    });
  });
}

export interface Fault {
  name: string;
  /** Done to the servers while clients work; leaves them whole. */
  inflict(servers: StoreServers, pairId: string): Promise<void>;
}

export const wait = (delayMs: number) => new Promise((resolve) => setTimeout(resolve, delayMs));

export const killLeader: Fault = {
  name: 'the leader is killed and comes back',
  inflict: async (servers, pairId) => {
    const leader = await servers.leader(pairId);
    await leader.end('SIGKILL');
    await wait(1_000);
    leader.start();
  },
};

export const freezeLeader: Fault = {
  name: 'the leader is frozen and goes on',
  inflict: async (servers, pairId) => {
    const leader = await servers.leader(pairId);
    await leader.freeze();
    await wait(1_500);
    leader.thaw();
  },
};

/** Confirmed writes before a fault and after it, without which a run shows nothing. */
const writesAround = 10;

/** Runs clients through a fault; returns what is wrong with what they saw. @throws when the store does not come back. */
export async function runThrough(
  servers: StoreServers,
  fault: Fault,
  options: { seed: number; pairId: string; healMs: number },
): Promise<{ problems: string[]; writes: number; operations: number }> {
  const { seed, pairId, healMs } = options;
  const open = () => openStore(servers, pairId);
  const workload = startWorkload({ clients: 5, seed, pairId, open, timeoutMs: 400, pauseMs: 15 });
  try {
    await until('clients write', 10_000, async () => workload.writes() >= writesAround);
    await fault.inflict(servers, pairId);
    await untilServing(servers, healMs);
    const before = workload.writes();
    await until('clients write again', healMs, async () => workload.writes() >= before + writesAround);
  } finally {
    await workload.stop();
  }
  const { readsAreLinearizable } = servers;
  const problems = checkHistory(workload.history, { readsAreLinearizable });
  return { problems, writes: workload.writes(), operations: workload.history.length };
}

/** Histories of many clients stay linearizable while the servers fail. */
export function leaseStoreFaults(kind: StoreKind, faults: readonly Fault[], healMs: number): void {
  describe.skipIf(kind.missing !== null)(`the lease store ${kind.name} stays linearizable`, () => {
    let servers: StoreServers;
    beforeAll(async () => {
      servers = await kind.start();
    });
    afterAll(() => servers?.close());

    it.each(faults.map((fault, at) => ({ ...fault, at })))(
      'while $name',
      async ({ at, ...fault }) => {
        const run = await runThrough(servers, fault, { seed: at + 1, pairId: `pair-${at}`, healMs });
        expect(run.problems).toEqual([]);
      },
      healMs * 3 + 30_000,
    );
  });
}
