/** What the preflight says of a pair's lease store: whether this node may read and write there, how fast, and what its set-up cannot survive. */
import { z } from 'zod';
import type { PreflightCheck } from '../../../src/contract/standby.ts';
import { AppError, toAppError } from '../../../src/errors.ts';
import { systemClock } from '../../adapters/clock.ts';
import type { LeaseStore } from '../types.ts';
import { createGateway } from './etcd-gateway.ts';
import { openNatsSession } from './nats-session.ts';
import { etcdAddress, natsAddress, openLeaseStore, type StoreArbiter } from './open.ts';

export type StoreFinding = Omit<PreflightCheck, 'node'>;

/** The checks write here and never to the lease of a pair. */
const practicePair = 'preflight';
const callTimeoutMs = 3_000;
const roundsMax = 5;

/** Takes a few seconds at most, and touches no lease. Never throws. */
export async function inspectLeaseStore(config: StoreArbiter): Promise<StoreFinding[]> {
  const use = await inspectUse(config);
  if (use.result === 'fail') return [use];
  try {
    if (config.kind === 'etcd') return [use, await inspectEtcd(etcdAddress(config))];
    if (config.kind === 'nats') return [use, ...(await inspectNats(natsAddress(config)))];
    return [use];
  } catch (error) {
    return [use, finding('arbiter-members', 'skip', toAppError(error).message)];
  }
}

async function inspectUse(config: StoreArbiter): Promise<StoreFinding> {
  let store: LeaseStore | null = null;
  try {
    store = openLeaseStore(config, practicePair);
    if (!store) throw new AppError('internal', 'an arbiter without a store');
    const slowestMs = await slowestWriteMs(store);
    return finding('arbiter', 'pass', `takes writes in ${slowestMs.toFixed(1)} ms at most`);
  } catch (thrown) {
    const error = toAppError(thrown);
    return finding('arbiter', 'fail', error.message, error.hint ?? 'Check its address, account and network.');
  } finally {
    await store?.close();
  }
}

/** The slowest of a few writes. A conflict is as good: the peer checks at the same time. */
async function slowestWriteMs(store: LeaseStore): Promise<number> {
  let slowestMs = 0;
  for (let round = 0; round < roundsMax; round += 1) {
    const before = await store.read(callTimeoutMs);
    const startMs = systemClock.monotonicMs();
    const record = { pairId: practicePair, holder: null, epoch: 0, seq: round, successor: null };
    await store.compareAndSet(before?.revision ?? null, record, callTimeoutMs).catch((error: unknown) => {
      if (toAppError(error).code !== 'conflict') throw error;
    });
    // The first one also opens the connection.
    if (round > 0) slowestMs = Math.max(slowestMs, systemClock.monotonicMs() - startMs);
  }
  return slowestMs;
}

const membersSchema = z.object({ members: z.array(z.unknown()) });

async function inspectEtcd(address: ReturnType<typeof etcdAddress>): Promise<StoreFinding> {
  const gateway = createGateway(address.endpoints[0] ?? '', address.ca);
  try {
    const options = { token: null, timeoutMs: callTimeoutMs };
    const answer = await gateway.post('/v3/cluster/member/list', {}, options);
    const parsed = membersSchema.safeParse(answer.body);
    if (!parsed.success) return finding('arbiter-members', 'skip', 'etcd does not tell its members');
    const { length } = parsed.data.members;
    return judgeMembers(length, address.endpoints.length);
  } finally {
    gateway.close();
  }
}

async function inspectNats(address: ReturnType<typeof natsAddress>): Promise<StoreFinding[]> {
  const session = await openNatsSession(address, practicePair);
  try {
    const version = session.connection.info?.version ?? '0';
    return [judgeMembers(session.replicas, address.servers.length), judgeSync(version)];
  } finally {
    await session.connection.close();
  }
}

function judgeMembers(members: number, addresses: number): StoreFinding {
  if (members < 3) {
    const evidence = `kept by ${members} server${members === 1 ? '' : 's'}`;
    return finding('arbiter-members', 'warn', evidence, 'Use three or more, so that one may fail.');
  }
  if (addresses < 2) {
    const evidence = `kept by ${members} servers, of which this node knows one`;
    return finding('arbiter-members', 'warn', evidence, 'Enter the addresses of all of them.');
  }
  return finding('arbiter-members', 'pass', `kept by ${members} servers`);
}

/** NATS syncs its streams every two minutes by default: a power cut of all servers takes back what they confirmed. */
function judgeSync(version: string): StoreFinding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 2 || (major === 2 && minor >= 10)) {
    const evidence = `NATS ${version}; it does not tell clients how often it syncs`;
    return finding('arbiter-sync', 'skip', `${evidence}: set sync_interval: always in its jetstream block`);
  }
  return finding(
    'arbiter-sync',
    'warn',
    `NATS ${version} cannot sync every write: a power cut of all servers loses the last ones`,
    'Update to 2.10 or newer and set sync_interval: always in its jetstream block.',
  );
}

const titles: Readonly<Record<string, string>> = {
  arbiter: 'Arbiter reachable and writable',
  'arbiter-members': 'Arbiter survives the loss of a server',
  'arbiter-sync': 'Arbiter keeps what it confirms',
};

function finding(
  id: string,
  result: StoreFinding['result'],
  evidence: string,
  fix: string | null = null,
): StoreFinding {
  return { id, title: titles[id] ?? id, result, evidence, fix };
}
