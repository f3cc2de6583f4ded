/** A group's store on NATS JetStream: buckets for roster, ledger and presence, an object store for backups, a stream for alarms. */
import type { Clock } from '../../adapters/clock.ts';
import { createNatsDriver } from '../../standby/lease/nats-driver.ts';
import type { NatsAddress } from '../../standby/lease/nats-session.ts';
import type { LeaseStore } from '../../standby/types.ts';
import type { GroupStore } from '../types.ts';
import { ledgerBytesMax } from './ledger/codec.ts';
import { natsBackups } from './nats-backups.ts';
import { openNatsLedger } from './nats-ledger.ts';
import { openNatsLink } from './nats-link.ts';
import { natsQueue } from './nats-queue.ts';
import { exactRegister, keyRegister, textBytesMax } from './nats-registers.ts';
import { createStoreQueue } from './store-queue.ts';

export function openNatsStore(options: {
  address: NatsAddress;
  groupId: string;
  memberId: string;
  lease: LeaseStore;
  clock: Clock;
}): GroupStore {
  const { address, groupId, memberId, lease, clock } = options;
  const prefix = `${address.bucket}-${groupId}`;
  const exact = (part: string, valueBytesMax: number) =>
    createNatsDriver({ address, pairId: `${groupId}-${part}`, clock, valueBytesMax });
  const roster = exact('roster', textBytesMax);
  const ledger = openNatsLedger(exact('ledger', ledgerBytesMax), clock);
  // Two connections: a backup on its way holds up no event.
  const link = openNatsLink(address, memberId, clock);
  const alarms = openNatsLink(address, memberId, clock);
  const queue = createStoreQueue(natsQueue({ link: alarms, ledger, stream: `${prefix}-alarms`, clock }));
  return {
    name: 'NATS',
    lease,
    roster: exactRegister(roster, clock),
    presence: (member) => keyRegister(link, `${prefix}-presence`, member),
    backups: natsBackups(link, `${prefix}-backups`),
    queue,
    publishIngress: async () => {},
    async close() {
      link.close();
      alarms.close();
      await queue.close();
      await roster.close();
      await lease.close();
    },
  };
}
