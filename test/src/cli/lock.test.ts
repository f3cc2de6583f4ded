/** `holdfast lock` against a node on a real socket: what it asks, prints, and how it ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatTime } from '../../../src/cli/time.ts';
import type { Lock } from '../../../src/contract/index.ts';
import { AppError, exitCodes } from '../../../src/errors.ts';
import { type FakeNode, os, startFakeNode } from '../client/fake-node.ts';
import { cli } from './harness.ts';

const nowMs = 1_800_000_000_000;
const minuteMs = 60_000;

let folder: string;
let fake: FakeNode | undefined;
let locks: Lock[];
let asked: unknown[];
let refuse: AppError | null;

const sample: Lock = {
  id: 'lock-3',
  cameraId: 'c1',
  cameraName: 'door',
  fromMs: nowMs - 20 * minuteMs,
  toMs: nowMs - 10 * minuteMs,
  note: 'case 2217',
  createdBy: 'ada',
  createdAtMs: nowMs,
  expiresAtMs: null,
  blocks: 3,
  bytes: 3 * 16 * 2 ** 20,
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-cli-'));
  vi.stubEnv('HOLDFAST_CONFIG', join(folder, 'config'));
  locks = [sample, { ...sample, id: 'lock-4', cameraName: null, note: '', blocks: null, bytes: null }];
  asked = [];
  refuse = null;
  const lock = {
    list: os.lock.list.handler(({ input }) => {
      asked.push(input);
      return locks;
    }),
    add: os.lock.add.handler(({ input }) => {
      if (refuse) throw refuse;
      asked.push(input);
      const { fromMs, expiresAtMs } = input;
      return { ...sample, fromMs, toMs: Math.min(input.toMs, nowMs), expiresAtMs };
    }),
    remove: os.lock.remove.handler(({ input }) => {
      asked.push(input);
      return { ok: true as const };
    }),
  };
  fake = await startFakeNode({ router: { lock } });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await fake?.close();
  fake = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => cli(['lock', ...args, '--data', fake?.dataDir ?? ''], { nowMs });

describe('lock list', () => {
  it('shows stretch, size, who and why, and says when the size is not known', async () => {
    const { code, stdout } = await run('list');
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toMatch(/^LOCK +CAMERA +FROM +TO +EXPIRES +HOLDS +BY +NOTE/);
    expect(stdout).toMatch(/lock-3 +door .* 50\.3 MB +ada +case 2217/);
    expect(stdout).toMatch(/lock-4 +c1 .* \? +ada/);
  });

  it('asks for one camera, and prints one document for programs', async () => {
    const { stdout } = await run('list', '--camera', 'door', '--json');
    expect(JSON.parse(stdout)).toEqual(locks);
    expect(asked).toEqual([{ camera: 'door' }]);
    locks = [];
    expect((await run('list')).stdout).toContain('nothing is locked');
  });
});

describe('lock add', () => {
  it('takes times as the export does and tells what is held', async () => {
    const { code, stdout } = await run(
      'add',
      '--camera',
      'door',
      '--from',
      '-20m',
      '--to',
      '-10m',
      '--note',
      'case 2217',
    );
    expect(code).toBe(0);
    expect(asked).toEqual([
      { camera: 'door', fromMs: sample.fromMs, toMs: sample.toMs, expiresAtMs: null, note: 'case 2217' },
    ]);
    expect(stdout.trim()).toBe(
      `lock-3 holds door from ${formatTime(sample.fromMs)} to ${formatTime(sample.toMs)}: 3 blocks, 50.3 MB`,
    );
  });

  it('takes an end of the lock as a time from now or a day, and none that is past', async () => {
    const add = (expires: string) =>
      run('add', '--camera', 'door', '--from', '-5m', '--to', 'now', '--expires', expires);
    expect((await add('90d')).stdout).toContain(`, until ${formatTime(nowMs + 90 * 86_400_000)}`);
    expect(asked).toMatchObject([{ expiresAtMs: nowMs + 90 * 86_400_000 }]);
    expect((await add('2040-01-01T00:00:00Z')).code).toBe(0);
    for (const wrong of ['-5m', 'now', '2001-01-01', 'soon'])
      expect((await add(wrong)).code, wrong).toBe(exitCodes.invalid_input);
  });

  it('says when the end was cut at the present', async () => {
    const at = new Date(nowMs + 60 * minuteMs).toISOString();
    const { stdout } = await run('add', '--camera', 'door', '--from', '-5m', '--to', at);
    expect(stdout).toContain('the present: what is recorded later is not locked');
    expect((await run('add', '--camera', 'door', '--from', '-5m', '--to', 'now')).stdout).not.toContain(
      'present',
    );
  });

  it('refuses an end before the start without asking the node, and passes its refusals on', async () => {
    expect((await run('add', '--camera', 'door', '--from', '-5m', '--to', '-9m')).code).toBe(
      exitCodes.invalid_input,
    );
    expect(asked).toEqual([]);
    refuse = new AppError('disk_full', 'at most 20 % may be locked', { hint: 'shorter' });
    const { code, stderr } = await run('add', '--camera', 'door', '--from', '-5m', '--to', 'now');
    expect(code).toBe(exitCodes.disk_full);
    expect(stderr).toContain('at most 20 % may be locked');
  });
});

describe('lock remove', () => {
  it('wants the lock named again, with what will happen', async () => {
    const without = await run('remove', 'lock-3');
    expect(without.code).toBe(exitCodes.conflict);
    expect(without.stderr).toContain('lets the video of door from');
    expect(asked).toEqual([{}]);
    const { code, stdout } = await run('remove', 'lock-3', '--yes', 'lock-3', '--json');
    expect({ code, removed: JSON.parse(stdout) }).toEqual({
      code: 0,
      removed: { id: 'lock-3', removed: true },
    });
    expect(asked.at(-1)).toEqual({ id: 'lock-3' });
    expect((await run('remove', 'lock-9', '--yes', 'lock-9')).code).toBe(exitCodes.not_found);
  });
});
