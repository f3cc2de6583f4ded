/** Finds the processes that belong to a resource (Linux), also those that left their group or whose parent has died. */
import { readdir, readFile } from 'node:fs/promises';

/** Every program the pair starts carries it in its environment; its value says for what. */
export const tokenVariable = 'HOLDFAST_OWNED';

/** Each program begins a session of its own; its number is free for others only when the last member has ended. */
export interface Session {
  readonly id: number;
  /** Start of its first process in clock ticks since boot: nothing older can belong to it. */
  readonly sinceTicks: number;
}

/**
 * By token or by session: a program that writes its title over its environment (nginx) still has its session, one that
 * begins a session of its own still has its token. [] where there is no /proc.
 */
export async function markedProcesses(token: string, session: Session | null): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const wanted = `${tokenVariable}=${token}`;
  const found = await Promise.all(pids.map((pid) => belongs(pid, wanted, session)));
  return pids.filter((_, i) => found[i] === true);
}

async function belongs(pid: number, wanted: string, session: Session | null): Promise<boolean> {
  try {
    const stat = parseStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
    if (stat.state === 'Z' || stat.state === 'X') return false;
    if (session !== null && stat.session === session.id && stat.startTicks >= session.sinceTicks) return true;
    // proc(5): `environ` holds what the process was started with, entries ended by NUL.
    return (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').includes(wanted);
  } catch {
    return false;
  }
}

/** proc(5): the fields follow the name in brackets, which may itself hold brackets; state is the third of all. */
export function parseStat(text: string): { state: string; session: number; startTicks: number } {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', session: Number(fields[3]), startTicks: Number(fields[19]) };
}
