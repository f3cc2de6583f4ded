/** Opens an index file so that a commit that returned survives a power cut: write-ahead log, full sync. */
import { DatabaseSync } from 'node:sqlite';

const busyTimeoutMs = 5_000;

export function openDatabase(path: string, schemaSql: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  database.exec(schemaSql);
  return database;
}
