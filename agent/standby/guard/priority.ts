/** Asks the system to let the guard run before everything else; what it starts gets none of it. */
import { execFile } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);
const chrtTimeoutMs = 2_000;
/** Above every ordinary process, below the kernel's own threads (sched(7)). */
const realTimePriority = '10';

export type Priority = 'real-time' | 'high' | 'normal';

/**
 * `reset-on-fork` (sched(7)) keeps the protected service and every script at an ordinary priority; without chrt
 * (util-linux) on Linux nothing is raised, as they would inherit it.
 */
export async function raisePriority(realTime: boolean): Promise<Priority> {
  if (process.platform !== 'linux') return raiseNice() ? 'high' : 'normal';
  if (realTime && (await chrt('--rr', realTimePriority))) return 'real-time';
  if (!(await chrt('--other', '0'))) return 'normal';
  return raiseNice() ? 'high' : 'normal';
}

function chrt(policy: string, priority: string): Promise<boolean> {
  const command = ['--reset-on-fork', '--all-tasks', policy, '--pid', priority, String(process.pid)];
  return run('chrt', command, { timeout: chrtTimeoutMs }).then(
    () => true,
    () => false,
  );
}

function raiseNice(): boolean {
  try {
    setPriority(0, constants.priority.PRIORITY_HIGHEST);
    return true;
  } catch {
    return false;
  }
}
