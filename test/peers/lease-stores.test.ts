/** The lease stores against real servers on loopback, one server each; clusters are in the proof. */
import { freezeLeader, killLeader, leaseStoreContract, leaseStoreFaults } from '../contract/lease-store.ts';
import { singleEtcd } from './lease-servers/etcd.ts';
import { embeddedHub } from './lease-servers/hub.ts';
import { singleNats } from './lease-servers/nats.ts';

for (const kind of [embeddedHub, singleEtcd, singleNats]) {
  leaseStoreContract(kind);
  leaseStoreFaults(kind, [killLeader, freezeLeader], 20_000);
}
