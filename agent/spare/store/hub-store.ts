/** A group's store on the embedded hub: three connections, so that events, backups and the lease do not wait for each other. */
import type { Clock } from '../../adapters/clock.ts';
import type { Position } from '../../hub/protocol/schema.ts';
import type { HubAddress } from '../../standby/lease/hub-connection.ts';
import type { LeaseStore } from '../../standby/types.ts';
import type { GroupStore } from '../types.ts';
import { hubBackups, publishToIngress } from './hub-backups.ts';
import { openHubLink } from './hub-link.ts';
import { hubQueue } from './hub-queue.ts';
import { hubRegister } from './hub-registers.ts';
import { createStoreQueue } from './store-queue.ts';

export function openHubStore(options: {
  address: HubAddress;
  groupId: string;
  lease: LeaseStore;
  clock: Clock;
}): GroupStore {
  const { address, groupId, lease, clock } = options;
  let seen: Position | null = null;
  const link = openHubLink(address, clock, () => seen);
  const onPosition = (position: Position) => {
    if (seen === null || position.revision >= seen.revision) seen = position;
  };
  const queue = createStoreQueue(hubQueue(openHubLink(address, clock, () => null)));
  return {
    name: `the hub at ${address.url}`,
    lease,
    roster: hubRegister(link, `roster/${groupId}`, onPosition),
    presence: (memberId) => hubRegister(link, `presence/${memberId}`, onPosition),
    backups: hubBackups(link),
    queue,
    publishIngress: (table) => publishToIngress(link, table),
    async close() {
      link.close();
      await queue.close();
      await lease.close();
    },
  };
}
