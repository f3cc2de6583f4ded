/** The embedded hub as a real process on loopback. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { askStatus } from '../../../agent/hub/local-socket.ts';
import { freePorts, Member, until } from './member.ts';
import { type StoreKind, type StoreServers, untilServing } from './servers.ts';

export const hubProgram = fileURLToPath(new URL('../../../agent/hub/main.ts', import.meta.url));

/** Runs one command of the hub program to its end. */
export function hubCommand(dataDir: string, ...words: string[]) {
  const args = ['--disable-warning=ExperimentalWarning', hubProgram, '--data', dataDir, ...words];
  return spawnSync(process.execPath, args, { encoding: 'utf8' });
}

export const embeddedHub: StoreKind = { name: 'hub', missing: null, start: () => startHub() };

/** On `dataDir`, or on a folder of its own that is removed in the end. */
export async function startHub(dataDir?: string): Promise<StoreServers> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'holdfast-hub-')));
  const [port] = await freePorts(1);
  const added = hubCommand(folder, 'account', 'add', 'site-1', '--json');
  const { key } = z.object({ key: z.string() }).parse(JSON.parse(added.stdout));
  const listen = `127.0.0.1:${port}`;
  const args = ['--disable-warning=ExperimentalWarning', hubProgram, '--data', folder, '--listen', listen];
  const member = new Member({ name: 'hub', command: process.execPath, args, dataDir: folder });
  member.start();
  await until('the hub runs', 20_000, async () => (await askStatus(folder)).listen === listen);
  const { fingerprint } = await askStatus(folder);
  const config = { kind: 'hub', url: listen, account: 'site-1', key, fingerprint } as const;
  const servers: StoreServers = {
    config,
    wrongAccount: { ...config, key: 'not-the-key' },
    members: [member],
    leader: async () => member,
    readsAreLinearizable: true,
    close: async () => {
      await member.end();
      if (dataDir === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
  await untilServing(servers);
  return servers;
}
