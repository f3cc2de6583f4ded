/** A real pair in the lab: two agents, a hub, an nginx on each node, paired and brought in through the command line. */
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PairStatus } from '../../src/contract/index.ts';
import { descendants } from '../support/processes.ts';
import { buildLab, type Lab } from './lab.ts';
import { nginxConfig, type Witness, witness } from './measure.ts';

export type NodeName = 'a' | 'b';

export interface TestPair {
  readonly lab: Lab;
  readonly witness: Witness;
  /** Runs the command line on a node and returns what it printed; throws with its error. */
  cli(node: NodeName, ...args: string[]): string;
  status(node: NodeName): PairStatus;
  /** The node that holds the application by its own word; null when none does. */
  active(): NodeName | null;
  pids(node: NodeName): { agent: number; guard: number; all: number[] };
  hubPid(): number;
  startAgent(node: NodeName): Promise<void>;
  startHub(): Promise<void>;
  /** Ends all and removes everything. */
  remove(): Promise<void>;
}

const launcher = new URL('../../bin/holdfast', import.meta.url).pathname;
const hubPort = 6070;

export async function buildPair(options: { profile: 'default' | 'fast' }): Promise<TestPair> {
  const work = mkdtempSync(join(tmpdir(), 'hfp-'));
  const lab = buildLab();
  const processes = new Map<string, ChildProcess>();
  const dataDir = (name: string) => join(work, name);

  const start = (host: NodeName | 'arbiter', name: string, args: readonly string[], ready: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const child = lab.start(host, [launcher, ...args]);
      processes.set(name, child);
      let text = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (ready.test(text)) resolve();
      });
      child.once('exit', (code) => reject(new Error(`${name} ended with ${code}: ${text}`)));
    });
  const run = (host: NodeName | 'arbiter', args: readonly string[]): string => {
    const [program = '', ...prefix] = lab.on(host);
    const done = spawnSync(program, [...prefix, launcher, ...args], { timeout: 60_000 });
    if (done.status === 0) return done.stdout.toString();
    throw new Error(
      `holdfast ${args.join(' ')} on ${host}: ${done.stderr.toString()}${done.stdout.toString()}`,
    );
  };
  const cli = (node: NodeName, ...args: string[]) => run(node, [...args, '--data', dataDir(node)]);
  const status = (node: NodeName) => JSON.parse(cli(node, 'standby', 'status', '--json')) as PairStatus;
  const startAgent = (node: NodeName) =>
    start(
      node,
      node,
      [
        'agent',
        '--data',
        dataDir(node),
        '--listen',
        `${lab.address(node)}:6060`,
        '--peer-listen',
        `${lab.address(node)}:7330`,
        '--name',
        `node-${node}`,
      ],
      /^ready$/m,
    );
  const startHub = () =>
    start(
      'arbiter',
      'hub',
      ['hub', '--data', dataDir('hub'), '--listen', `${lab.address('arbiter')}:${hubPort}`],
      /^ready$/m,
    );
  const remove = async () => {
    await lab.remove();
    rmSync(work, { recursive: true, force: true });
  };

  try {
    for (const name of ['a', 'b', 'hub', 'www']) mkdirSync(dataDir(name));
    await startHub();
    const account = JSON.parse(
      run('arbiter', ['hub', 'account', 'add', 'site', '--json', '--data', dataDir('hub')]),
    ) as { key: string };
    const hub = JSON.parse(run('arbiter', ['hub', 'status', '--json', '--data', dataDir('hub')])) as {
      fingerprint: string;
    };
    for (const node of ['a', 'b'] as const) {
      writeFileSync(join(dataDir('www'), `${node}.conf`), nginxConfig(node, dataDir('www')));
      await startAgent(node);
    }
    const { code, address } = JSON.parse(cli('a', 'standby', 'pair', 'code', '--json')) as {
      code: string;
      address: string;
    };
    const peer = JSON.parse(cli('b', 'standby', 'pair', 'join', address, code, '--json')) as {
      nodeId: string;
    };
    const [self = '', other = ''] = [peer.nodeId, status('b').nodes.find((node) => node.self)?.id ?? ''];
    const file = join(work, 'pair.json');
    const both = (of: (node: NodeName) => string) => ({ [self]: of('a'), [other]: of('b') });
    writeFileSync(
      file,
      JSON.stringify({
        application: 'web',
        profile: options.profile,
        waitAfterStartSeconds: 0,
        arbiter: {
          kind: 'hub',
          url: `${lab.address('arbiter')}:${hubPort}`,
          account: 'site',
          key: account.key,
          fingerprint: hub.fingerprint,
        },
        links: [
          { id: 'direct', addresses: both((node) => lab.address(node, 'heartbeat')), port: 7340 },
          { id: 'service', addresses: both((node) => lab.address(node)), port: 7350 },
        ],
        resources: [
          {
            id: 'vip',
            name: 'vip',
            kind: 'ip',
            address: `${lab.virtualAddress}/24`,
            interfaces: { '*': lab.interfaceName('service') },
          },
          // The same command on both hosts: each nginx is told its name by the host's own file.
          {
            id: 'web',
            name: 'web',
            kind: 'process',
            command: ['/bin/sh', join(dataDir('www'), 'run')],
            after: ['vip'],
          },
        ],
      }),
    );
    writeFileSync(
      join(dataDir('www'), 'run'),
      `if ip -o addr | grep -q ' ${lab.address('a').replaceAll('.', '\\.')}/'; then n=a; else n=b; fi\nexec nginx -c ${dataDir('www')}/$n.conf\n`,
    );
    cli('a', 'standby', 'apply', file);
    cli('a', 'standby', 'bring-in');
    return {
      lab,
      witness: witness(lab),
      cli,
      status,
      active() {
        const found = (['a', 'b'] as const).filter((node) =>
          status(node).nodes.some((seen) => seen.self && seen.role === 'active'),
        );
        return found[0] ?? null;
      },
      pids(node) {
        const all = descendants(processes.get(node)?.pid ?? 0);
        const find = (pattern: RegExp) => all.find(({ command }) => pattern.test(command))?.pid ?? 0;
        return {
          agent: find(/agent\/main\.js/),
          guard: find(/standby\/guard\/main\.js/),
          all: [processes.get(node)?.pid ?? 0, ...all.map(({ pid }) => pid)],
        };
      },
      hubPid: () =>
        descendants(processes.get('hub')?.pid ?? 0).find(({ command }) => /hub\/main\.js/.test(command))
          ?.pid ?? 0,
      startAgent,
      startHub,
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Nginx, addresses and the like that a killed node leaves behind in its namespace: a real machine would be off. */
export function powerOff(pair: TestPair, node: NodeName): void {
  const { lab } = pair;
  for (const network of ['service', 'heartbeat'] as const) lab.cut(node, network);
  for (const pid of namespacePids(lab, node)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended already.
    }
  }
  execFileSync('ip', [
    ...lab.on(node).slice(1, 3),
    lab.on(node)[3] ?? '',
    'ip',
    'address',
    'flush',
    'dev',
    lab.interfaceName('service'),
  ]);
}

function namespacePids(lab: Lab, node: NodeName): number[] {
  const name = lab.on(node)[3] ?? '';
  return execFileSync('ip', ['netns', 'pids', name]).toString().split('\n').filter(Boolean).map(Number);
}
