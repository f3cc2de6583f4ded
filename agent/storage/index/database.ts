/** Opens an index file so that a commit that returned survives a power cut: write-ahead log, full sync. */
import { DatabaseSync } from 'node:sqlite';

const busyTimeoutMs = 5_000;
/** Pages in the log at which a commit folds it into the file itself: only when nobody did it between commits. */
const logPagesMax = 16_000;

export function openDatabase(path: string, schemaSql: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  database.exec(`PRAGMA wal_autocheckpoint = ${logPagesMax}`);
  database.exec(schemaSql);
  return database;
}

/** Writes what the log holds into the file, which costs syncs of its own: better between commits than in one. */
export function foldLog(database: DatabaseSync): void {
  try {
    database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } catch {
    // The log keeps everything that was committed; the next commit tells what is wrong with the disk.
  }
}

/** Primary result codes of SQLite for a file that holds nonsense, or is no database. */
const damageCodes: readonly number[] = [11, 26];

/** Whether the file itself is at fault, and not a lock, a full disk or want of rights. */
export function isDamage(thrown: unknown, otherCodes: readonly number[] = []): boolean {
  const code = thrown instanceof Error && 'errcode' in thrown ? thrown.errcode : null;
  return typeof code === 'number' && [...damageCodes, ...otherCodes].includes(code & 0xff);
}
