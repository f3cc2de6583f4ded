import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../agent/adapters/clock.ts';
import { fuseCommands, fuseEnvironment, startFuse } from '../../../../agent/standby/guard/fuse.ts';
import { pairConfigSchema } from '../../../../src/contract/index.ts';

const hasBash = process.platform === 'linux' && spawnSync('bash', ['--version']).status === 0;
if (!hasBash) console.warn('SKIPPED test/agent/standby/guard/fuse: it needs Linux with bash');

const hasDummy = existsSync('/usr/lib/ocf/resource.d/heartbeat/Dummy');
if (!hasDummy) console.warn('SKIPPED: the fuse and OCF agents: it needs the package resource-agents');
const fakeTime = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path));
if (!fakeTime) console.warn('SKIPPED: the fuse and a clock that is set: it needs the package faketime');
const canMount = hasBash && process.getuid?.() === 0;
if (!canMount) console.warn('SKIPPED: the fuse and volumes: it needs root');

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-fuse-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const markPath = () => join(folder, "stop's $(mark)");
function configOf(resources: unknown[]) {
  return pairConfigSchema.parse({
    pairId: 'pair-1234',
    version: 1,
    application: 'x',
    nodes: ['a', 'b'].map((id) => ({ id, name: id, address: 'h', fingerprint: 'f' })),
    links: [{ id: 'l', addresses: { a: '1', b: '2' } }],
    arbiter: { kind: 'manual' },
    resources,
  });
}
const scriptResource = () => ({
  id: 'job',
  name: 'job',
  kind: 'script',
  start: ['true'],
  stop: ['touch', markPath()],
  monitor: ['true'],
});
const target = (resources: unknown[]) => ({ config: configOf(resources), nodeId: 'a', runDir: folder });

