/** Facts about the machine that the doctor judges: read on demand, null where the system does not tell. */
import { randomBytes } from 'node:crypto';
import { readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { freemem, networkInterfaces, totalmem } from 'node:os';
import { join } from 'node:path';
import { findTimeSource, type TimeSource } from './time-source.ts';

export interface MachineFacts {
  nodeVersion: string;
  /** Soft limit of open files of this process. */
  openFilesMax: number | null;
  /** Most bytes that a socket may ask for as its receive buffer. */
  receiveBufferMaxBytes: number | null;
  time: TimeSource;
  dataFolder: { writable: boolean; problem: string | null; freeBytes: number | null };
  /** Permission bits of the local socket. */
  socketMode: number | null;
  memory: { totalBytes: number; freeBytes: number };
}

export async function readMachineFacts(options: {
  dataDir: string;
  socketPath: string;
}): Promise<MachineFacts> {
  const [openFilesMax, receiveBufferMaxBytes, time, writeProblem, freeBytes, socketMode] = await Promise.all([
    readOpenFilesMax(),
    readNumber('/proc/sys/net/core/rmem_max'),
    findTimeSource(),
    tryWrite(options.dataDir),
    readFreeBytes(options.dataDir),
    stat(options.socketPath).then(
      (found) => found.mode & 0o777,
      () => null,
    ),
  ]);
  return {
    nodeVersion: process.versions.node,
    openFilesMax,
    receiveBufferMaxBytes,
    time,
    dataFolder: { writable: writeProblem === null, problem: writeProblem, freeBytes },
    socketMode: process.platform === 'win32' ? null : socketMode,
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
  };
}

/** Null when it cannot be told. */
export async function readFreeBytes(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

async function tryWrite(folder: string): Promise<string | null> {
  const path = join(folder, `.doctor-${randomBytes(4).toString('hex')}`);
  try {
    await writeFile(path, 'holdfast', { flag: 'wx' });
    await rm(path, { force: true });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function readNumber(path: string): Promise<number | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return /^\d+/.test(text) ? Number.parseInt(text, 10) : null;
}

async function readOpenFilesMax(): Promise<number | null> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const match = /^Max open files\s+(\d+)/m.exec(limits);
  return match ? Number(match[1]) : null;
}

/** Addresses of this machine that another can reach, IPv4 first. */
export function reachableAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const reachable = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  return reachable.sort((one, other) => one.family.localeCompare(other.family)).map(({ address }) => address);
}
