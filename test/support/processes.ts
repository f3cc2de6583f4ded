/** Processes of a test: whom it has to kill, read from /proc (Linux) and never guessed by name, and how a child is ended. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';

const stubbornMs = 3_000;

/** Resolves when it has ended: when asked, or when it does not mind, killed. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), stubbornMs);
  await gone;
  clearTimeout(hard);
}

/** All descendants of a process, with their command lines. */
export function descendants(pid: number): { pid: number; command: string }[] {
  const found: { pid: number; command: string }[] = [];
  for (const child of childrenOf(pid)) {
    const command = read(`/proc/${child}/cmdline`).replaceAll('\0', ' ');
    found.push({ pid: child, command }, ...descendants(child));
  }
  return found;
}

function childrenOf(pid: number): number[] {
  let tasks: string[];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
  return tasks.flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
