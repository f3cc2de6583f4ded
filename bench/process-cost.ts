/** CPU seconds and resident memory of processes, read from /proc (Linux). */
import { readFileSync } from 'node:fs';

/** USER_HZ: the unit of utime and stime in /proc/<pid>/stat (proc(5)); 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** User and system CPU seconds of a process and its reaped children, all threads. */
export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
  return ticks / ticksPerSecond;
}

/** Resident set, bytes. */
export function rssBytes(pid: number): number {
  return memoryField(pid, 'VmRSS');
}

/** The largest resident set since the start, bytes. */
export function peakRssBytes(pid: number): number {
  return memoryField(pid, 'VmHWM');
}

function memoryField(pid: number, name: string): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) * 1024;
}
