/** The rows of the alarm queues in the hub's database; whoever calls is in a transaction that makes them durable. */
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { isInUse } from '../accounts.ts';
import type { HubEvent } from '../protocol/schema.ts';

export interface StoredAlarm {
  position: number;
  body: string;
}

/** What is in memory of an account's queue while the hub runs. */
export interface QueueState {
  /** Tells an account from a later one of the same name. */
  createdMs: number;
  epoch: number;
  events: number;
  bytes: number;
  /** Fingerprints of the duplicate window with the time that they came, oldest first. */
  seen: Map<string, number>;
}

export interface QueueRows {
  /** Null when there is no such account. */
  createdMs(account: string): number | null;
  /** With at most the latest `seenMax` fingerprints. */
  load(account: string, createdMs: number, seenMax: number): QueueState;
  setEpoch(account: string, epoch: number): void;
  insert(account: string, position: number, event: HubEvent, atMs: number): void;
  /** Bytes of what is gone now, null when it was not there. */
  remove(account: string, position: number): number | null;
  /** The first one always, so that it goes on; the others up to `bytesMax`: what would not be sent is not read. */
  page(account: string, after: number, limit: number, bytesMax: number): StoredAlarm[];
  oldestMs(account: string): number | null;
  /** Of `alarm_seen`, up to and including this time. */
  forgetSeen(untilMs: number): void;
  lastSeenMs(): number;
  nextPosition(): number;
  setNextPosition(position: number): void;
}

const createdRow = z.object({ created_ms: z.number() });
const epochRow = z.object({ epoch: z.number() });
const totalsRow = z.object({ events: z.number(), bytes: z.number() });
const seenRow = z.object({ fingerprint: z.string(), at_ms: z.number() });
const bytesRow = z.object({ bytes: z.number() });
const pageRow = z.object({ position: z.number(), bytes: z.number(), body: z.string() });
const oldestRow = z.object({ received_ms: z.number() });
const positionRow = z.object({ position: z.number() });

export function openQueueRows(database: DatabaseSync): QueueRows {
  const created = database.prepare(`SELECT created_ms FROM account WHERE name = ? AND ${isInUse}`);
  const insert = database.prepare('INSERT INTO alarm VALUES (?, ?, ?, ?, ?)');
  const insertSeen = database.prepare(
    'INSERT INTO alarm_seen (account, fingerprint, at_ms) VALUES (?, ?, ?)',
  );
  const remove = database.prepare('DELETE FROM alarm WHERE position = ? AND account = ? RETURNING bytes');
  const page = database.prepare(
    'SELECT position, bytes, body FROM alarm WHERE account = ? AND position > ? ORDER BY position LIMIT ?',
  );
  const oldest = database.prepare(
    'SELECT received_ms FROM alarm WHERE account = ? ORDER BY position LIMIT 1',
  );
  // Rows are in order of time, so those to forget are a piece at the beginning.
  const forget = database.prepare(
    `DELETE FROM alarm_seen
     WHERE number < coalesce((SELECT number FROM alarm_seen WHERE at_ms > ? ORDER BY number LIMIT 1), 9223372036854775807)`,
  );
  const setNext = database.prepare('UPDATE alarm_next SET position = ?');
  return {
    createdMs(account) {
      const row = created.get(account);
      return row === undefined ? null : createdRow.parse(row).created_ms;
    },
    load: (account, createdMs, seenMax) => load(database, account, { createdMs, seenMax }),
    setEpoch(account, epoch) {
      database
        .prepare('INSERT INTO alarm_fence VALUES (?1, ?2) ON CONFLICT DO UPDATE SET epoch = ?2')
        .run(account, epoch);
    },
    insert(account, position, { fingerprint, receivedMs, body }, atMs) {
      insert.run(position, account, receivedMs, Buffer.byteLength(body), body);
      insertSeen.run(account, fingerprint, atMs);
    },
    remove(account, position) {
      const row = remove.get(position, account);
      return row === undefined ? null : bytesRow.parse(row).bytes;
    },
    page(account, after, limit, bytesMax) {
      const found: StoredAlarm[] = [];
      let left = bytesMax;
      for (const row of page.iterate(account, after, limit)) {
        const { position, bytes, body } = pageRow.parse(row);
        left -= bytes;
        if (left < 0 && found.length > 0) break;
        found.push({ position, body });
      }
      return found;
    },
    oldestMs(account) {
      const row = oldest.get(account);
      return row === undefined ? null : oldestRow.parse(row).received_ms;
    },
    forgetSeen: (untilMs) => void forget.run(untilMs),
    lastSeenMs() {
      const row = database
        .prepare('SELECT at_ms, fingerprint FROM alarm_seen ORDER BY number DESC LIMIT 1')
        .get();
      return row === undefined ? 0 : seenRow.parse(row).at_ms;
    },
    nextPosition: () => positionRow.parse(database.prepare('SELECT position FROM alarm_next').get()).position,
    setNextPosition: (position) => void setNext.run(position),
  };
}

function load(
  database: DatabaseSync,
  account: string,
  { createdMs, seenMax }: { createdMs: number; seenMax: number },
): QueueState {
  const epoch = database.prepare('SELECT epoch FROM alarm_fence WHERE account = ?').get(account);
  const totals = database
    .prepare('SELECT count(*) AS events, coalesce(sum(bytes), 0) AS bytes FROM alarm WHERE account = ?')
    .get(account);
  const seen = database
    .prepare('SELECT fingerprint, at_ms FROM alarm_seen WHERE account = ? ORDER BY number DESC LIMIT ?')
    .all(account, seenMax)
    .map((row) => seenRow.parse(row))
    .reverse();
  return {
    createdMs,
    epoch: epoch === undefined ? 0 : epochRow.parse(epoch).epoch,
    ...totalsRow.parse(totals),
    seen: new Map(seen.map((row) => [row.fingerprint, row.at_ms])),
  };
}
