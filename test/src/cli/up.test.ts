/** `holdfast up --demo` as a newcomer without a terminal sees it: records soon, survives a kill, ends cleanly, starts again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeStatus } from '../../../src/contract/index.ts';
import { cli } from './harness.ts';

const entry = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));
const built = existsSync(entry);
if (!built) console.warn('SKIPPED: holdfast up; build it with: npm run build');
const hasProc = existsSync('/proc/self/task');

let dataDir: string;
let up: ChildProcess | undefined;
let said = '';

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'hf-up-'));
});

afterEach(async () => {
  if (up && up.exitCode === null && up.signalCode === null) {
    up.kill('SIGTERM');
    await once(up, 'exit');
  }
  rmSync(dataDir, { recursive: true, force: true });
});

function start(): ChildProcess {
  said = '';
  const args = ['--disable-warning=ExperimentalWarning', entry, 'up', '--demo', '--data', dataDir];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  up = child;
  return child;
}

async function recordsAll(): Promise<void> {
  await vi.waitFor(() => expect(said).toContain('ready: '), 20_000);
  await vi.waitFor(() => expect(said).toContain('recording 4 of 4 cameras'), 15_000);
}

async function status(): Promise<NodeStatus> {
  return JSON.parse((await cli(['status', '--json', '--data', dataDir])).stdout);
}

function descendants(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(/\s+/),
  );
  return children
    .filter((text) => text !== '')
    .map(Number)
    .flatMap((child) => [child, ...descendants(child)]);
}

const commandOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8');

describe.skipIf(!built || !hasProc)('holdfast up --demo without a terminal', () => {
  it('records four cameras, comes back after a kill, ends cleanly, and finds everything at its second start', async () => {
    const first = start();
    await recordsAll();
    expect(said).toMatch(/password {2,}\S{8,}/);
    expect(said).toContain('this is a demonstration');
    const { spaces, pools, cameras } = await status();
    expect([spaces.length, pools.length, cameras.length]).toEqual([1, 1, 4]);
    expect(new Set(cameras.map(({ media }) => media?.videoCodec))).toEqual(new Set(['h264', 'h265']));

    const pids = descendants(first.pid ?? 0);
    const agent = pids.find((pid) => /dist\/agent\/main\.js/.test(commandOf(pid)));
    process.kill(agent ?? 0, 'SIGKILL');
    await vi.waitFor(() => expect(said).toContain('was killed by SIGKILL; it starts again at once'), 5_000);
    await vi.waitFor(async () => expect((await status()).counts.recording).toBe(4), {
      timeout: 15_000,
      interval: 200,
    });

    const all = [...new Set([...pids, ...descendants(first.pid ?? 0)])];
    first.kill('SIGTERM');
    expect(await once(first, 'exit')).toEqual([0, null]);
    await vi.waitFor(() => expect(all.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]), 5_000);

    const second = start();
    await recordsAll();
    expect(said).not.toMatch(/password {2,}\S{8,}/);
    const again = await status();
    expect([again.spaces.length, again.pools.length, again.cameras.length]).toEqual([1, 1, 4]);
    second.kill('SIGINT');
    expect(await once(second, 'exit')).toEqual([0, null]);
  }, 90_000);
});
