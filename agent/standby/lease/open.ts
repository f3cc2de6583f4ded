/** Opens the lease store that a pair's arbiter names; the guard and the preflight need to know no driver. */
import type { ArbiterConfig } from '../../../src/contract/standby.ts';
import { AppError } from '../../../src/errors.ts';
import { type Clock, systemClock } from '../../adapters/clock.ts';
import type { LeaseStore } from '../types.ts';
import type { LeaseDriver } from './driver.ts';
import { createEtcdDriver, type EtcdAddress } from './etcd-driver.ts';
import { createHubDriver } from './hub-driver.ts';
import { createNatsDriver } from './nats-driver.ts';
import type { NatsAddress } from './nats-session.ts';
import { createWatchedStore } from './watched-store.ts';

export interface OpenLeaseStoreOptions {
  clock?: Clock;
  /**
   * The latest revision that this node knew before it was restarted: then it also finds out when the store went back
   * meanwhile. Leave it out to accept the store as it is.
   */
  seenRevision?: string | null;
}

/** Arbiters with a store behind them. */
export type StoreArbiter = Extract<ArbiterConfig, { kind: 'hub' | 'etcd' | 'nats' }>;

const bucketDefault = 'holdfast';

/**
 * The store of the arbiter, null for arbiters without one. Connects with the first call, and again by itself. When the
 * store turns out to have gone back, every call rejects with `data_loss` until it is closed and opened anew.
 * @throws AppError `invalid_input` when an address or the id of the pair cannot be used.
 */
export function openLeaseStore(
  config: ArbiterConfig,
  pairId: string,
  options: OpenLeaseStoreOptions = {},
): LeaseStore | null {
  if (config.kind !== 'hub' && config.kind !== 'etcd' && config.kind !== 'nats') return null;
  if (!/^[\w-]{1,64}$/.test(pairId)) {
    throw new AppError('invalid_input', 'not the id of a pair', {
      hint: 'Use letters, digits and dashes, at most 64 characters.',
    });
  }
  const { clock = systemClock, seenRevision = null } = options;
  const driver = createDriver(config, pairId, { clock, seenRevision });
  return createWatchedStore({ driver, pairId, name: nameOf(config), clock, seenRevision });
}

function createDriver(
  config: StoreArbiter,
  pairId: string,
  { clock, seenRevision }: Required<OpenLeaseStoreOptions>,
): LeaseDriver {
  if (config.kind === 'hub') return createHubDriver({ address: config, pairId, clock, seenRevision });
  if (config.kind === 'etcd') return createEtcdDriver(etcdAddress(config), pairId);
  return createNatsDriver({ address: natsAddress(config), pairId, clock });
}

export function etcdAddress(config: Extract<StoreArbiter, { kind: 'etcd' }>): EtcdAddress {
  const { endpoints, user, password, ca = null } = config;
  return { endpoints, user, password, ca };
}

export function natsAddress(config: Extract<StoreArbiter, { kind: 'nats' }>): NatsAddress {
  const { servers, user, password, ca = null, bucket = bucketDefault, replicas = null } = config;
  return { servers, user, password, ca, bucket, replicas };
}

function nameOf(config: StoreArbiter): string {
  if (config.kind === 'hub') return `the hub at ${config.url}`;
  return config.kind === 'etcd' ? 'etcd' : 'NATS';
}
