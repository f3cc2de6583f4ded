/** Lets one process own a data folder; the operating system gives the lock back however the process ends. */
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../../src/errors.ts';
import { fromErrno } from './errno.ts';
import { fromSqlite } from './sqlite.ts';

/** A lock holds until it is given back, also when nobody keeps what `lockFolder` gave: else it would go with the garbage. */
const held = new Set<DatabaseSync>();

export interface FolderLock {
  release(): void;
}

/** @throws AppError `conflict` when another process holds it; `forbidden`, `disk_full` and so on when it cannot be taken. */
export function lockFolder(path: string, dataDir: string): FolderLock {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    database?.close();
    requireAccess(path);
    const error = fromSqlite(cause, `lock ${path}`);
    if (error.code === 'data_loss') {
      throw new AppError('data_loss', `${path} is damaged`, { hint: 'Remove it: it holds nothing.', cause });
    }
    if (error.code !== 'unavailable') throw error;
    throw new AppError('conflict', `another agent uses the data folder ${dataDir}`, {
      hint: 'Stop it first (holdfast status shows it), or give another folder with --data.',
      cause,
    });
  }
  const taken = database;
  held.add(taken);
  return {
    release: () => {
      held.delete(taken);
      taken.close();
    },
  };
}

/** SQLite does not tell why it cannot open a file. Not opened to be tried: its closing would give locks on it back. */
function requireAccess(path: string): void {
  const { R_OK, W_OK, X_OK } = constants;
  try {
    if (existsSync(path)) accessSync(path, R_OK | W_OK);
    else accessSync(dirname(path), W_OK | X_OK);
  } catch (error) {
    throw fromErrno(error, `write ${path}`);
  }
}
