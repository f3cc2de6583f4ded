/** Keeps a program running: killed or crashed it is started again with back-off, told to end it is ended. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './installation.ts';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export type AfterExit = { kind: 'end'; code: number } | { kind: 'restart'; delayMs: number };

/** Before the second restart in a row; the first follows at once. */
const firstDelayMs = 250;
const delayMsMax = 10_000;
/** A program that ran this long before it died is restarted at once again. */
const steadyMs = 5_000;
/** Exit code 1 is an unexpected crash; sooner than this it is a start that can never work. */
const startedMs = 2_000;
const ordinarySignals: readonly (NodeJS.Signals | null)[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/** What follows an exit. `restarts` counts those in a row before this one. */
export function afterExit(
  exit: Exit,
  facts: { livedMs: number; restarts: number; stopping: boolean },
): AfterExit {
  const { livedMs, restarts, stopping } = facts;
  const killed = exit.signal !== null && !ordinarySignals.includes(exit.signal);
  const crashed = exit.code === 1 && livedMs >= startedMs;
  if (stopping || !(killed || crashed)) return { kind: 'end', code: exitCode(exit) };
  const attempt = livedMs >= steadyMs ? 0 : restarts;
  return { kind: 'restart', delayMs: delayBeforeMs(attempt) };
}

function delayBeforeMs(attempt: number): number {
  return attempt === 0 ? 0 : Math.min(delayMsMax, firstDelayMs * 2 ** Math.min(attempt - 1, 10));
}

function exitCode(exit: Exit): number {
  if (exit.signal !== null) return exit.signal === 'SIGTERM' ? 0 : 128 + constants.signals[exit.signal];
  return exit.code ?? 14;
}

export interface SuperviseOptions {
  launch(): ChildProcess;
  /** Monotonic: by a clock that was set back a crash would look like a start that can never work. */
  nowMs(): number;
  /** Told of each restart. */
  onRestart(exit: Exit, delayMs: number): void;
}

export interface Supervised {
  /** The exit code when it ended for good. */
  ended: Promise<number>;
  /** Asks the program to end, and kills it when it does not within `killAfterMs`. */
  stop(signal: NodeJS.Signals): void;
}

const killAfterMs = 20_000;

export function supervise(options: SuperviseOptions): Supervised {
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  let child: ChildProcess | undefined;
  let restarts = 0;
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;

  const start = () => {
    const startedAtMs = options.nowMs();
    const running = options.launch();
    child = running;
    running.once('error', () => resolve(14));
    running.once('exit', (code, signal) => {
      clearTimeout(timer);
      child = undefined;
      const livedMs = options.nowMs() - startedAtMs;
      const next = afterExit({ code, signal }, { livedMs, restarts, stopping });
      if (next.kind === 'end') return resolve(next.code);
      restarts = livedMs >= steadyMs ? 1 : restarts + 1;
      options.onRestart({ code, signal }, next.delayMs);
      timer = setTimeout(start, next.delayMs);
    });
  };
  start();

  return {
    ended,
    stop: (signal) => {
      stopping = true;
      if (!child) {
        clearTimeout(timer);
        return resolve(0);
      }
      child.kill(signal);
      clearTimeout(timer);
      timer = setTimeout(() => child?.kill('SIGKILL'), killAfterMs);
    },
  };
}

export function describeExit(exit: Exit): string {
  return exit.signal === null ? `ended with code ${exit.code}` : `was killed by ${exit.signal}`;
}

/** Starts a built program that ends by itself when this process dies. */
export function launchProgram(path: string, args: readonly string[], stdio: StdioOptions): ChildProcess {
  const follow = pathToFileURL(join(root, 'dist', 'src', 'cli', 'follow-supervisor.js')).href;
  return spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', follow, path, ...args],
    {
      stdio,
      env: { ...process.env, HOLDFAST_SUPERVISOR: String(process.pid) },
    },
  );
}
