/** Reads `alarms.db` beside the writer, which never waits for it; also folds the log, so that no commit has to. */
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { openSqlite } from '../../adapters/sqlite.ts';
import { eventOf, eventsSince, listEvents } from './list/search.ts';
import type { AccountRow, StoreRequest } from './messages.ts';
import { storeSql, storeVersion } from './schema.ts';
import { verifyStep } from './verify.ts';

const accountSchema: z.ZodType<AccountRow> = z.object({
  account: z.string(),
  alarms: z.number(),
  firstAlarmMs: z.number().nullable(),
  lastAlarmMs: z.number().nullable(),
  activatedMs: z.number().nullable(),
  lastHeardMs: z.number().nullable(),
  counted: z.number(),
});
const countSchema = z.object({ count: z.number() });
const waitingSchema = z.object({ number: z.number(), event: z.string() });

const accountColumns = `account, alarms, first_alarm_ms AS firstAlarmMs, last_alarm_ms AS lastAlarmMs,
  activated_ms AS activatedMs, heard_ms AS lastHeardMs, counted`;

export class AlarmReader {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = openSqlite({ path, schemaSql: storeSql, version: storeVersion });
  }

  answer(request: StoreRequest): unknown {
    const database = this.#database;
    switch (request.method) {
      case 'list':
        return listEvents(database, request.ask.query, request.ask.meaning);
      case 'since':
        return eventsSince(database, request.ask.after, request.ask.limit);
      case 'show':
        return eventOf(database, request.ask);
      case 'waiting':
        return this.#waiting(request.ask.after, request.ask.limit);
      case 'shared':
        return this.#shared(request.ask.after);
      case 'accounts':
        return this.#accounts();
      case 'verify':
        return verifyStep(database, request.ask.from);
      case 'fold':
        database.exec('PRAGMA wal_checkpoint(PASSIVE)');
        return null;
      case 'close':
        database.close();
        return null;
      default:
        throw new Error(`the reader does not do ${request.method}`);
    }
  }

  #waiting(after: number, limit: number) {
    return this.#database
      .prepare(
        `SELECT number, event FROM event INDEXED BY event_state WHERE state = 0 AND state <> 2 AND number > ?
         ORDER BY number LIMIT ?`,
      )
      .all(after, limit)
      .map((row) => waitingSchema.parse(row));
  }

  #shared(after: number): number {
    const row = this.#database
      .prepare(
        'SELECT count(*) AS count FROM event INDEXED BY event_state WHERE state = 1 AND state <> 2 AND number > ?',
      )
      .get(after);
    return countSchema.parse(row).count;
  }

  /** With the events that came after the last time accounts were written. */
  #accounts(): AccountRow[] {
    const rows = new Map<string, AccountRow>();
    for (const raw of this.#database.prepare(`SELECT ${accountColumns} FROM account`).iterate()) {
      const row = accountSchema.parse(raw);
      rows.set(row.account, row);
    }
    for (const raw of this.#uncounted().iterate()) {
      const late = accountSchema.parse(raw);
      rows.set(late.account, added(rows.get(late.account), late));
    }
    return [...rows.values()];
  }

  #uncounted() {
    return this.#database.prepare(
      `SELECT event.account, count(*) AS alarms, min(received_ms) AS firstAlarmMs, max(received_ms) AS lastAlarmMs,
         min(received_ms) AS activatedMs, NULL AS lastHeardMs, max(number) AS counted
       FROM event LEFT JOIN account USING (account)
       WHERE number > (SELECT counted FROM store) AND number > coalesce(counted, 0) AND resent_of IS NULL
       GROUP BY event.account`,
    );
  }
}

function added(known: AccountRow | undefined, late: AccountRow): AccountRow {
  if (known === undefined) return late;
  return {
    ...known,
    alarms: known.alarms + late.alarms,
    firstAlarmMs: known.firstAlarmMs ?? late.firstAlarmMs,
    lastAlarmMs: late.lastAlarmMs,
    activatedMs: known.activatedMs ?? late.activatedMs,
    counted: late.counted,
  };
}
