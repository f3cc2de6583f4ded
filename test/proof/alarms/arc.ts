/** The ARC process of a proof: started, sent away, called back; and what it wrote down, read. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { freePort } from '../../support/node.ts';

/** One event as it reached the ARC, in order of arrival. */
export interface Reception {
  readonly atMs: number;
  /** Connections are numbered: ports are used again. */
  readonly connection: number;
  readonly account: string;
  readonly run: string;
  readonly number: number;
}

export interface ArcProcess {
  readonly port: number;
  send(word: 'away' | 'back'): void;
  receptions(): Reception[];
  stop(): Promise<void>;
}

const entry = new URL('./arc-main.ts', import.meta.url).pathname;

/** `onConnection` is told the number and the remote port of each connection as it opens. */
export async function startArcProcess(
  path: string,
  onConnection: (connection: number, port: number) => void,
): Promise<ArcProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, ['--no-warnings', entry, String(port), path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') resolve();
      const opened = /^connection (\d+) (\d+)$/.exec(line);
      if (opened) onConnection(Number(opened[1]), Number(opened[2]));
    });
    child.once('exit', (code) => reject(new Error(`the ARC ended with ${code}`)));
  });
  return {
    port,
    send: (word) => void child.stdin.write(`${word}\n`),
    receptions: () => readReceptions(path),
    stop: () => stopChild(child),
  };
}

function readReceptions(path: string): Reception[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'latin1').split('\n');
  // The last one may be half written.
  lines.pop();
  return lines.map((line) => {
    const [atMs = '', connection = '', account = '', run = '', number = ''] = line.split(' ');
    return { atMs: Number(atMs), connection: Number(connection), account, run, number: Number(number) };
  });
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), 90_000);
  await gone;
  clearTimeout(hard);
}
