/** Looks at the process tree through /proc (Linux): whom a test has to kill, without guessing by name over the machine. */
import { readdirSync, readFileSync } from 'node:fs';

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
