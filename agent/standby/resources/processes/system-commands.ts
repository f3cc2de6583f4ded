/** Runs real programs: no shell, a process group each, killed with everything it started when it is late. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { AppError, toAppError } from '../../../../src/errors.ts';
import { errnoOf, fromErrno } from '../../../adapters/errno.ts';
import type { CommandRequest, CommandResult, Commands, Daemon } from '../commands.ts';
import { LastLines } from './last-lines.ts';
import { markedProcesses, type Session, tokenVariable } from './marked.ts';
import { RunRecords } from './run-record.ts';

const outputBytesMax = 1024 * 1024;
/** What a killed program may take to be reaped; one that hangs in the kernel is not waited for. */
const reapMs = 200;
/** Output that is still in the pipe when the program has ended. */
const drainMs = 20;

type Signal = 'SIGTERM' | 'SIGKILL';

/** `runDir`: writable for the agent's user only; there it is kept which processes are ours. */
export function createSystemCommands(options: { runDir: string }): Commands {
  const records = new RunRecords(options.runDir);
  const marked = async (token: string) => markedProcesses(token, await records.read(token));
  return {
    run,
    daemon: (request) => startDaemon(request, records),
    marked,
    async killMarked(token, signal) {
      for (const pid of await marked(token)) send(pid, signal);
    },
  };
}

async function run(request: CommandRequest): Promise<CommandResult> {
  const { signal } = request;
  if (signal.aborted) throw late(request.command);
  const token = `action:${randomUUID()}`;
  const child = start(request.command, token, request.env);
  const head: Uint8Array[] = [];
  let headBytes = 0;
  const last = new LastLines();
  child.stdout?.on('data', (chunk: Uint8Array) => {
    if (headBytes < outputBytesMax) head.push(chunk);
    headBytes += chunk.length;
    last.add(chunk);
  });
  child.stderr?.on('data', (chunk: Uint8Array) => last.add(chunk));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(request.input ?? '');
  const ended = endOf(child, request.command);
  const aborted = abortion(signal);
  try {
    const end = await Promise.race([ended, aborted.happened]);
    if (end === 'aborted') {
      // Those that left the group are looked for meanwhile: an address that must go does not wait for them.
      void killTree(child, token, 'SIGKILL');
      await Promise.race([ended.catch(() => undefined), pause(reapMs)]);
      throw late(request.command, last.text);
    }
    const output = Buffer.concat(head).subarray(0, outputBytesMax).toString('utf8');
    return { code: end.code, output, lastLines: last.text };
  } finally {
    aborted.forget();
    ended.catch(() => undefined);
    // A service that it left behind may hold the pipes open: they are not waited for.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
    child.unref();
  }
}

function startDaemon(request: { command: readonly string[]; token: string }, records: RunRecords): Daemon {
  const last = new LastLines();
  const child = start(request.command, request.token);
  if (child.pid !== undefined) records.write(request.token, child.pid);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end();
  child.stdout?.on('data', (chunk: Uint8Array) => last.add(chunk));
  child.stderr?.on('data', (chunk: Uint8Array) => last.add(chunk));
  const program = request.command[0] ?? '';
  const ended = endOf(child, request.command).then(
    ({ code, signal }) => {
      const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
      return last.text === '' ? `${program} ${how}` : `${program} ${how}: ${last.text}`;
    },
    (error: unknown) => toAppError(error).message,
  );
  return { ended };
}

function start(
  command: readonly string[],
  token: string,
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const [program, ...args] = command;
  if (program === undefined) throw new AppError('invalid_input', 'a command names no program');
  return spawn(program, args, {
    // A group of its own: it is killed as a whole, and a Ctrl-C at the console does not reach it.
    detached: process.platform !== 'win32',
    windowsHide: true,
    shell: false,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env, [tokenVariable]: token },
  });
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Not `close`: a service left behind keeps the pipes open for ever. */
function endOf(child: ChildProcess, command: readonly string[]): Promise<End> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(cannotStart(error, command)));
    child.once('close', (code: number | null, signal: NodeJS.Signals | null) => resolve({ code, signal }));
    child.once('exit', (code, signal) => setTimeout(() => resolve({ code, signal }), drainMs));
  });
}

function cannotStart(error: Error, command: readonly string[]): AppError {
  const cause = fromErrno(error, `start ${command[0]}`);
  return errnoOf(error) === 'ENOENT'
    ? new AppError('not_found', `there is no program ${command[0]}`, {
        hint: 'Install it, or correct the command.',
        cause,
      })
    : cause;
}

function late(command: readonly string[], lastLines = ''): AppError {
  const said = lastLines === '' ? '' : `; it said: ${lastLines}`;
  return new AppError('timeout', `${command[0]} did not end in time and was killed${said}`);
}

/** The group at once; then whoever left the group but carries the token or is of its session. */
async function killTree(child: ChildProcess, token: string, signal: Signal): Promise<void> {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') return killWindowsTree(child.pid);
  const running = child.exitCode === null && child.signalCode === null;
  if (running) send(-child.pid, signal);
  const session: Session = { id: child.pid, sinceTicks: 0 };
  for (const pid of await markedProcesses(token, session)) send(pid, signal);
}

async function killWindowsTree(pid: number): Promise<void> {
  const killer = spawn('taskkill', ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
  await new Promise((resolve) => {
    killer.once('error', resolve);
    killer.once('exit', resolve);
  });
}

function send(pid: number, signal: Signal): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

function abortion(signal: AbortSignal): { happened: Promise<'aborted'>; forget: () => void } {
  let listener = () => {};
  const happened = new Promise<'aborted'>((resolve) => {
    listener = () => resolve('aborted');
    signal.addEventListener('abort', listener, { once: true });
  });
  return { happened, forget: () => signal.removeEventListener('abort', listener) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
