/** Debian's nats-server with JetStream on loopback, one server or a cluster of three, with an account. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { freePorts, installed, Member } from './member.ts';
import { type StoreKind, type StoreServers, untilServing } from './servers.ts';

const missing = installed('nats-server') ? null : 'nats-server is missing: apt-get install nats-server';

export const singleNats: StoreKind = { name: 'nats', missing, start: () => startNats(1) };
export const threeNats: StoreKind = { name: 'nats, three servers', missing, start: () => startNats(3) };

const user = 'holdfast';
const password = 'a test';

async function startNats(count: number): Promise<StoreServers> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-nats-'));
  const ports = await freePorts(count * 2);
  const names = Array.from({ length: count }, (_, at) => `n${at + 1}`);
  const routes = names.map((_, at) => `"nats://127.0.0.1:${ports[count + at]}"`).join(', ');
  const members: Member[] = [];
  for (const [at, name] of names.entries()) {
    const dataDir = join(folder, name);
    const cluster = `cluster { name: test, listen: "127.0.0.1:${ports[count + at]}", routes: [${routes}] }`;
    const configFile = join(folder, `${name}.conf`);
    await writeFile(
      configFile,
      `server_name: ${name}
listen: "127.0.0.1:${ports[at]}"
jetstream { store_dir: "${dataDir}", max_mem: 64MB, max_file: 256MB }
accounts { A { jetstream: enabled, users: [ { user: ${user}, password: "${password}" } ] } }
${count > 1 ? cluster : ''}
`,
    );
    members.push(new Member({ name, command: 'nats-server', args: ['-c', configFile], dataDir }));
  }
  for (const member of members) member.start();
  const addresses = names.map((_, at) => `127.0.0.1:${ports[at]}`);
  const config = { kind: 'nats', servers: addresses, user, password } as const;
  const servers: StoreServers = {
    config: { ...config, servers: addresses },
    wrongAccount: { ...config, servers: addresses, password: 'another' },
    members,
    leader: (pairId) => leaderOf(members, addresses, pairId),
    readsAreLinearizable: count === 1,
    close: async () => {
      await Promise.all(members.map((member) => member.end()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  await untilServing(servers, 40_000);
  return servers;
}

async function leaderOf(members: readonly Member[], addresses: string[], pairId: string): Promise<Member> {
  if (members.length === 1 && members[0]) return members[0];
  const connection = await connect({
    servers: addresses,
    user,
    pass: password,
    timeout: 2_000,
    reconnect: false,
  });
  try {
    const manager = await jetstreamManager(connection, { timeout: 2_000 });
    const { cluster } = await manager.streams.info(`KV_holdfast-${pairId}`);
    const leader = members.find(({ name }) => name === cluster?.leader);
    if (!leader) throw new Error('the stream has no leader');
    return leader;
  } finally {
    await connection.close();
  }
}
