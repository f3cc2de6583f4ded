/** A member's connection to NATS for everything but the lease: opened when needed, thrown away when a call fails on it. */
import { type JetStreamClient, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../../adapters/clock.ts';
import { createDeadline, type Deadline } from '../../standby/lease/deadline.ts';
import { dialNats, fromNats, type NatsAddress, replicasOf } from '../../standby/lease/nats-session.ts';
import { createOnDemand } from '../../standby/lease/on-demand.ts';

export interface NatsContext {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly client: JetStreamClient;
  readonly replicas: number;
  /** What is made once on a connection: a stream that was found or added, a bucket that was opened. */
  once<T>(key: string, make: () => Promise<T>): Promise<T>;
}

export interface NatsLink {
  /** `work` on an open connection, within the time. Rejects with AppErrors: `unavailable` and `timeout` say nothing of what was done. */
  use<T>(timeoutMs: number, work: (context: NatsContext, deadline: Deadline) => Promise<T>): Promise<T>;
  close(): void;
}

/** Of one step: an election takes seconds, and another server may answer sooner. */
const stepTimeoutMs = 2_000;

export function openNatsLink(address: NatsAddress, memberId: string, clock: Clock): NatsLink {
  const contexts = createOnDemand({
    open: () => openContext(address, memberId),
    isOpen: ({ connection }) => !connection.isClosed(),
    discard: ({ connection }) => void connection.close().catch(() => {}),
    clock,
  });
  return {
    async use(timeoutMs, work) {
      const deadline = createDeadline(clock, timeoutMs, 'NATS');
      const context = await deadline.within(contexts.get());
      try {
        return await deadline.within(work(context, deadline));
      } catch (thrown) {
        const error = fromNats(thrown);
        if (error.code === 'unavailable' || error.code === 'timeout') contexts.drop(context);
        throw error;
      }
    },
    close: () => contexts.close(),
  };
}

async function openContext(address: NatsAddress, memberId: string): Promise<NatsContext> {
  const connection = await dialNats(address, `holdfast ${memberId}`);
  try {
    const manager = await jetstreamManager(connection, { timeout: stepTimeoutMs, checkAPI: false });
    return {
      connection,
      manager,
      client: manager.jetstream(),
      replicas: replicasOf(connection, address),
      once: onceEach(),
    };
  } catch (error) {
    await connection.close().catch(() => {});
    throw fromNats(error);
  }
}

/** What failed is tried again with the next call. */
function onceEach(): NatsContext['once'] {
  const made = new Map<string, unknown>();
  return async <T>(key: string, make: () => Promise<T>): Promise<T> => {
    const known = made.get(key);
    if (isPromise<T>(known)) return known;
    const making = make();
    made.set(key, making);
    making.catch(() => made.delete(key));
    return making;
  };
}

function isPromise<T>(value: unknown): value is Promise<T> {
  return value instanceof Promise;
}
