import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../../../agent/adapters/service-process.ts';
import { encodeEnvelope } from '../../../agent/settings/durable-adapter.ts';
import { type Connection, openConnection } from '../../../src/client/connect.ts';
import { exitCodes } from '../../../src/errors.ts';

const entry = new URL('../../../agent/main.ts', import.meta.url).pathname;
let folder = '';
let connection: Connection | null = null;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-p-'));
});
afterEach(async () => {
  connection?.close();
  connection = null;
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  child: ChildProcess;
  output: () => string;
  /** Exit code, once it has ended. */
  exited: Promise<number | null>;
  ready: Promise<void>;
}

function run(dataDir = folder, listen = 'none', more: readonly string[] = []): Run {
  const args = ['--no-warnings', entry, '--data', dataDir, '--listen', listen, ...more];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  const ready = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (/^ready$/m.test(text)) ready.resolve();
    });
  }
  const exited = once(child, 'close').then(([code]: (number | null)[]) => code ?? null);
  return { child, output: () => text, exited, ready: ready.promise };
}

function client() {
  connection?.close();
  connection = openConnection({ kind: 'local', dataDir: folder });
  return connection.client;
}

async function recorderPid(): Promise<number> {
  const api = client();
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { recorder } = await api.node.status();
    if (recorder.pid !== null) return recorder.pid;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('no recorder');
}

describe('the agent', () => {
  it('shows its one-time password once, and keeps its files to itself', async () => {
    const first = run(folder, '127.0.0.1:0');
    await first.ready;
    const password = /^password {5}(\S+)$/m.exec(first.output())?.[1] ?? '';
    expect(password).toMatch(/^\w{4}-\w{4}-\w{4}-\w{4}$/);
    expect(first.output()).toMatch(/^listen {7}https:\/\/127\.0\.0\.1:\d+$/m);
    expect(first.output()).toMatch(/^fingerprint {2}([0-9A-F]{2}:){31}[0-9A-F]{2}$/m);
    for (const name of [
      'agent.sock',
      'settings.json',
      'secret.key',
      'journal.db',
      'agent.log',
      'tls/key.pem',
    ]) {
      expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0);
    }
    for (const name of ['settings.json', 'agent.log']) {
      expect(readFileSync(join(folder, name), 'utf8').includes(password), name).toBe(false);
    }
    first.child.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    expect(existsSync(join(folder, 'agent.sock'))).toBe(false);
    const second = run();
    await second.ready;
    expect(second.output()).not.toContain('password');
  });

  it('does not use up its one-time password in a start that fails, and keeps the watchdog it is told', {
    timeout: 60_000,
  }, async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : null;
    const taken = run(folder, `127.0.0.1:${port}`);
    expect(await taken.exited).toBe(exitCodes.conflict);
    other.close();
    const again = run(folder, 'none', ['--watchdog', '/dev/watchdog9']);
    await again.ready;
    expect(again.output()).toMatch(/^password {5}\S+$/m);
    expect(readFileSync(join(folder, 'settings.json'), 'utf8')).toContain(
      '"watchdogDevice": "/dev/watchdog9"',
    );
  });

  it('is alone on its data folder', async () => {
    await run().ready;
    const second = run();
    expect(await second.exited).toBe(exitCodes.conflict);
    expect(second.output()).toContain('another agent');
    expect((await client().node.hello()).local).toBe(true);
  });

  it('killed, leaves its recorder at work; the next one takes it over, and ends it when told to stop', async () => {
    const first = run();
    await first.ready;
    const pid = await recorderPid();
    first.child.kill('SIGKILL');
    await first.exited;
    expect(isAlive(pid)).toBe(true);
    const second = run();
    await second.ready;
    expect(await recorderPid()).toBe(pid);
    second.child.kill('SIGTERM');
    expect(await second.exited).toBe(0);
    expect(isAlive(pid)).toBe(false);
  });

  it('replaces a recorder that was killed', async () => {
    await run().ready;
    const pid = await recorderPid();
    process.kill(pid, 'SIGKILL');
    const api = client();
    let next: number | null = pid;
    for (let attempt = 0; attempt < 200 && (next === pid || next === null); attempt += 1) {
      next = (await api.node.status()).recorder.pid;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(next).not.toBe(pid);
    const { entries } = await api.log.search({ text: 'recorder', level: 'error' });
    expect(entries[0]).toMatchObject({ event: 'recorder.died', level: 'error' });
  });

  it.each([
    ['settings of a newer version', 'unsupported', 'version 99', { version: 99 }],
    [
      'settings with an unknown key',
      'invalid_input',
      'colour',
      {
        version: 1,
        node: { id: 'n', name: 'n', timeZone: 'UTC', createdAtMs: 0 },
        colour: 'red',
      },
    ],
  ] as const)('refuses %s and says why', async (_, code, text, document) => {
    writeFileSync(join(folder, 'settings.json'), encodeEnvelope({ serial: 1, document }));
    const refused = run();
    expect(await refused.exited).toBe(exitCodes[code]);
    expect(refused.output()).toContain(text);
  });

  it('makes no new key where that of the alarm devices is missing', async () => {
    writeFileSync(join(folder, 'devices.db'), '');
    const refused = run();
    expect(await refused.exited).toBe(exitCodes.data_loss);
    expect(refused.output()).toContain('secret.key is missing');
    expect(existsSync(join(folder, 'secret.key'))).toBe(false);
  });

  it('says what is wrong with a path too long for a socket, a port in use, and a missing flag', async () => {
    const deep = join(folder, 'd'.repeat(100));
    mkdirSync(deep);
    const long = run(deep);
    expect(await long.exited).toBe(exitCodes.invalid_input);
    expect(long.output()).toContain('too long');
    const first = run(folder, '127.0.0.1:0');
    await first.ready;
    const address = /https:\/\/(\S+)$/m.exec(first.output())?.[1] ?? '';
    const taken = run(join(folder, 'other'), address);
    expect(await taken.exited).toBe(exitCodes.conflict);
    expect(taken.output()).toContain('--listen');
    const bare = spawn(process.execPath, ['--no-warnings', entry], { stdio: 'ignore' });
    expect((await once(bare, 'exit'))[0]).toBe(exitCodes.invalid_input);
  });
});
