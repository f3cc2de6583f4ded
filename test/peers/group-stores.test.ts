/** The stores of a receiver group against real servers on loopback, one server each; the cluster is in the proof. */
import { groupStoreContract } from '../contract/group-store.ts';
import { embeddedHub } from './lease-servers/hub.ts';
import { singleNats } from './lease-servers/nats.ts';

for (const kind of [embeddedHub, singleNats]) groupStoreContract(kind);
