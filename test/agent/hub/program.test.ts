/** `holdfast hub` as an operator has it: accounts, status, a kill that it survives, and an end in good order. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { askStatus } from '../../../agent/hub/local-socket.ts';
import { cli } from '../../src/cli/harness.ts';
import { descendants } from '../../support/processes.ts';

const root = fileURLToPath(new URL('../../../dist/', import.meta.url));
const entry = join(root, 'src/cli/main.js');
const built = existsSync(entry) && existsSync(join(root, 'agent/hub/main.js'));
if (!built) console.warn('SKIPPED: holdfast hub; build it with: npm run build');

describe.skipIf(!built)('holdfast hub', () => {
  let dataDir: string;
  let hub: ChildProcess;
  let said = '';
  const hubCli = async (...words: string[]) => cli(['hub', ...words, '--data', dataDir]);

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'hf-hub-cli-'));
    const args = [entry, 'hub', '--data', dataDir, '--listen', '127.0.0.1:0'];
    hub = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [hub.stdout, hub.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    await vi.waitFor(() => expect(said).toContain('ready'), 20_000);
  });
  afterAll(async () => {
    if (hub && hub.exitCode === null && hub.signalCode === null) {
      hub.kill('SIGKILL');
      await once(hub, 'exit');
    }
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('tells address and fingerprint, and what to do next', () => {
    expect(said).toMatch(/listen {7}127\.0\.0\.1:\d+\nfingerprint {2}([0-9A-F]{2}:){31}/);
    expect(said).toContain('this machine only; for nodes elsewhere: --listen 0.0.0.0:6070');
    expect(said).toContain('holdfast hub account add');
  });

  it('makes, lists and removes accounts beside the running hub; the key shows once', async () => {
    const added = JSON.parse((await hubCli('account', 'add', 'site-1', '--json')).stdout);
    expect(added).toEqual({ name: 'site-1', key: expect.stringMatching(/^[\w-]{43}$/) });
    expect((await hubCli('account', 'add', 'site-1')).code).toBe(6);
    expect((await hubCli('account', 'add', 'Not A Name')).code).toBe(2);
    const list = await hubCli('account', 'list', '--json');
    expect(JSON.parse(list.stdout)).toMatchObject([{ name: 'site-1', registers: 0 }]);
    expect(list.stdout).not.toContain(added.key);
    expect((await hubCli('account', 'remove', 'site-1')).code).toBe(0);
    expect((await hubCli('account', 'remove', 'site-1')).code).toBe(5);
  });

  it('comes back after a kill as a new run, and ends in good order', async () => {
    const before = JSON.parse((await hubCli('status', '--json')).stdout);
    const child = descendants(hub.pid ?? 0).find(({ command }) => command.includes('hub/main'));
    process.kill(child?.pid ?? 0, 'SIGKILL');
    await vi.waitFor(async () => {
      const after = await askStatus(dataDir);
      expect(after.bootNumber).toBe(before.bootNumber + 1);
    }, 10_000);
    hub.kill('SIGTERM');
    expect(await once(hub, 'exit')).toEqual([0, null]);
    expect((await hubCli('status')).code).toBe(8);
  });
});
