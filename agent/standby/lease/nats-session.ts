/** One connection to NATS with the bucket of the leases opened on it; it ends with the connection, so that nothing is buffered and sent later. */
import { JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { AuthorizationError, connect, type NatsConnection } from '@nats-io/transport-node';
import { AppError } from '../../../src/errors.ts';

export interface NatsAddress {
  servers: readonly string[];
  user: string | null;
  password: string | null;
  /** PEM of the authority that signed the servers' certificates; null: those of the system. */
  ca: string | null;
  /** What the buckets begin with; each pair has one of its own. */
  bucket: string;
  /** Of a bucket that is made; null: 3 in a cluster, else 1. */
  replicas: number | null;
}

export interface NatsSession {
  readonly connection: NatsConnection;
  /** When the bucket was made: another time, another history. */
  readonly lineage: string;
  readonly replicas: number;
  /** Null when nothing is stored. */
  get(): Promise<{ text: string; number: number } | null>;
  /** The number of the last write to the bucket, 0 before the first. */
  lastNumber(): Promise<number>;
  /** Writes when the last write to the bucket was `last`; returns the number of this one. */
  put(text: string, last: number, timeoutMs: number): Promise<number>;
}

const connectTimeoutMs = 1_000;
/** Short, so that a step that nobody answers during an election does not hold up the next try. */
const setUpTimeoutMs = 1_000;
const pingIntervalMs = 1_000;

/** What the text of a lease may weigh. */
const leaseBytesMax = 8_192;

/** @throws AppError `unavailable`, `unauthorized`. */
export async function openNatsSession(
  address: NatsAddress,
  pairId: string,
  valueBytesMax = leaseBytesMax,
): Promise<NatsSession> {
  const connection = await dialNats(address);
  try {
    const manager = await jetstreamManager(connection, { timeout: setUpTimeoutMs, checkAPI: false });
    return await openBucket(connection, manager, { ...address, valueBytesMax }, pairId);
  } catch (error) {
    await connection.close().catch(() => {});
    throw fromNats(error);
  }
}

const key = 'lease';

async function openBucket(
  connection: NatsConnection,
  manager: JetStreamManager,
  address: NatsAddress & { valueBytesMax: number },
  pairId: string,
): Promise<NatsSession> {
  const bucket = `${address.bucket}-${pairId}`;
  const replicas = replicasOf(connection, address);
  const client = manager.jetstream();
  // Without direct reads the stream's leader answers; any replica may answer a direct one, however late it is.
  const options = { history: 1, replicas, allow_direct: false, maxValueSize: address.valueBytesMax };
  const kv = await new Kvm(client).create(bucket, options);
  const { created, config } = (await kv.status()).streamInfo;
  return {
    connection,
    lineage: String(Date.parse(created)),
    replicas: config.num_replicas,
    get: async () => {
      const entry = await kv.get(key);
      if (entry === null || entry.operation !== 'PUT') return null;
      return { text: entry.string(), number: entry.revision };
    },
    lastNumber: async () => (await manager.streams.info(config.name)).state.last_seq,
    put: async (text, last, timeoutMs) => {
      const expect = { lastSequence: last, streamName: config.name };
      return (await client.publish(`$KV.${bucket}.${key}`, text, { expect, timeout: timeoutMs })).seq;
    },
  };
}

/** What a stream that is made gets: three where there is a cluster. */
export function replicasOf(connection: NatsConnection, { replicas }: NatsAddress): number {
  return replicas ?? (connection.info?.cluster === undefined ? 1 : 3);
}

/** A connection that ends when it fails; `name` is what the servers' reports call it. @throws AppError. */
export async function dialNats(address: NatsAddress, name?: string): Promise<NatsConnection> {
  const { servers, user, password, ca } = address;
  try {
    return await connect({
      servers: [...servers],
      timeout: connectTimeoutMs,
      reconnect: false,
      pingInterval: pingIntervalMs,
      maxPingOut: 2,
      ignoreClusterUpdates: true,
      ...(name === undefined ? {} : { name }),
      ...(user === null ? {} : { user, pass: password ?? '' }),
      ...(ca === null ? {} : { tls: { ca } }),
    });
  } catch (error) {
    throw fromNats(error);
  }
}

/** JetStream's err_code (nats-server server/errors.json). */
const wrongLastSequence = 10_071;
const notEnoughResources: readonly number[] = [10_023, 10_047, 10_077];

/** All that is not known to be refused is `unavailable`: a write may have happened. */
export function fromNats(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof AuthorizationError) {
    return new AppError('unauthorized', 'NATS does not accept the account', {
      hint: 'Check user and password, and what the user may publish: $JS.API.>, $KV.>, $O.> and the subjects of its alarms.',
      cause: thrown,
    });
  }
  if (thrown instanceof JetStreamApiError) {
    if (thrown.code === wrongLastSequence) {
      return new AppError('conflict', 'another write came first', { hint: 'Read it again.', cause: thrown });
    }
    if (notEnoughResources.includes(thrown.code)) {
      return new AppError('disk_full', `NATS has no room (error ${thrown.code})`, {
        hint: "Raise the limits of JetStream, or free space on the servers' disks.",
        cause: thrown,
      });
    }
  }
  const what = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError('unavailable', `NATS could not do it: ${what.slice(0, 200)}`, {
    hint: 'Check that the servers run with JetStream, and nats server report jetstream.',
    cause: thrown,
  });
}
