/** The servers of one lease store as a test handles them, whichever store it is. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLeaseStore, type StoreArbiter } from '../../../agent/standby/lease/open.ts';
import type { LeaseStore } from '../../../agent/standby/types.ts';
import { type Member, until } from './member.ts';

export interface StoreServers {
  readonly config: StoreArbiter;
  /** With a key or password that is wrong. */
  readonly wrongAccount: StoreArbiter;
  readonly members: readonly Member[];
  /** The member that decides on writes to the pair's lease. */
  leader(pairId: string): Promise<Member>;
  /** Every answer is as new as the last confirmed write; else only a client never goes back by itself. */
  readonly readsAreLinearizable: boolean;
  close(): Promise<void>;
}

export interface StoreKind {
  name: string;
  /** Why it cannot run here, null when it can. */
  missing: string | null;
  start(): Promise<StoreServers>;
}

export function openStore(servers: StoreServers, pairId: string): LeaseStore {
  const store = openLeaseStore(servers.config, pairId);
  if (!store) throw new Error('not an arbiter with a store');
  return store;
}

/** Until a pair's lease can be read and another one written: a cluster may serve some of them sooner than others. */
export async function untilServing(
  servers: StoreServers,
  timeoutMs = 20_000,
  pairId: string | null = null,
): Promise<void> {
  const practice = openStore(servers, 'is-it-up');
  const pair = openStore(servers, pairId ?? 'is-it-up');
  try {
    await until('the store serves', timeoutMs, async () => {
      const before = await practice.read(1_500);
      const record = { pairId: 'is-it-up', holder: null, epoch: 0, seq: 0, successor: null };
      await practice.compareAndSet(before?.revision ?? null, record, 1_500);
      await pair.read(1_500);
      return true;
    });
  } finally {
    await practice.close();
    await pair.close();
  }
}

/** Puts all data folders back to what they were when `work` began; the servers are down for both copies. */
export async function withOldCopy(
  servers: StoreServers,
  pairId: string,
  work: () => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-copy-'));
  try {
    await Promise.all(servers.members.map((member) => member.end('SIGTERM')));
    for (const member of servers.members) await member.copyTo(join(folder, member.name));
    for (const member of servers.members) member.start();
    await untilServing(servers, 30_000, pairId);
    await work();
    await Promise.all(servers.members.map((member) => member.end('SIGKILL')));
    for (const member of servers.members) await member.putBack(join(folder, member.name));
    for (const member of servers.members) member.start();
    await untilServing(servers, 30_000, pairId);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
