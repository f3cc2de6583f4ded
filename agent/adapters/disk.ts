/** The real disk behind the block store: positional reads and writes, durable small files, preallocation by `fallocate`. */

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { type Disk, DiskError, type DiskFile } from '../storage/disk.ts';
import { deviceTypeOf } from './device-type.ts';
import { toDiskError } from './disk-errors.ts';
import { errnoOf } from './errno.ts';

const programMaxMs = 10 * 60_000;
const runProgram = promisify(execFile);
const openFile = promisify(fs.open);
const closeFile = promisify(fs.close);
const syncData = promisify(fs.fdatasync);

/** What must exist already is opened without O_CREAT, so that a vanished mount stays empty. */
const flags = { read: 'r', update: 'r+', create: 'w+' } as const;

export function realDisk(): Disk {
  return {
    open: (path, mode) =>
      attempt(`open ${path}`, async () => new RealFile(await openFile(path, flags[mode], 0o640), path)),
    stat: (path) => attempt(`look at ${path}`, () => statOrNull(path)),
    readSmall: (path, bytesMax) => attempt(`read ${path}`, () => readSmall(path, bytesMax)),
    writeSmall: (path, bytes) => attempt(`write ${path}`, () => writeSmall(path, bytes)),
    makeFolder: (path) =>
      attempt(`make folder ${path}`, async () => {
        await fs.promises.mkdir(path, { recursive: true, mode: 0o750 });
      }),
    list: (path) => attempt(`list ${path}`, () => listOrEmpty(path)),
    remove: (path) => attempt(`remove ${path}`, () => fs.promises.rm(path, { force: true })),
    freeBytes: (path) =>
      attempt(`ask for free space at ${path}`, async () => {
        const found = await fs.promises.statfs(path);
        return found.bavail * found.bsize;
      }),
    preallocate: (paths, sizeBytes) => attempt(`reserve ${paths[0]}`, () => preallocate(paths, sizeBytes)),
    syncAll: (path) => attempt(`sync ${path}`, () => syncAll(path)),
    deviceType: deviceTypeOf,
  };
}

class RealFile implements DiskFile {
  readonly #fd: number;
  readonly #path: string;

  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#path = path;
  }

  read(buffer: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const next = (done: number): void => {
        fs.read(this.#fd, buffer, done, buffer.length - done, position + done, (error, bytes) => {
          if (error) return reject(toDiskError(error, `read ${this.#path}`));
          if (bytes === 0 || done + bytes === buffer.length) return resolve(done + bytes);
          next(done + bytes);
        });
      };
      next(0);
    });
  }

  write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = (rest: readonly Uint8Array[], at: number): void => {
        fs.writev(this.#fd, rest, at, (error, bytes) => {
          if (error) return reject(toDiskError(error, `write ${this.#path}`));
          const left = without(rest, bytes);
          if (left.length === 0) return resolve();
          if (bytes === 0)
            return reject(new DiskError('full', `cannot write ${this.#path}: no byte was taken`));
          next(left, at + bytes);
        });
      };
      next(buffers, position);
    });
  }

  sync(): Promise<void> {
    return attempt(`sync ${this.#path}`, () => syncData(this.#fd));
  }

  close(): Promise<void> {
    return attempt(`close ${this.#path}`, () => closeFile(this.#fd));
  }
}

/** What is left of `buffers` behind their first `bytes`. */
function without(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  let skip = bytes;
  for (const buffer of buffers) {
    if (skip < buffer.length) left.push(skip === 0 ? buffer : buffer.subarray(skip));
    skip = Math.max(0, skip - buffer.length);
  }
  return left;
}

async function attempt<T>(doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    throw toDiskError(thrown, doing);
  }
}

async function statOrNull(path: string): ReturnType<Disk['stat']> {
  try {
    const found = await fs.promises.stat(path);
    return {
      kind: found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other',
      sizeBytes: found.size,
      // Windows reports no blocks: there the size must do.
      allocatedBytes: process.platform === 'win32' ? found.size : found.blocks * 512,
      deviceId: found.dev,
    };
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return null;
    throw thrown;
  }
}

async function readSmall(path: string, bytesMax: number): Promise<Uint8Array | null> {
  const found = await statOrNull(path);
  if (found === null) return null;
  if (found.sizeBytes > bytesMax)
    throw new DiskError('other', `cannot read ${path}: longer than ${bytesMax} bytes`);
  return fs.promises.readFile(path);
}

async function writeSmall(path: string, bytes: Uint8Array): Promise<void> {
  // Two nodes may write the marker of a shared disk at the same moment.
  const temporary = `${path}.${process.pid}-${randomUUID()}.new`;
  const file = await fs.promises.open(temporary, 'w', 0o640);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await fs.promises.rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Windows cannot open a folder; its file systems write the rename to their own log. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await fs.promises.open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function listOrEmpty(path: string): Promise<string[]> {
  try {
    return await fs.promises.readdir(path);
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return [];
    throw thrown;
  }
}

/** False when the program or the file system cannot: a full disk then shows while zeros are written, with its errno. */
async function preallocate(paths: readonly string[], sizeBytes: number): Promise<boolean[]> {
  if (process.platform !== 'linux') return paths.map(() => false);
  if (paths.length > 0) await fallocate(paths, sizeBytes);
  return Promise.all(
    paths.map(async (path) => {
      const found = await statOrNull(path);
      return found !== null && found.sizeBytes === sizeBytes && found.allocatedBytes >= sizeBytes;
    }),
  );
}

/** `fallocate` takes one file: `xargs` starts it for each, so that this large process starts one program only. */
async function fallocate(paths: readonly string[], sizeBytes: number): Promise<void> {
  const args = ['-0', '-n', '1', 'fallocate', '-l', String(sizeBytes), '--'];
  const running = runProgram('xargs', args, { timeout: programMaxMs });
  running.child.stdin?.on('error', () => {});
  running.child.stdin?.end(paths.join('\0'));
  // Which of them did not work is seen in the files.
  await running.catch(() => undefined);
}

/** syncfs by coreutils, which costs the same for any number of files; elsewhere the files are synced one by one as used. */
async function syncAll(path: string): Promise<void> {
  if (process.platform === 'linux') {
    try {
      await runProgram('sync', ['-f', path], { timeout: programMaxMs });
      return;
    } catch (thrown) {
      if (errnoOf(thrown) !== 'ENOENT') throw thrown;
    }
  }
  await syncFolder(path);
}
