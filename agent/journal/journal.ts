/** The journal of the node: events, audit and log, searchable and bounded; writing is batched so that it never holds up control. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { type LogEntry, logLevels } from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import type { Clock } from '../adapters/clock.ts';
import { makePrivate } from '../adapters/private-file.ts';
import { fromSqlite } from '../adapters/sqlite.ts';
import type { LogQuery } from './plan.ts';
import { journalSql, journalVersion } from './schema.ts';
import { countEntries, type LogPage, latestEntries, searchJournal } from './search.ts';

export type NewEntry = Partial<Omit<LogEntry, 'id'>> & Pick<LogEntry, 'type' | 'level' | 'event' | 'text'>;

export interface Journal {
  /** Takes effect in the next batch, at most `batchIntervalMs` later; audit entries at once. Never throws. */
  append(entry: NewEntry): void;
  /** Newest first; sees everything appended before. */
  search(query: LogQuery): LogPage;
  /** The newest entries, for the status. */
  latest(count: number): LogEntry[];
  /** Without `beforeMs` all but audit entries; with it everything older. Returns how many went. */
  clear(beforeMs: number | null): number;
  close(): void;
}

export interface JournalOptions {
  /** `:memory:` in tests. */
  path: string;
  clock: Clock;
  entriesMax: number;
  /** Told when entries could not be written; they are lost. */
  onError?: (error: unknown, lost: number) => void;
}

const batchIntervalMs = 200;
/** Entries that may wait for a batch; beyond it a batch is written at once. */
const batchMax = 500;
/** Entries removed in one go when the bound is passed, so that pruning is rare and short. */
const pruneStep = 1_000;
const textMax = 4_096;
/** Characters of an entry's details as JSON: whoever may call anything decides what is audited. */
const detailsMax = 64 * 1024;

/**
 * A damaged file is put aside as `<path>.damaged` and a new one begun: a node does not stay down for its log.
 * @throws AppError `unsupported` when a newer release wrote the file.
 */
export function openJournal(options: JournalOptions): Journal {
  const { path } = options;
  try {
    return open(options);
  } catch (thrown) {
    const error = fromSqlite(thrown, `open ${path}`);
    if (error.code !== 'data_loss') throw error;
    putAside(path);
    const journal = open(options);
    const text = `the journal was damaged and was begun anew; the old one is ${path}.damaged (${error.message})`;
    journal.append({ type: 'system', level: 'error', event: 'journal.damaged', text });
    return journal;
  }
}

function open(options: JournalOptions): Journal {
  const database = new DatabaseSync(options.path, { timeout: 2_000 });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;');
    checkVersion(database, options.path);
    database.exec(`BEGIN; ${journalSql}; PRAGMA user_version = ${journalVersion}; COMMIT;`);
    return new SqliteJournal(database, options);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** With what SQLite keeps beside it: that belongs to no other file. */
function putAside(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) {
    rmSync(`${path}.damaged${suffix}`, { force: true });
    if (existsSync(path + suffix)) renameSync(path + suffix, `${path}.damaged${suffix}`);
  }
  makePrivate(path);
}

function checkVersion(database: DatabaseSync, path: string): void {
  const row = z.object({ user_version: z.number() }).parse(database.prepare('PRAGMA user_version').get());
  if (row.user_version <= journalVersion) return;
  throw new AppError('unsupported', `${path} was written by a newer Holdfast (version ${row.user_version})`, {
    hint: 'Install the newer Holdfast again, or move the file away to begin a new journal.',
  });
}

class SqliteJournal implements Journal {
  readonly #database: DatabaseSync;
  readonly #options: JournalOptions;
  readonly #insert: StatementSync;
  #waiting: NewEntry[] = [];
  #count: number;
  #cancelTimer: (() => void) | null = null;
  #closed = false;

  constructor(database: DatabaseSync, options: JournalOptions) {
    this.#database = database;
    this.#options = options;
    this.#insert = database.prepare(
      'INSERT INTO entry (time_ms, type, level, event, subject, user, ip, text, details) VALUES (?,?,?,?,?,?,?,?,?)',
    );
    this.#count = countEntries(database);
  }

  append(entry: NewEntry): void {
    if (this.#closed) return;
    this.#waiting.push({ ...entry, timeMs: entry.timeMs ?? this.#options.clock.nowMs() });
    if (entry.type === 'audit' || this.#waiting.length >= batchMax) this.#flush();
    else this.#cancelTimer ??= this.#options.clock.after(batchIntervalMs, () => this.#flush());
  }

  search(query: LogQuery): LogPage {
    this.#flush();
    return searchJournal(this.#database, query, this.#count);
  }

  latest(count: number): LogEntry[] {
    this.#flush();
    return latestEntries(this.#database, count);
  }

  clear(beforeMs: number | null): number {
    this.#flush();
    const removed =
      beforeMs === null
        ? this.#database.prepare("DELETE FROM entry WHERE type <> 'audit'").run().changes
        : this.#database.prepare('DELETE FROM entry WHERE time_ms < ?').run(beforeMs).changes;
    this.#count -= Number(removed);
    return Number(removed);
  }

  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#database.close();
  }

  #flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      for (const entry of batch) this.#insert.run(...toRow(entry));
      this.#database.exec('COMMIT');
      this.#count += batch.length;
      this.#prune();
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#options.onError?.(error, batch.length);
    }
  }

  #prune(): void {
    if (this.#count <= this.#options.entriesMax) return;
    const surplus = this.#count - this.#options.entriesMax;
    const wanted = Math.min(
      surplus + pruneStep,
      Math.max(surplus, Math.floor(this.#options.entriesMax / 10)),
    );
    const removeOldest = (condition: string, limit: number): number => {
      const statement = `DELETE FROM entry WHERE id IN (SELECT id FROM entry ${condition} ORDER BY id LIMIT ?)`;
      return Number(this.#database.prepare(statement).run(limit).changes);
    };
    let removed = removeOldest("WHERE type <> 'audit'", wanted);
    // With nothing but audit entries left the bound still holds.
    if (removed < surplus) removed += removeOldest('', surplus - removed);
    this.#count -= removed;
  }
}

function toRow(entry: NewEntry): (string | number | null)[] {
  return [
    Math.max(0, Math.round(entry.timeMs ?? 0)),
    entry.type,
    logLevels.indexOf(entry.level),
    entry.event.slice(0, 64),
    entry.subject ?? null,
    entry.user ?? null,
    entry.ip ?? null,
    entry.text.slice(0, textMax),
    entry.details ? detailsOf(entry.details) : null,
  ];
}

/** One entry that cannot be kept whole costs neither itself nor its batch. */
function detailsOf(details: NonNullable<NewEntry['details']>): string {
  try {
    const text = JSON.stringify(details);
    if (text.length <= detailsMax) return text;
    return JSON.stringify({ leftOut: `${text.length} characters of details` });
  } catch (error) {
    return JSON.stringify({ leftOut: `details: ${error instanceof Error ? error.message : String(error)}` });
  }
}
