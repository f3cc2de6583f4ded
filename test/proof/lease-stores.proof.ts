/**
 * Lease stores as clusters of three under many faults, and how long each store itself takes to fail over (F of the lease's
 * inequality). HOLDFAST_PROOF=short takes a third of the time: fewer faults, and F is not measured.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Fault,
  freezeLeader,
  killLeader,
  leaseStoreContract,
  leaseStoreFaults,
  record,
  runThrough,
  wait,
} from '../contract/lease-store.ts';
import { singleEtcd, threeEtcd } from '../peers/lease-servers/etcd.ts';
import { embeddedHub } from '../peers/lease-servers/hub.ts';
import { singleNats, threeNats } from '../peers/lease-servers/nats.ts';
import {
  openStore,
  type StoreKind,
  type StoreServers,
  untilServing,
} from '../peers/lease-servers/servers.ts';
import { createRandom } from '../support/random.ts';

const short = process.env.HOLDFAST_PROOF === 'short';
const healMs = 40_000;
const seeds = short ? [1] : [1, 2, 3];

const killAll: Fault = {
  name: 'all servers are killed and come back',
  inflict: async ({ members }) => {
    await Promise.all(members.map((member) => member.end('SIGKILL')));
    for (const member of members) member.start();
  },
};

const freezeLeaderLong: Fault = {
  name: 'the leader is frozen until another has taken its place, and goes on as if nothing were',
  inflict: async (servers, pairId) => {
    const leader = await servers.leader(pairId);
    await leader.freeze();
    await wait(12_000);
    leader.thaw();
    await wait(2_000);
  },
};

/** One at a time, so that a majority is always there. */
const manyFaults = (seed: number): Fault => ({
  name: `one server after another is killed or frozen at random (seed ${seed})`,
  inflict: async ({ members }) => {
    const random = createRandom(seed);
    for (let turn = 0; turn < 6; turn += 1) {
      const member = members[Math.floor(random() * members.length)];
      if (!member) continue;
      if (random() < 0.5) {
        await member.end('SIGKILL');
        await wait(random() * 3_000);
        member.start();
      } else {
        await member.freeze();
        await wait(random() * 4_000);
        member.thaw();
      }
      await wait(random() * 3_000);
    }
  },
});

for (const kind of [threeEtcd, threeNats]) {
  leaseStoreContract(kind);
  const long = short ? [] : [freezeLeaderLong, killAll];
  leaseStoreFaults(kind, [killLeader, freezeLeader, ...long, ...seeds.map(manyFaults)], healMs);
}

describe('one server, killed and frozen again and again', () => {
  for (const kind of [embeddedHub, singleEtcd, singleNats]) {
    it.skipIf(kind.missing !== null)(
      `${kind.name} stays linearizable`,
      async () => {
        const servers = await kind.start();
        try {
          for (const seed of seeds) {
            const run = await runThrough(servers, manyFaults(seed), { seed, pairId: `pair-${seed}`, healMs });
            expect(run.problems).toEqual([]);
          }
        } finally {
          await servers.close();
        }
      },
      300_000,
    );
  }
});

/** The longest time without a confirmed write while the leader fails, as one client with short calls has it. */
async function outageMs(servers: StoreServers, pairId: string, fail: () => Promise<void>): Promise<number> {
  await untilServing(servers, 30_000, pairId);
  const store = openStore(servers, pairId);
  try {
    let held = await store.compareAndSet(null, record(pairId, 'a', 1, 1), 5_000);
    let lastMs = performance.now();
    let longestMs = 0;
    const until = performance.now() + 20_000;
    const failing = wait(1_000).then(fail);
    for (let seq = 2; performance.now() < until; seq += 1) {
      try {
        held = await store.compareAndSet(held.revision, record(pairId, 'a', 1, seq), 500);
        longestMs = Math.max(longestMs, performance.now() - lastMs);
        lastMs = performance.now();
        if (longestMs > 500 && lastMs > until - 12_000) break;
      } catch {
        held = (await store.read(500).catch(() => null)) ?? held;
      }
      await wait(50);
    }
    await failing;
    return Math.max(longestMs, performance.now() - lastMs);
  } finally {
    await store.close();
  }
}

describe.skipIf(short)('the time a store takes to fail over', () => {
  const rows: string[] = [];
  afterAll(() => console.log(['F, measured from the client:', ...rows].join('\n')));
  /** Bounds of the timing profiles: what T of the design leaves room for. */
  const kinds: [StoreKind, number][] = [
    [threeEtcd, 4_000],
    [threeNats, 12_000],
  ];
  describe.each(kinds)('$name', (kind, boundMs) => {
    let servers: StoreServers;
    beforeAll(async () => {
      if (kind.missing === null) servers = await kind.start();
    });
    afterAll(() => servers?.close());

    it.skipIf(kind.missing !== null).each(['SIGKILL', 'SIGSTOP'] as const)(
      'after %s of its leader',
      async (signal) => {
        const outages: number[] = [];
        for (let turn = 0; turn < 5; turn += 1) {
          const pairId = `f-${signal}-${turn}`;
          const fail = async () => {
            const leader = await servers.leader(pairId);
            await (signal === 'SIGKILL' ? leader.end('SIGKILL') : leader.freeze());
          };
          outages.push(Math.round(await outageMs(servers, pairId, fail)));
          for (const member of servers.members) if (!member.running) member.start();
          for (const member of servers.members) member.thaw();
          await wait(3_000);
        }
        rows.push(`  ${kind.name}, ${signal}: ${outages.join(', ')} ms`);
        expect(Math.max(...outages)).toBeLessThan(boundMs);
      },
      300_000,
    );
  });
});
