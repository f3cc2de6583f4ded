/** Opens what a receiver group shares, on a hub or on NATS; who uses it needs to know neither. */
import type { GroupStoreConfig } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { type Clock, systemClock } from '../../adapters/clock.ts';
import { natsAddress, openLeaseStore } from '../../standby/lease/open.ts';
import type { GroupStore } from '../types.ts';
import { openHubStore } from './hub-store.ts';
import { openNatsStore } from './nats-store.ts';

export interface OpenGroupStoreOptions {
  /** Shown in the reports of the store. */
  memberId: string;
  clock?: Clock;
  /** The latest revision of the lease known from before a restart; see `openLeaseStore`. */
  seenRevision?: string | null;
}

/** Connects with the first call, and again by itself. @throws AppError `invalid_input` when an address cannot be used. */
export function openGroupStore(
  config: GroupStoreConfig,
  arcId: string,
  { memberId, clock = systemClock, seenRevision = null }: OpenGroupStoreOptions,
): GroupStore {
  const groupId = `group-${arcId}`;
  const lease = openLeaseStore(config, groupId, { clock, seenRevision });
  if (!lease) throw new AppError('internal', 'a store without leases');
  if (config.kind === 'hub') return openHubStore({ address: config, groupId, lease, clock });
  return openNatsStore({ address: natsAddress(config), groupId, lease, clock, memberId });
}
