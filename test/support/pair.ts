/** A real pair on this machine: two agents with their guards, a hub, and a process that leaves a trace while it runs. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type PairConfig, type PairStatus, pairConfigSchema } from '../../src/contract/index.ts';
import { freePort, startNode, type TestNode } from './node.ts';

export interface TestHub {
  /** As settings name it. */
  readonly arbiter: PairConfig['arbiter'];
  start(): Promise<void>;
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  stop(): Promise<void>;
}

export interface TestPair {
  readonly folder: string;
  readonly a: TestNode;
  readonly b: TestNode;
  readonly hub: TestHub;
  /** Settings with the traced process, one link and the hub. */
  config(change?: Partial<PairConfig>): Promise<PairConfig>;
  /** Shows a code on a, types it on b. */
  join(): Promise<void>;
  statusUntil(node: TestNode, what: string, wanted: (status: PairStatus) => boolean): Promise<PairStatus>;
  /** Every run of the traced process: on which node, when first and last seen (UTC ms). */
  runs(): { node: string; pid: number; firstMs: number; lastMs: number }[];
  guardPid(node: TestNode): number;
  remove(): Promise<void>;
}

const entryOf = (path: string) => new URL(`../../agent/${path}`, import.meta.url).pathname;
const limitMs = 20_000;
/** While it runs it says so every 10 ms. */
const traceProgram = `
const { appendFileSync } = require('node:fs');
const say = () => appendFileSync(process.argv[2], Date.now() + ' ' + process.env.PAIR_NODE + ' ' + process.pid + '\\n');
say();
setInterval(say, 10);
process.on('SIGTERM', () => process.exit(0));
`;

export async function startPair(): Promise<TestPair> {
  const folder = mkdtempSync(join(tmpdir(), 'hfp-'));
  const tracePath = join(folder, 'trace.log');
  const programPath = join(folder, 'trace.cjs');
  writeFileSync(programPath, traceProgram);
  const peerPorts = { a: await freePort(), b: await freePort() };
  const linkPort = await freePort();
  const hub = await startHub(folder);
  const start = (name: 'a' | 'b') =>
    startNode({
      parentDir: folder,
      name,
      peerListen: `127.0.0.${name === 'a' ? 1 : 2}:${peerPorts[name]}`,
      env: { PAIR_NODE: name },
    });
  const [a, b] = await Promise.all([start('a'), start('b')]);
  const seenGuards = new Set<number>();

  const guardPid = (node: TestNode) => {
    const pid = guardOf(node);
    seenGuards.add(pid);
    return pid;
  };

  return {
    folder,
    a,
    b,
    hub,
    guardPid,
    async config(change = {}) {
      const facts = await a.client.standby.facts();
      const [first, second] = facts;
      if (!first || !second) throw new Error('the nodes are not paired');
      return pairConfigSchema.parse({
        pairId: first.pairId,
        version: 1,
        application: 'trace',
        nodes: facts.map(({ nodeId, name, peerAddress, fingerprint }) => ({
          id: nodeId,
          name,
          address: peerAddress,
          fingerprint,
        })),
        links: [
          {
            id: 'cable',
            addresses: { [first.nodeId]: '127.0.0.1', [second.nodeId]: '127.0.0.2' },
            port: linkPort,
            intervalMs: 100,
          },
        ],
        arbiter: hub.arbiter,
        resources: [
          {
            id: 'trace',
            name: 'trace',
            kind: 'process',
            command: [process.execPath, programPath, tracePath],
            monitorIntervalSeconds: 0.5,
          },
        ],
        waitAfterStartSeconds: 0,
        ...change,
      });
    },
    async join() {
      const { code, address } = await a.client.standby.pairingCode();
      await b.client.standby.join({ address, code });
    },
    async statusUntil(node, what, wanted) {
      const deadlineMs = Date.now() + limitMs;
      for (;;) {
        const status = await node.client.standby.status().catch(() => null);
        if (status && wanted(status)) return status;
        if (Date.now() > deadlineMs) {
          throw new Error(`not in time: ${what}\n${JSON.stringify(status, null, 1)}\n${logsOf(node)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    runs: () => readRuns(tracePath),
    async remove() {
      for (const node of [a, b]) {
        try {
          guardPid(node);
        } catch {
          // It has none.
        }
      }
      await Promise.all([a.remove(), b.remove()]);
      await hub.stop();
      for (const pid of seenGuards) killIfAlive(pid);
      for (const { pid } of readRuns(tracePath).slice(-4)) killIfAlive(pid, programPath);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function roleOf(status: PairStatus, self = true): string | null {
  return status.nodes.find((node) => node.self === self)?.role ?? null;
}

/** Of this very data folder, whoever started it. */
function guardOf(node: TestNode): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const command = readText(`/proc/${pid}/cmdline`);
    if (command.includes('standby/guard/main') && command.includes(node.dataDir)) return Number(pid);
  }
  throw new Error('the node has no guard');
}

function killIfAlive(pid: number, program = 'standby/guard/main'): void {
  try {
    // Only what still is what it was.
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(program)) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function readRuns(path: string): { node: string; pid: number; firstMs: number; lastMs: number }[] {
  if (!existsSync(path)) return [];
  const runs = new Map<number, { node: string; pid: number; firstMs: number; lastMs: number }>();
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [timeMs, node, pid] = line.split(' ');
    if (!timeMs || !node || !pid) continue;
    const run = runs.get(Number(pid)) ?? { node, pid: Number(pid), firstMs: Number(timeMs), lastMs: 0 };
    runs.set(Number(pid), { ...run, lastMs: Number(timeMs) });
  }
  return [...runs.values()];
}

function logsOf(node: TestNode): string {
  const tail = (name: string) => readText(join(node.dataDir, name)).slice(-2_000);
  return `${node.output()}\n${tail('guard.log')}\n${tail('agent.log')}`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function startHub(folder: string): Promise<TestHub> {
  const dataDir = join(folder, 'hub');
  const listen = `127.0.0.1:${await freePort()}`;
  const run = [`--no-warnings`, entryOf('hub/main.ts'), '--data', dataDir];
  const made = JSON.parse(
    execFileSync(process.execPath, [...run, 'account', 'add', 'pair', '--json'], { encoding: 'utf8' }),
  ) as { key: string };
  let child: ChildProcess | null = null;
  let fingerprint = '';
  const start = async () => {
    const started = spawn(process.execPath, [...run, '--listen', listen], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: started.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        fingerprint = /^fingerprint\s+(\S+)/.exec(line)?.[1] ?? fingerprint;
        if (line.trim() === 'ready') resolve();
      });
      started.once('exit', (code) => reject(new Error(`the hub ended with ${code}`)));
    });
  };
  await start();
  return {
    arbiter: { kind: 'hub', url: listen, account: 'pair', key: made.key, fingerprint },
    start,
    kill: (signal) => void child?.kill(signal),
    async stop() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await gone;
    },
  };
}
