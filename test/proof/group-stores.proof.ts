/** The stores of a receiver group under load: nothing acknowledged is lost and order is kept while servers are killed; and how fast they are. HOLDFAST_PROOF=short kills twice. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoadResult, runGroupLoad } from '../contract/group-load.ts';
import { groupStoreContract } from '../contract/group-store.ts';
import { embeddedHub } from '../peers/lease-servers/hub.ts';
import type { Member } from '../peers/lease-servers/member.ts';
import { singleNats, threeNats } from '../peers/lease-servers/nats.ts';
import type { StoreKind, StoreServers } from '../peers/lease-servers/servers.ts';

const short = process.env.HOLDFAST_PROOF === 'short';
const killsMax = short ? 2 : 4;
const calmMs = short ? 8_000 : 20_000;
const betweenKillsMs = 8_000;
const downMs = 1_500;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function show(what: string, result: LoadResult): void {
  const { append, lease, ...books } = result;
  process.stdout.write(
    `${what}: ${JSON.stringify(books)}\n  append ${JSON.stringify(append)}, lease ${JSON.stringify(lease)}\n`,
  );
}

function expectNothingLost(result: LoadResult): void {
  const { acknowledged, missing, outOfOrder, left } = result;
  expect({ missing, outOfOrder, left }).toEqual({ missing: 0, outOfOrder: 0, left: 0 });
  expect(acknowledged).toBeGreaterThan(1_000);
}

/** Whoever decides what is in the stream of the alarms; with one server that one. */
async function leaderOf({ members, config }: StoreServers, stream: string): Promise<Member> {
  const [only] = members;
  if (members.length === 1 && only) return only;
  if (config.kind !== 'nats') throw new Error('not a cluster');
  const { servers, user, password } = config;
  const connection = await connect({
    servers: [...servers],
    user: user ?? '',
    pass: password ?? '',
    timeout: 2_000,
    reconnect: false,
  });
  try {
    const { cluster } = await (await jetstreamManager(connection, { timeout: 2_000 })).streams.info(stream);
    const leader = members.find(({ name }) => name === cluster?.leader);
    if (!leader) throw new Error('the stream has no leader');
    return leader;
  } finally {
    await connection.close();
  }
}

groupStoreContract(threeNats);

function underLoad(kind: StoreKind, eventsPerSecond: number): void {
  describe.skipIf(kind.missing !== null)(`${kind.name} under load`, () => {
    let servers: StoreServers;
    beforeAll(async () => {
      servers = await kind.start();
    }, 60_000);
    afterAll(() => servers?.close());

    it('takes what a site sends, and the lease does not suffer', { timeout: 120_000 }, async () => {
      const meanwhile = () => wait(calmMs).then(() => {});
      const result = await runGroupLoad(servers, {
        arcId: 'calm',
        epoch: 1,
        eventsPerSecond,
        appenders: 3,
        meanwhile,
      });
      show(`${kind.name}, ${eventsPerSecond} events/s`, result);
      expectNothingLost(result);
      expect(result.append.p99Ms).toBeLessThan(1_000);
      expect(result.lease.failed).toBe(0);
    });

    it('loses nothing while its leader is killed again and again', { timeout: 240_000 }, async () => {
      const meanwhile = async () => {
        for (let kill = 0; kill < killsMax; kill += 1) {
          await wait(betweenKillsMs);
          const leader = await leaderOf(servers, 'holdfast-group-storm-alarms');
          await leader.end('SIGKILL');
          await wait(downMs);
          leader.start();
        }
        await wait(betweenKillsMs);
      };
      const load = {
        arcId: 'storm',
        epoch: 11,
        eventsPerSecond: eventsPerSecond / 4,
        appenders: 3,
        meanwhile,
      };
      const result = await runGroupLoad(servers, load);
      show(`${kind.name}, ${killsMax} kills`, result);
      expectNothingLost(result);
    });
  });
}

underLoad(embeddedHub, 2_000);
underLoad(singleNats, 2_000);
underLoad(threeNats, 1_000);
