/** Lets one process own a data folder; the operating system gives the lock back however the process ends. */
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../../src/errors.ts';

export interface FolderLock {
  release(): void;
}

/** @throws AppError `conflict` when another process holds it. */
export function lockFolder(path: string, dataDir: string): FolderLock {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    database?.close();
    throw new AppError('conflict', `another agent uses the data folder ${dataDir}`, {
      hint: 'Stop it first (holdfast status shows it), or give another folder with --data.',
      cause,
    });
  }
  const held = database;
  return { release: () => held.close() };
}
