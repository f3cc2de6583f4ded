/** Supervision: what is started again, after how long, and what ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { afterExit, supervise } from '../../../src/cli/supervise.ts';

const facts = { livedMs: 10_000, restarts: 0, stopping: false };

describe('afterExit', () => {
  it.each(['SIGKILL', 'SIGSEGV', 'SIGABRT', 'SIGBUS'] as const)(
    '%s is followed by a restart at once',
    (signal) => {
      expect(afterExit({ code: null, signal }, facts)).toEqual({ kind: 'restart', delayMs: 0 });
    },
  );

  it('being told to end is not', () => {
    expect(afterExit({ code: null, signal: 'SIGTERM' }, facts)).toEqual({ kind: 'end', code: 0 });
    expect(afterExit({ code: null, signal: 'SIGINT' }, facts)).toEqual({ kind: 'end', code: 130 });
    expect(afterExit({ code: 0, signal: null }, facts)).toEqual({ kind: 'end', code: 0 });
  });

  it('an error with a code of its own ends with that code, for it would come again', () => {
    expect(afterExit({ code: 6, signal: null }, facts)).toEqual({ kind: 'end', code: 6 });
  });

  it('a crash is restarted when the program had come up, and not when it never did', () => {
    expect(afterExit({ code: 1, signal: null }, facts).kind).toBe('restart');
    expect(afterExit({ code: 1, signal: null }, { ...facts, livedMs: 500 })).toEqual({
      kind: 'end',
      code: 1,
    });
  });

  it('the delay doubles to ten seconds, and is none again after five steady ones', () => {
    const delays = [0, 1, 2, 3, 4, 7, 60].map((restarts) => {
      const next = afterExit({ code: null, signal: 'SIGKILL' }, { ...facts, restarts, livedMs: 4_999 });
      return next.kind === 'restart' ? next.delayMs : -1;
    });
    expect(delays).toEqual([0, 250, 500, 1_000, 2_000, 10_000, 10_000]);
    const steady = afterExit({ code: null, signal: 'SIGKILL' }, { ...facts, restarts: 9, livedMs: 5_000 });
    expect(steady).toEqual({ kind: 'restart', delayMs: 0 });
  });

  it('nothing is restarted while stopping', () => {
    const stopping = { ...facts, stopping: true };
    expect(afterExit({ code: null, signal: 'SIGKILL' }, stopping)).toEqual({ kind: 'end', code: 137 });
  });
});

class FakeChild extends EventEmitter {
  readonly kills: NodeJS.Signals[] = [];
  kill(signal: NodeJS.Signals): boolean {
    this.kills.push(signal);
    return true;
  }
}

describe('supervise', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function start() {
    const children: FakeChild[] = [];
    const onRestart = vi.fn();
    const supervised = supervise({
      launch: () => {
        const child = new FakeChild();
        children.push(child);
        return child as unknown as ChildProcess;
      },
      nowMs: Date.now,
      onRestart,
    });
    const ended = vi.fn();
    void supervised.ended.then(ended);
    return { children, onRestart, supervised, ended };
  }

  it('starts a killed program again, each time a little later', async () => {
    const { children, onRestart } = start();
    children[0]?.emit('exit', null, 'SIGKILL');
    await vi.advanceTimersByTimeAsync(1);
    expect(children).toHaveLength(2);
    children[1]?.emit('exit', null, 'SIGKILL');
    await vi.advanceTimersByTimeAsync(249);
    expect(children).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(children).toHaveLength(3);
    expect(onRestart.mock.calls.map(([, delayMs]) => delayMs)).toEqual([0, 250]);
  });

  it('passes on the signal to stop, and kills a program that does not heed it', async () => {
    const { children, supervised, ended } = start();
    supervised.stop('SIGTERM');
    await vi.advanceTimersByTimeAsync(19_999);
    expect(children[0]?.kills).toEqual(['SIGTERM']);
    await vi.advanceTimersByTimeAsync(1);
    expect(children[0]?.kills).toEqual(['SIGTERM', 'SIGKILL']);
    children[0]?.emit('exit', null, 'SIGKILL');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ended).toHaveBeenCalledWith(137);
    expect(children).toHaveLength(1);
  });

  it('stopped while waiting for a restart it starts nothing more', async () => {
    const { children, supervised, ended } = start();
    for (const times of [0, 1]) {
      children[times]?.emit('exit', null, 'SIGKILL');
      await vi.advanceTimersByTimeAsync(times === 0 ? 1 : 0);
    }
    supervised.stop('SIGTERM');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(children).toHaveLength(2);
    expect(ended).toHaveBeenCalledWith(0);
  });
});

describe('a supervised program', () => {
  const preload = fileURLToPath(new URL('../../../src/cli/follow-supervisor.ts', import.meta.url));

  it('ends in good order soon after its supervisor was killed', async () => {
    const program = `process.on('SIGTERM', () => { console.log('told to end'); process.exit(0); });
      setInterval(() => {}, 1000); console.log('up', process.pid, process.env.HOLDFAST_SUPERVISOR);`;
    const supervisor = `const { spawn } = require('node:child_process');
      spawn(process.execPath, ['--no-warnings', '--import', ${JSON.stringify(preload)}, '-e', ${JSON.stringify(program)}], {
        stdio: 'inherit', env: { ...process.env, HOLDFAST_SUPERVISOR: String(process.pid) } });
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', supervisor], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await vi.waitFor(() => expect(said).toContain('up'), 10_000);
    expect(said).toMatch(/up \d+ undefined/);
    child.kill('SIGKILL');
    await once(child.stdout, 'close');
    expect(said).toContain('told to end');
  });
});
