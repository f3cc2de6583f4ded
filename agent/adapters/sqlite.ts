/** Opens an SQLite file so that what a commit promised is on the disk, and tells its errors apart once. */
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../../src/errors.ts';
import { makePrivate } from './private-file.ts';

export interface SqliteFile {
  readonly path: string;
  /** Idempotent (`CREATE … IF NOT EXISTS`); run in one transaction with the version. */
  readonly schemaSql: string;
  /** `user_version` of the file. */
  readonly version: number;
  /** Pages in the write-ahead log at which a commit folds it into the file; 0: somebody else does it. */
  readonly logPagesMax?: number;
  /** How long one process waits for another's write. */
  readonly busyTimeoutMs?: number;
  readonly words?: SqliteWords;
}

/** What its errors are called, and whom their hints send where. */
export interface SqliteWords {
  readonly disk: string;
  readonly file: string;
  readonly damaged: 'data_loss' | 'internal';
}

const logPagesDefault = 1_000;
const busyDefaultMs = 5_000;
const plainWords: SqliteWords = { disk: 'the disk', file: 'the file', damaged: 'data_loss' };

/** @throws AppError `unsupported` when a newer release wrote the file, and those of `fromSqlite`. */
export function openSqlite(file: SqliteFile): DatabaseSync {
  const { path, schemaSql, version, words } = file;
  makePrivate(path);
  const database = new DatabaseSync(path, { timeout: file.busyTimeoutMs ?? busyDefaultMs });
  try {
    // FULL: a commit returns after the write-ahead log was synced. Less, and a power cut takes back what was promised.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    database.exec(`PRAGMA wal_autocheckpoint = ${file.logPagesMax ?? logPagesDefault}`);
    const found = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
    if (found > version) {
      throw new AppError('unsupported', `${path} was written by a newer Holdfast`, {
        hint: 'Install the newer Holdfast again.',
      });
    }
    const create = () => database.exec(`${schemaSql}; PRAGMA user_version = ${version};`);
    inTransaction(database, `open ${path}`, create, words);
    return database;
  } catch (thrown) {
    database.close();
    throw fromSqlite(thrown, `open ${path}`, words);
  }
}

/** Runs `work` in one transaction: all of it is on the disk when it returns, nothing of it when it throws. */
export function inTransaction<Result>(
  database: DatabaseSync,
  doing: string,
  work: () => Result,
  words?: SqliteWords,
): Result {
  try {
    database.exec('BEGIN IMMEDIATE');
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (thrown) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw fromSqlite(thrown, doing, words);
  }
}

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html). */
const sqliteBusy = 5;
const sqliteCorrupt = 11;
const sqliteFull = 13;
const sqliteNotADatabase = 26;

/**
 * `disk_full` and `unavailable` (locked) leave nothing written; `words.damaged`: the file is damaged; any other is
 * `internal`: what is on the disk is unknown.
 */
export function fromSqlite(thrown: unknown, doing: string, words: SqliteWords = plainWords): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = thrown instanceof Error && 'errcode' in thrown ? Number(thrown.errcode) & 0xff : null;
  const message = `cannot ${doing}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  if (code === sqliteFull) {
    return new AppError('disk_full', message, { hint: `Free space on ${words.disk}.`, cause: thrown });
  }
  if (code === sqliteBusy) {
    return new AppError('unavailable', message, { hint: 'Try again.', cause: thrown });
  }
  const damaged = code === sqliteCorrupt || code === sqliteNotADatabase;
  return new AppError(damaged ? words.damaged : 'internal', message, {
    hint: `Check ${words.disk}, and ${words.file} with sqlite3's integrity_check.`,
    cause: thrown,
  });
}
