/** A site on one machine: a hub with its ingress, and nodes whose receivers are one group; all real processes that can be killed and frozen. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { alarmOutputSchema, deviceConfigSchema, type GroupStoreConfig } from '../../../src/contract/index.ts';
import { freePort, startNode, type TestNode } from '../../support/node.ts';
import { until } from '../../support/receiver.ts';
import { stopChild } from './arc.ts';

export const arcId = 'site-1';
const importMax = 500;

export interface Member {
  readonly name: string;
  readonly node: TestNode;
  readonly port: number;
  /** Of the receiver process that runs now; null: none. */
  receiverPid(): number | null;
}

export interface Site {
  readonly members: readonly Member[];
  readonly hub: SiteHub;
  /** Name of the member whose receiver has the connection with this local port open. */
  ownerOf(port: number): string | null;
  working(): Promise<Member | null>;
  remove(): Promise<void>;
}

export interface SiteHub {
  readonly dc09Port: number;
  pid(): number;
  start(): Promise<void>;
  kill(): void;
}

export interface SiteOptions {
  readonly folder: string;
  readonly members: number;
  readonly arcPort: number;
  /** Accounts by the mode in which their devices report. */
  readonly accounts: Readonly<Record<'direct' | 'hub' | 'dual', readonly string[]>>;
}

export async function startSite(options: SiteOptions): Promise<Site> {
  const { hub, store, stop } = await startHub(options.folder);
  const members: Member[] = [];
  const remove = async () => {
    await Promise.all(members.map(removeMember));
    await stop();
  };
  try {
    for (let index = 0; index < options.members; index += 1) {
      members.push(await startMember(options.folder, `r${index}`));
    }
    const [host] = members;
    if (host === undefined) throw new Error('a site without members');
    await fill(host, options);
    for (const { node } of members) await node.client.group.connect({ store, arcId });
    await until('the host works', async () => (await workingOf(members)) === host);
    const total = Object.values(options.accounts).flat().length;
    for (const { name, node } of members) {
      await until(`${name} has the devices`, async () => (await node.client.device.list({})).total === total);
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    members,
    hub,
    working: () => workingOf(members),
    ownerOf: (port) => members.find((member) => owns(member.receiverPid(), port))?.name ?? null,
    remove,
  };
}

async function workingOf(members: readonly Member[]): Promise<Member | null> {
  const statuses = await Promise.all(members.map(({ node }) => node.client.group.status().catch(() => null)));
  return members.find((_, index) => statuses[index]?.self.status === 'working') ?? null;
}

async function startMember(folder: string, name: string): Promise<Member> {
  const node = await startNode({ name, parentDir: folder });
  const port = await freePort();
  const { client, dataDir } = node;
  await client.alarm.configure({ enabled: true, listenHost: '127.0.0.1', port });
  await until(`${name} listens`, async () => (await client.alarm.status()).listen !== null);
  return { name, node, port, receiverPid: () => receiverOf(dataDir) };
}

async function fill({ node: { client } }: Member, { accounts, arcPort }: SiteOptions): Promise<void> {
  const devices = (['direct', 'hub', 'dual'] as const).flatMap((mode) =>
    accounts[mode].map((account) => deviceConfigSchema.parse({ account, name: `panel ${account}`, mode })),
  );
  for (let from = 0; from < devices.length; from += importMax) {
    await client.device.import({ devices: devices.slice(from, from + importMax) });
  }
  const output = { id: 'arc', name: 'ARC', kind: 'dc09', host: '127.0.0.1', port: arcPort, lanes: 16 };
  await client.alarm.setOutput(
    alarmOutputSchema.parse({ ...output, responseTimeoutMs: 2_000, heartbeatSeconds: 5 }),
  );
}

async function removeMember({ node, receiverPid }: Member): Promise<void> {
  const pid = receiverPid();
  if (pid !== null) signal(pid, 'SIGCONT');
  if (node.pid() > 0) signal(node.pid(), 'SIGCONT');
  await node.remove();
  const left = receiverPid();
  if (left !== null) signal(left, 'SIGKILL');
}

/** Nothing happens when it is gone. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

/** Of this very data folder, whoever started it. */
function receiverOf(dataDir: string): number | null {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const command = read(`/proc/${pid}/cmdline`);
    if (command.includes('alarms/main') && command.includes(dataDir)) return Number(pid);
  }
  return null;
}

function owns(pid: number | null, port: number): boolean {
  if (pid === null) return false;
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = read(`/proc/${pid}/net/tcp`).split('\n');
  const inodes = rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local = '']) => local.endsWith(`:${hex}`))
    .map((fields) => `socket:[${fields[9]}]`);
  return openFiles(pid).some((target) => inodes.includes(target));
}

function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    });
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function startHub(
  folder: string,
): Promise<{ hub: SiteHub; store: GroupStoreConfig; stop(): Promise<void> }> {
  const entry = new URL('../../../agent/hub/main.ts', import.meta.url).pathname;
  const run = ['--no-warnings', entry, '--data', join(folder, 'hub')];
  const listen = `127.0.0.1:${await freePort()}`;
  const dc09Port = await freePort();
  const made = execFileSync(process.execPath, [...run, 'account', 'add', arcId, '--json'], {
    encoding: 'utf8',
  });
  const { key } = JSON.parse(made) as { key: string };
  let child: ChildProcess | null = null;
  let fingerprint = '';
  const start = async () => {
    const args = [...run, '--listen', listen, '--dc09', `127.0.0.1:${dc09Port}=${arcId}`];
    const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    child = started;
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: started.stdout }).on('line', (line) => {
        fingerprint = /^fingerprint\s+(\S+)/.exec(line)?.[1] ?? fingerprint;
        if (line.trim() === 'ready') resolve();
      });
      started.once('exit', (code) => reject(new Error(`the hub ended with ${code}`)));
    });
  };
  await start();
  return {
    hub: { dc09Port, start, pid: () => child?.pid ?? 0, kill: () => void child?.kill('SIGKILL') },
    store: { kind: 'hub', url: listen, account: arcId, key, fingerprint },
    stop: async () => {
      if (child) await stopChild(child);
    },
  };
}
