/** The one writer of `alarms.db`: a batch is one transaction, and what it answers is on the disk. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { inTransaction, openSqlite } from '../../adapters/sqlite.ts';
import { eventId, fingerprintOf } from '../intake/fingerprint.ts';
import { type AlarmEvent, duplicateWindowMs, takenByHand } from '../types.ts';
import { digestOf } from './chain.ts';
import { eventOrNull, eventText, seenText, settledText } from './codec.ts';
import { Ledger } from './ledger.ts';
import type { AccountRow, Batch, BatchAnswer, SettledRow, WriteOp, WriteResult } from './messages.ts';
import { RecentFingerprints } from './recent.ts';
import { Retention } from './retention.ts';
import { storeSql, storeVersion } from './schema.ts';
import { acknowledged, categoryNumber, kept, refused, shared, waiting } from './state.ts';
import type { AlarmCounts } from './types.ts';

const hourMs = 3_600_000;
/** Among the last ones may be some that were received long before: sent once more, or taken in elsewhere. */
const newestRows = 1_000;
/** The log is folded by whoever drives the writer, between commits; this is for when nobody does. */
const logPagesMax = 64_000;

const stateSchema = z.object({ state: z.number() }).optional();
const foundSchema = z.object({ number: z.number(), state: z.number() });
const textSchema = z.object({ event: z.string(), state: z.number() }).optional();
const recentSchema = z.object({
  number: z.number(),
  fingerprint: z.instanceof(Uint8Array),
  received_ms: z.number(),
});

export class AlarmWriter {
  readonly #database: DatabaseSync;
  readonly #ledger: Ledger;
  readonly #retention: Retention;
  readonly #recent = new RecentFingerprints();
  readonly #hours = new Map<number, { first: number; last: number }>();
  readonly #sql: ReturnType<typeof prepareAll>;

  constructor(path: string) {
    this.#database = openSqlite({ path, schemaSql: storeSql, version: storeVersion, logPagesMax });
    this.#sql = prepareAll(this.#database);
    this.#ledger = new Ledger(this.#database);
    this.#retention = new Retention(this.#database, this.#ledger);
    this.#remember();
  }

  counts(): AlarmCounts {
    return this.#ledger.counts();
  }

