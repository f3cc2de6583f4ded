/** Lets the oldest events go when there are too many: never one that waits, and the chain of what stays can still be checked. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import type { Ledger } from './ledger.ts';

/** In one transaction, so that nobody waits long for it. */
const rowsPerTrim = 500;
/** Rows that wait among the oldest are passed over; so many at most in one go. */
const rowsLookedAt = 5_000;

const removalSchema = z.object({ number: z.number(), seen: z.number() });
const entrySchema = z.object({ n: z.number() }).optional();
const beforeSchema = z.object({ n: z.number(), chain: z.instanceof(Uint8Array) }).optional();
const oldestSchema = z.object({ number: z.number() }).optional();

export class Retention {
  readonly #ledger: Ledger;
  readonly #sql: Record<
    'candidates' | 'remove' | 'oldest' | 'entry' | 'before' | 'cut' | 'anchor' | 'removed' | 'hours',
    StatementSync
  >;

  constructor(database: DatabaseSync, ledger: Ledger) {
    this.#ledger = ledger;
    this.#sql = {
      candidates: database.prepare(
        `SELECT number, seen_ms IS NOT NULL AS seen
         FROM (SELECT number, seen_ms, state FROM event ORDER BY number LIMIT ${rowsLookedAt}) WHERE state <> 0 LIMIT ?`,
      ),
      remove: database.prepare('DELETE FROM event WHERE number = ?'),
      oldest: database.prepare('SELECT number FROM event ORDER BY number LIMIT 1'),
      entry: database.prepare("SELECT n FROM audit WHERE what = 'event' AND ref >= ? ORDER BY n LIMIT 1"),
      before: database.prepare('SELECT n, chain FROM audit WHERE n < ? ORDER BY n DESC LIMIT 1'),
      cut: database.prepare('DELETE FROM audit WHERE n <= ?'),
      anchor: database.prepare('UPDATE store SET anchor_n = ?, anchor_chain = ?'),
      removed: database.prepare('UPDATE store SET removed_to = max(removed_to, ?)'),
      hours: database.prepare('DELETE FROM hour WHERE last < ?'),
    };
  }

  /** Gives how many went. */
  trim(rowsMax: number): number {
    const { now } = this.#ledger;
    const surplus = Math.min(now.rows - rowsMax, rowsPerTrim);
    if (surplus <= 0) return 0;
    const removals = this.#sql.candidates.all(surplus).map((row) => removalSchema.parse(row));
    const last = removals.at(-1);
    if (last === undefined) return 0;
    for (const { number, seen } of removals) {
      this.#sql.remove.run(number);
      if (seen === 0) now.unseen -= 1;
    }
    now.rows -= removals.length;
    this.#cutAudit(last.number);
    return removals.length;
  }

  /** Entries before the one of the oldest event that is kept go too; the last of them stays as the chain's anchor. */
  #cutAudit(removedTo: number): void {
    const oldest = oldestSchema.parse(this.#sql.oldest.get())?.number ?? this.#ledger.now.lastNumber + 1;
    const first = entrySchema.parse(this.#sql.entry.get(oldest))?.n ?? this.#ledger.now.headN + 1;
    const before = beforeSchema.parse(this.#sql.before.get(first));
    this.#sql.removed.run(removedTo);
    this.#sql.hours.run(oldest);
    if (before === undefined) return;
    this.#sql.cut.run(before.n);
    this.#sql.anchor.run(before.n, before.chain);
  }
}
