/** A real pair in the lab: two agents, a hub, an nginx on each node, paired and brought in through the command line. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PairStatus } from '../../src/contract/index.ts';
import { buildLab, killNow, type Lab } from './lab.ts';
import { type Witness, witness } from './measure.ts';
import { pairSettings, writeService } from './settings.ts';

export type NodeName = 'a' | 'b';

export interface TestPair {
  readonly lab: Lab;
  readonly witness: Witness;
  /** Runs the command line on a node and returns what it printed; throws with its error. */
  cli(node: NodeName, ...args: string[]): string;
  status(node: NodeName): PairStatus;
  /** Throws when one of them does not run. */
  pids(node: NodeName): { agent: number; guard: number };
  /** Kills the arbiter and what would start it again. */
  stopHub(): void;
  /** The nginx that the pair runs on a node. */
  servicePids(node: NodeName): number[];
  /** While on, a service that is started ignores a polite request to end. */
  setStubborn(on: boolean): void;
  dataDir(node: NodeName): string;
  /** Resolves when one node is active and the other stands by. Rejects after `timeoutMs`, with how they stand. */
  settled(timeoutMs?: number): Promise<{ active: NodeName; standby: NodeName }>;
  startAgent(node: NodeName): Promise<void>;
  startHub(): Promise<void>;
  /** Ends all and removes everything. */
  remove(): Promise<void>;
}

const launcher = new URL('../../bin/holdfast', import.meta.url).pathname;
const hubPort = 6070;
const networks = ['service', 'heartbeat'] as const;

export interface PairOptions {
  profile: 'default' | 'fast';
  /** Gives node a a file system of its own for its data, of so many MiB. */
  smallDiskMib?: number;
  /** Of the service; 10 when it is left out. */
  restartTriesMax?: number;
  /** Of everything that runs on a node. */
  env?: Readonly<Partial<Record<NodeName, Record<string, string>>>>;
  /** Told what is being built, for a person who waits. */
  onStep?: (text: string) => void;
}

export async function buildPair(options: PairOptions): Promise<TestPair> {
  const work = mkdtempSync(join(tmpdir(), 'hfp-'));
  const lab = buildLab();
  const dataDir = (name: string) => join(work, name);

  const start = (host: NodeName | 'arbiter', name: string, args: readonly string[], ready: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const env = host === 'arbiter' ? {} : (options.env?.[host] ?? {});
      const child = lab.start(host, [launcher, ...args], { env });
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
  const pidOf = (host: NodeName, command: RegExp) => {
    const pid = lab.pids(host).find((each) => command.test(commandOf(each)));
    if (pid === undefined) throw new Error(`nothing like ${command} runs on ${host}`);
    return pid;
  };
  const roleOf = (node: NodeName) => {
    try {
      return status(node).nodes.find(({ self }) => self)?.role ?? null;
    } catch {
      // Its agent is being started again.
      return null;
    }
  };
  const settled = async (timeoutMs = 30_000) => {
    const deadlineMs = Date.now() + timeoutMs;
    for (;;) {
      const roles = { a: roleOf('a'), b: roleOf('b') };
      if (roles.a === 'active' && roles.b === 'standby') return { active: 'a', standby: 'b' } as const;
      if (roles.b === 'active' && roles.a === 'standby') return { active: 'b', standby: 'a' } as const;
      if (Date.now() > deadlineMs) {
        throw new Error(
          `a is ${roles.a}, b is ${roles.b}\n${cli('a', 'standby', 'explain')}\n${cli('b', 'standby', 'explain')}`,
        );
      }
      // The agents' own ends of pipes are read meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const removeNow = () => {
    for (const name of ['a', 'b']) spawnSync('umount', ['-l', dataDir(name)], { stdio: 'ignore' });
    rmSync(work, { recursive: true, force: true });
  };
  process.on('exit', removeNow);
  const remove = async () => {
    process.off('exit', removeNow);
    await lab.remove();
    removeNow();
  };

  try {
    for (const name of ['a', 'b', 'hub', 'www']) mkdirSync(dataDir(name));
    if (options.smallDiskMib !== undefined) {
      const size = `size=${options.smallDiskMib}m`;
      execFileSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', dataDir('a')]);
    }
    const step = options.onStep ?? (() => {});
    step('an arbiter: holdfast hub');
    await startHub();
    const account = JSON.parse(
      run('arbiter', ['hub', 'account', 'add', 'site', '--json', '--data', dataDir('hub')]),
    ) as { key: string };
    const hub = JSON.parse(run('arbiter', ['hub', 'status', '--json', '--data', dataDir('hub')])) as {
      fingerprint: string;
    };
    for (const node of ['a', 'b'] as const) {
      step(`node ${node}: holdfast agent`);
      await startAgent(node);
    }
    step('paired: holdfast standby pair code, and pair join with that code on b');
    const { code, address } = JSON.parse(cli('a', 'standby', 'pair', 'code', '--json')) as {
      code: string;
      address: string;
    };
    const peer = JSON.parse(cli('b', 'standby', 'pair', 'join', address, code, '--json')) as {
      nodeId: string;
    };
    const ids = { a: peer.nodeId, b: status('b').nodes.find((node) => node.self)?.id ?? '' };
    const file = join(work, 'pair.json');
    const arbiter = {
      kind: 'hub',
      url: `${lab.address('arbiter')}:${hubPort}`,
      account: 'site',
      key: account.key,
      fingerprint: hub.fingerprint,
    };
    const command = writeService(lab, dataDir('www'));
    writeFileSync(
      file,
      JSON.stringify(
        pairSettings(lab, {
          profile: options.profile,
          ids,
          arbiter,
          command,
          restartTriesMax: options.restartTriesMax ?? 10,
        }),
      ),
    );
    step('its settings: holdfast standby apply pair.json');
    cli('a', 'standby', 'apply', file);
    step('brought in: holdfast standby bring-in');
    cli('a', 'standby', 'bring-in');
    return {
      lab,
      witness: witness(lab),
      cli,
      status,
      settled,
      dataDir,
      servicePids: (node) => lab.pids(node).filter((pid) => commandOf(pid).startsWith('nginx')),
      setStubborn(on) {
        if (on) writeFileSync(join(dataDir('www'), 'stubborn'), '');
        else rmSync(join(dataDir('www'), 'stubborn'), { force: true });
      },
      pids: (node) => ({
        agent: pidOf(node, /agent\/main\.js/),
        guard: pidOf(node, /standby\/guard\/main\.js/),
      }),
      stopHub: () => lab.pids('arbiter').forEach(killNow),
      startAgent,
      startHub,
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The node as it is without power: silent, empty, and without the address. */
export function powerOff(pair: TestPair, node: NodeName): void {
  const { lab, witness } = pair;
  for (const network of networks) lab.cut(node, network);
  for (const pid of lab.pids(node)) if (!witness.pids.includes(pid)) killNow(pid);
  lab.run(node, ['nft', 'flush', 'ruleset']);
  try {
    lab.run(node, ['ip', 'address', 'del', `${lab.virtualAddress}/24`, 'dev', lab.interfaceName('service')]);
  } catch {
    // It did not hold it.
  }
}

export async function powerOn(pair: TestPair, node: NodeName): Promise<void> {
  for (const network of networks) pair.lab.mend(node, network);
  await pair.startAgent(node);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