  /** @throws AppError `disk_full` and others of `inTransaction`: then nothing of it is written. */
  commit(batch: Batch): BatchAnswer {
    this.#ledger.begin();
    this.#hours.clear();
    try {
      const answer = inTransaction(this.#database, 'store alarms', () => {
        const recorded = batch.texts.map((text) => this.#record(text, batch.nowMs));
        const results = batch.ops.map((op) => this.#run(op, batch.nowMs));
        for (const [hour, { first, last }] of this.#hours) this.#sql.hour.run(hour, first, last);
        this.#ledger.save();
        return { recorded, results };
      });
      this.#recent.commit(batch.nowMs);
      return { ...answer, counts: this.#ledger.counts() };
    } catch (thrown) {
      this.#ledger.rollback();
      this.#recent.rollback();
      throw thrown;
    }
  }

  /** What the log holds goes into the file; most of it was done by the reader before. */
  fold(): void {
    this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  }

  close(): void {
    this.#database.close();
  }

  #run(op: WriteOp, nowMs: number): WriteResult {
    switch (op.kind) {
      case 'settle':
        return [sum(op.rows.map((row) => this.#settle(row, nowMs)))];
      case 'share':
        return [sum(op.numbers.map((number) => this.#share(number)))];
      case 'unshare':
        return [this.#unshare(op.after, op.limit)];
      case 'absorb':
        return op.items.map(({ text, settled }) => this.#absorb(text, settled, nowMs));
      case 'resend':
        return op.numbers.flatMap((number) => this.#resend(number, op.user, nowMs));
      case 'acknowledge':
        return [sum(op.numbers.map((number) => this.#acknowledge(number, op.user, nowMs)))];
      case 'accounts':
        return this.#saveAccounts(op.rows, op.counted);
      case 'trim':
        return [this.#retention.trim(op.rowsMax)];
    }
  }

  #record(text: string, nowMs: number): number {
    const event = eventOrNull(text);
    if (event === null) return 0;
    const twin = this.#recent.find(event.fingerprint, event.receivedMs);
    if (twin !== null) {
      this.#ledger.now.duplicates += 1;
      return -twin;
    }
    this.#ledger.now.received += 1;
    return this.#insert(event, text, { state: event.forward ? waiting : kept, nowMs, resentOf: null });
  }

  #insert(
    event: AlarmEvent,
    text: string,
    { state, nowMs, resentOf }: { state: number; nowMs: number; resentOf: number | null },
  ): number {
    const { now } = this.#ledger;
    const number = now.lastNumber + 1;
    this.#sql.insert.run(
      number,
      Buffer.from(event.fingerprint, 'hex'),
      event.account,
      event.content.code,
      categoryNumber(event.category),
      event.receivedMs,
      nowMs,
      state,
      resentOf,
      text,
    );
    this.#ledger.append({ timeMs: nowMs, what: 'event', ref: number, detail: null, digest: digestOf(text) });
    this.#recent.add(event.fingerprint, number, event.receivedMs);
    this.#noteHour(Math.floor(event.receivedMs / hourMs), number);
    now.lastNumber = number;
    now.rows += 1;
    now.unseen += 1;
    if (state === waiting) now.waiting += 1;
    return number;
  }

  #noteHour(hour: number, number: number): void {
    const known = this.#hours.get(hour);
    if (known === undefined) this.#hours.set(hour, { first: number, last: number });
    else known.last = number;
  }

  /** Once: what is settled stays as it is. Gives 1 when it changed. */
  #settle(row: SettledRow, nowMs: number): number {
    const state = this.#stateOf(row.number);
    if (state !== waiting && state !== shared) return 0;
    const { now } = this.#ledger;
    const { number, attempts, output, ackMs, problem } = row;
    const settled = row.outcome === 'acknowledged' ? acknowledged : refused;
    const digest = digestOf(settledText({ number, state: settled, attempts, output, ackMs, problem }));
    const n = this.#ledger.append({ timeMs: nowMs, what: 'settled', ref: number, detail: null, digest });
    this.#sql.settle.run(settled, attempts, output, ackMs, problem, n, number);
    now[row.outcome] += 1;
    if (state === waiting) now.waiting -= 1;
    return 1;
  }

  #share(number: number): number {
    if (this.#stateOf(number) !== waiting) return 0;
    this.#sql.share.run(number);
    this.#ledger.now.waiting -= 1;
    return 1;
  }

  #unshare(after: number, limit: number): number {
    const changed = Number(this.#sql.unshare.run(after, limit).changes);
    this.#ledger.now.waiting += changed;
    return changed;
  }

  #absorb(text: string, settled: Omit<SettledRow, 'number'> | null, nowMs: number): number {
    const event = eventOrNull(text);
    if (event === null) return 0;
    const here = this.#numberOf(event);
    const state = event.forward ? shared : kept;
    const number = here ?? this.#insert(event, text, { state, nowMs, resentOf: null });
    if (settled !== null) this.#settle({ ...settled, number }, nowMs);
    else this.#share(number);
    return here === null ? number : -number;
  }

  /** By the time it was received, of which there are few rows; else the row of the same event that came here by another way. */
  #numberOf(event: AlarmEvent): number | null {
    const rows = this.#sql.find.all(event.receivedMs, Buffer.from(event.fingerprint, 'hex'));
    const [first] = rows;
    return first === undefined
      ? this.#recent.find(event.fingerprint, event.receivedMs)
      : foundSchema.parse(first).number;
  }

  /** The same event under an id of its own: nobody takes it for the one that came before. */
  #resend(number: number, user: string, nowMs: number): number[] {
    const row = textSchema.parse(this.#sql.text.get(number));
    const event = row === undefined || row.state === waiting ? null : eventOrNull(row.event);
    if (event === null) return [];
    const fingerprint = fingerprintOf(
      `resent ${event.fingerprint} ${number} ${this.#ledger.now.lastNumber} ${nowMs}`,
    );
    const again = {
      ...event,
      fingerprint,
      id: eventId(fingerprint, event.receivedMs),
      forward: true,
      takenBy: takenByHand,
    };
    const added = this.#insert(again, eventText(again), { state: waiting, nowMs, resentOf: number });
    const detail = JSON.stringify({ of: number, by: user });
    this.#ledger.append({ timeMs: nowMs, what: 'resent', ref: added, detail, digest: digestOf(detail) });
    return [added];
  }

  #acknowledge(number: number, user: string, nowMs: number): number {
    if (this.#sql.unseen.get(number) === undefined) return 0;
    const digest = digestOf(seenText({ number, by: user, atMs: nowMs }));
    const n = this.#ledger.append({ timeMs: nowMs, what: 'acknowledged', ref: number, detail: null, digest });
    this.#sql.see.run(user, nowMs, n, number);
    this.#ledger.now.unseen -= 1;
    return 1;
  }

  #saveAccounts(rows: readonly AccountRow[], counted: number | null): WriteResult {
    for (const row of rows) {
      const { account, alarms, firstAlarmMs, lastAlarmMs, activatedMs, lastHeardMs } = row;
      this.#sql.account.run(
        account,
        alarms,
        firstAlarmMs,
        lastAlarmMs,
        activatedMs,
        lastHeardMs,
        row.counted,
      );
    }
    if (counted !== null) this.#sql.counted.run(counted);
    return [rows.length];
  }

  #stateOf(number: number): number | null {
    return stateSchema.parse(this.#sql.state.get(number))?.state ?? null;
  }

  /** After a start: what came shortly before it is still known. */
  #remember(): void {
    const rows = this.#database
      .prepare(
        `SELECT number, fingerprint, received_ms FROM event INDEXED BY event_received
         WHERE received_ms >= (SELECT max(received_ms) FROM (SELECT received_ms FROM event ORDER BY number DESC
           LIMIT ${newestRows})) - ? ORDER BY received_ms`,
      )
      .iterate(duplicateWindowMs);
    let lastMs = 0;
    for (const raw of rows) {
      const { number, fingerprint, received_ms } = recentSchema.parse(raw);
      this.#recent.add(Buffer.from(fingerprint).toString('hex'), number, received_ms);
      lastMs = received_ms;
    }
    this.#recent.commit(lastMs);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function prepareAll(database: DatabaseSync) {
  const sql = (text: string): StatementSync => database.prepare(text);
  return {
    insert: sql(
      `INSERT INTO event (number, fingerprint, account, code, category, received_ms, stored_ms, state, resent_of, event)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    hour: sql(
      `INSERT INTO hour VALUES (?, ?, ?)
       ON CONFLICT (hour) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)`,
    ),
    state: sql('SELECT state FROM event WHERE number = ?'),
    settle: sql(
      `UPDATE event SET state = ?, attempts = ?, output = ?, arc_ack_ms = ?, problem = ?, settled_n = ?
       WHERE number = ?`,
    ),
    share: sql(`UPDATE event SET state = ${shared} WHERE number = ?`),
    unshare: sql(
      `UPDATE event SET state = ${waiting} WHERE number IN (SELECT number FROM event INDEXED BY event_state
       WHERE state = ${shared} AND state <> 2 AND number > ? ORDER BY number LIMIT ?)`,
    ),
    find: sql(
      `SELECT number, state FROM event INDEXED BY event_received WHERE received_ms = ? AND fingerprint = ? LIMIT 1`,
    ),
    text: sql('SELECT event, state FROM event WHERE number = ?'),
    unseen: sql('SELECT 1 AS found FROM event WHERE number = ? AND seen_ms IS NULL'),
    see: sql('UPDATE event SET seen_by = ?, seen_ms = ?, seen_n = ? WHERE number = ?'),
    account: sql(
      `INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account) DO UPDATE SET alarms = excluded.alarms,
       first_alarm_ms = excluded.first_alarm_ms, last_alarm_ms = excluded.last_alarm_ms,
       activated_ms = excluded.activated_ms, heard_ms = excluded.heard_ms,
       counted = excluded.counted`,
    ),
    counted: sql('UPDATE store SET counted = ?'),
  };
}
