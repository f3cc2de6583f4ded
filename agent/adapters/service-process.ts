/** Starts a service of this node as a process of its own that outlives control, with its output in a file and not in our pipes. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { ServiceProcess } from '../control/supervision/supervisor.ts';
import { entryUrl } from './entry-url.ts';
import { rotateWhenLarge } from './rotate.ts';

export interface ServiceLaunch {
  /** Its program. */
  entry: string;
  socketPath: string;
  dataDir: string;
  /** Where its standard output and error go. */
  logPath: string;
  env?: Readonly<Record<string, string>>;
}

/** The program of a folder below `agent/`: the source when this runs from source, else the built file. */
export function serviceEntry(folder: 'recorder' | 'standby/guard' | 'alarms'): string {
  return fileURLToPath(entryUrl(new URL(`../${folder}/main.ts`, import.meta.url)));
}

export function spawnService(launch: ServiceLaunch): ServiceProcess {
  rotateWhenLarge(launch.logPath);
  const log = openSync(launch.logPath, 'a', 0o600);
  try {
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        launch.entry,
        '--socket',
        launch.socketPath,
        '--data',
        launch.dataDir,
      ],
      {
        stdio: ['ignore', log, log],
        // A process group of its own: Ctrl-C reaches control only, which then ends it in order.
        detached: true,
        env: { ...process.env, ...launch.env },
      },
    );
    const exited = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`it could not be started: ${error.message}`));
      child.once('exit', (code, signal) =>
        resolve(signal ? `it was ended by ${signal}` : `it ended with code ${code}`),
      );
    });
    child.unref();
    return { pid: child.pid ?? null, exited, kill: (signal) => void child.kill(signal) };
  } finally {
    closeSync(log);
  }
}

/** Rejects when nobody listens. */
export function connectLocal(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

export function killPid(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

/** Whether a process of ours is at work; one that has ended and was not yet waited for is not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // proc(5): the state follows the name in brackets, which may itself hold brackets.
    return !/^.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