function start(resources: unknown[] = [scriptResource()]) {
  const acted: true[] = [];
  const fuse = startFuse({
    target: target(resources),
    clock: systemClock,
    onActed: () => acted.push(true),
    onProblem: () => {},
  });
  if (!fuse) throw new Error('no fuse');
  return { fuse, acted };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('what the fuse does', () => {
  it('takes addresses first, and never reads settings as shell text', () => {
    const commands = fuseCommands(
      target([
        scriptResource(),
        { id: 'vip', name: 'vip', kind: 'ip', address: '192.0.2.9/24', interfaces: { a: 'eth1', b: 'eth2' } },
        { id: 'web', name: 'web', kind: 'service', unit: 'nginx.service' },
      ]),
    );
    expect(commands[0]).toEqual(['ip', 'address', 'delete', '192.0.2.9/24', 'dev', 'eth1']);
    expect(commands).toContainEqual(['touch', markPath()]);
    expect(commands.at(-1)?.at(-1)).toBe('nginx.service');
  });

  it('keeps the parameters of an agent out of every command line, and leaves a recording to its space', () => {
    const resources = [
      {
        id: 'data-base',
        name: 'd',
        kind: 'ocf',
        agent: 'heartbeat:pgsql',
        parameters: { password: 'a secret' },
      },
      { id: 'cameras', name: 'cameras', kind: 'recording' },
      {
        id: 'disk',
        name: 'disk',
        kind: 'volume',
        device: '/dev/sdz1',
        mountPoint: '/mnt/x/',
        fileSystem: 'ext4',
      },
    ];
    const commands = fuseCommands(target(resources));
    expect(commands).toHaveLength(2);
    expect(commands[0]?.at(-1)).toBe('/usr/lib/ocf/resource.d/heartbeat/pgsql');
    expect(commands[1]?.at(-1)).toBe('/mnt/x');
    expect(JSON.stringify(commands)).not.toContain('a secret');
    expect(fuseEnvironment(configOf(resources))).toMatchObject({
      HOLDFAST_FUSE_0_OCF_RESKEY_password: 'a secret',
    });
  });
});

describe.skipIf(!hasBash)('the fuse', () => {
  it('takes back that a service is wanted before it kills it: one that restarts by itself would come back', () => {
    const calls = join(folder, 'calls');
    writeFileSync(join(folder, 'systemctl'), `#!/bin/sh\necho "$@" >>'${calls}'\n`, { mode: 0o755 });
    const [command = []] = fuseCommands(
      target([{ id: 'web', name: 'web', kind: 'service', unit: 'nginx.service' }]),
    );
    const [program = '', ...args] = command;
    execFileSync(program, args, { env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
    expect(readFileSync(calls, 'utf8').trim().split('\n')).toEqual([
      '--no-block stop -- nginx.service',
      'kill --signal SIGKILL -- nginx.service',
    ]);
  });

  it('acts when the deadline passes, and not while it is moved on', async () => {
    const { fuse, acted } = start();
    for (let time = 0; time < 6; time += 1) {
      fuse.arm(systemClock.monotonicMs() + 300);
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
    expect(existsSync(markPath())).toBe(false);
    await until(() => acted.length > 0, 'the act');
    expect(existsSync(markPath())).toBe(true);
    await fuse.close();
  });

  it('does nothing once it was switched off, also when the guard then ends', async () => {
    const { fuse } = start();
    fuse.arm(systemClock.monotonicMs() + 200);
    fuse.disarm();
    await new Promise((resolve) => setTimeout(resolve, 400));
    await fuse.close();
    expect(existsSync(markPath())).toBe(false);
  });

  it('acts when what holds it is gone, with and without a deadline', async () => {
    for (const deadlineMs of [systemClock.monotonicMs() + 60_000, Number.POSITIVE_INFINITY]) {
      const { fuse } = start();
      fuse.arm(deadlineMs);
      await fuse.close();
      expect(existsSync(markPath())).toBe(true);
      rmSync(markPath());
    }
  });

  it.skipIf(!fakeTime).each([
    { name: 'forward', step: '+3600', deadlineMs: 60_000, acts: false },
    { name: 'back', step: '-3600', deadlineMs: 1_500, acts: true },
  ])(
    'keeps its deadline while the clock of the wall is set $name by an hour',
    async ({ step, deadlineMs, acts }) => {
      const offset = join(folder, 'offset');
      writeFileSync(offset, '+0\n');
      const faked = {
        LD_PRELOAD: fakeTime ?? '',
        FAKETIME_TIMESTAMP_FILE: offset,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      };
      Object.assign(process.env, faked);
      const { fuse, acted } = start();
      for (const name of Object.keys(faked)) delete process.env[name];
      fuse.arm(systemClock.monotonicMs() + deadlineMs);
      await new Promise((resolve) => setTimeout(resolve, 300));
      writeFileSync(offset, `${step}\n`);
      if (!acts) fuse.arm(systemClock.monotonicMs() + deadlineMs);
      if (acts) await until(() => acted.length > 0, 'the act');
      else await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(existsSync(markPath())).toBe(acts);
      fuse.disarm();
      await fuse.close();
    },
  );

  it.skipIf(!hasDummy)('stops an OCF agent with the parameters that it was started with', async () => {
    const state = join(folder, 'dummy.state');
    writeFileSync(state, '');
    const { fuse, acted } = start([
      {
        id: 'dummy',
        name: 'dummy',
        kind: 'ocf',
        agent: 'heartbeat:Dummy',
        parameters: { state, fake: '$(id) x' },
      },
    ]);
    fuse.arm(systemClock.monotonicMs() + 10);
    await until(() => acted.length > 0, 'the act');
    expect(existsSync(state)).toBe(false);
    await fuse.close();
  });

  it.skipIf(!canMount)('unmounts a volume once nobody holds it any more', async () => {
    const mountPoint = join(folder, 'mounted');
    mkdirSync(mountPoint);
    execFileSync('mount', ['-t', 'tmpfs', 'none', mountPoint]);
    const holder = spawn('sleep', ['60'], { cwd: mountPoint, stdio: 'ignore' });
    children.push(holder);
    const { fuse, acted } = start([
      { id: 'disk', name: 'disk', kind: 'volume', device: 'none', mountPoint, fileSystem: 'tmpfs' },
    ]);
    try {
      fuse.arm(systemClock.monotonicMs() + 10);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(acted).toEqual([]);
      holder.kill('SIGKILL');
      await until(() => acted.length > 0, 'the act');
      expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(mountPoint);
    } finally {
      spawnSync('umount', ['-l', mountPoint], { stdio: 'ignore' });
      await fuse.close();
    }
  });

  it('kills a marked program, and one that has written over its mark by its session', async () => {
    const token = 'process:pair-1234:a:web';
    const run = (env: Record<string, string>) => {
      const child = spawn('sleep', ['60'], {
        detached: true,
        stdio: 'ignore',
        env: { ...process.env, ...env },
      });
      children.push(child);
      return child;
    };
    const marked = run({ HOLDFAST_OWNED: token });
    const other = run({ HOLDFAST_OWNED: `${token}2` });
    const unmarked = run({});
    const stat = readFileSync(`/proc/${unmarked.pid}/stat`, 'utf8');
    const sinceTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    writeFileSync(
      join(folder, 'process_pair-1234_a_web.json'),
      JSON.stringify({ bootId: 'x', id: unmarked.pid, sinceTicks }),
    );
    const { fuse } = start([{ id: 'web', name: 'web', kind: 'process', command: ['x'] }]);
    fuse.arm(systemClock.monotonicMs() + 10);
    await until(() => marked.signalCode === 'SIGKILL' && unmarked.signalCode === 'SIGKILL', 'both killed');
    expect(other.signalCode).toBeNull();
    await fuse.close();
  });
});
