/** The hub's one SQLite file: opened so that what was answered is on the disk, and refused when a newer release wrote it. */
import type { DatabaseSync } from 'node:sqlite';
import { inTransaction as inSqliteTransaction, openSqlite, type SqliteWords } from '../adapters/sqlite.ts';

const schemaVersion = 2;

/**
 * `boot` has a row for each run of the hub, with the number of the last write before it. `alarm_seen` remembers what was
 * appended lately, also when it was settled meanwhile. An upload without an `object` that names it was cut off.
 */
const schemaSql = `
CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO counter VALUES (1, 0);
CREATE TABLE IF NOT EXISTS boot (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  began_after_revision INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS account (
  name TEXT PRIMARY KEY,
  key_hash BLOB NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS register (
  account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  boot TEXT NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (account, name)
) STRICT;
CREATE TABLE IF NOT EXISTS alarm_next (id INTEGER PRIMARY KEY CHECK (id = 1), position INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO alarm_next VALUES (1, 1);
CREATE TABLE IF NOT EXISTS alarm_fence (
  account TEXT PRIMARY KEY REFERENCES account (name) ON DELETE CASCADE,
  epoch INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS alarm (
  position INTEGER PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
  received_ms INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS alarm_of_account ON alarm (account, position, bytes);
CREATE TABLE IF NOT EXISTS alarm_seen (
  number INTEGER PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
  fingerprint TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS object (
  account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  published_ms INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  digest TEXT NOT NULL,
  upload TEXT NOT NULL,
  PRIMARY KEY (account, name)
) STRICT;
CREATE TABLE IF NOT EXISTS object_part (
  upload TEXT NOT NULL,
  number INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (upload, number)
) STRICT;
CREATE TABLE IF NOT EXISTS ingress_part (
  account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
  upload TEXT NOT NULL,
  number INTEGER NOT NULL,
  sealed TEXT NOT NULL,
  PRIMARY KEY (account, upload, number)
) STRICT;
CREATE TABLE IF NOT EXISTS ingress_lost (
  account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
  device TEXT NOT NULL,
  format TEXT NOT NULL,
  PRIMARY KEY (account, device)
) STRICT;
CREATE TABLE IF NOT EXISTS ingress (
  account TEXT PRIMARY KEY REFERENCES account (name) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  upload TEXT NOT NULL
) STRICT;`;

/** How long one process waits for another's write: the account commands write beside the running hub. */
const busyTimeoutMs = 2_000;
/** A hub with a damaged file ends: among its answers `data_loss` says something else. */
const words: SqliteWords = { disk: 'the disk of the hub', file: 'the database', damaged: 'internal' };

/** @throws AppError `unsupported` when a newer release wrote the file, `disk_full`, `unavailable`, `internal`. */
export function openDatabase(path: string): DatabaseSync {
  return openSqlite({ path, schemaSql, version: schemaVersion, busyTimeoutMs, words });
}

/**
 * Runs `work` in one transaction: all of it is on the disk when it returns, nothing of it when it throws `disk_full` or
 * `unavailable`; `internal`: what is on the disk is unknown.
 */
export function inTransaction<T>(database: DatabaseSync, doing: string, work: () => T): T {
  return inSqliteTransaction(database, doing, work, words);
}
