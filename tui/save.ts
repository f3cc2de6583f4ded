/** Files that the console leaves for its user: a new name each time, nothing is ever overwritten. */
import { createWriteStream } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../src/errors.ts';

const namesMax = 1000;

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

/** A name without anything that a file system or a shell takes amiss. */
export function safeFileName(name: string): string {
  const safe = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+/, '')
    .slice(0, 120);
  return safe === '' ? 'holdfast' : safe;
}

/** Writes `content` into `folder` as `name`, or `name-2` and so on; answers the path. */
export async function saveText(folder: string, name: string, content: string): Promise<string> {
  const { name: stem, ext } = parse(safeFileName(name));
  for (let number = 1; number <= namesMax; number += 1) {
    const path = join(folder, number === 1 ? `${stem}${ext}` : `${stem}-${number}${ext}`);
    try {
      await writeFile(path, content, { flag: 'wx', mode: 0o600 });
      return path;
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
  throw new AppError('conflict', `${folder} holds too many files named ${name}`);
}

/** The same for a stream; a transfer that breaks leaves no file behind. */
export async function saveStream(
  folder: string,
  name: string,
  stream: Readable,
  onBytes: (bytes: number) => void,
): Promise<string> {
  const path = await saveText(folder, name, '');
  const part = `${path}.part`;
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    onBytes(bytes);
  });
  try {
    await pipeline(stream, createWriteStream(part, { flags: 'wx', mode: 0o600 }));
    await rename(part, path);
    return path;
  } catch (error) {
    await rm(part, { force: true });
    await rm(path, { force: true });
    throw error;
  }
}
