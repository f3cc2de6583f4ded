/** The writer's numbers: last row, head of the audit and totals, kept in one row and taken back with a failed transaction. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { type AuditKind, chainOf } from './chain.ts';
import type { AlarmCounts } from './types.ts';

const storeRowSchema = z.object({
  last_number: z.number(),
  head_n: z.number(),
  head_chain: z.instanceof(Uint8Array),
  received: z.number(),
  acknowledged: z.number(),
  refused: z.number(),
  duplicates: z.number(),
});
const countSchema = z.object({ count: z.number() });
const oldestSchema = z.object({ stored_ms: z.number() }).optional();

interface Numbers {
  lastNumber: number;
  headN: number;
  headChain: Uint8Array;
  received: number;
  acknowledged: number;
  refused: number;
  duplicates: number;
  rows: number;
  waiting: number;
  unseen: number;
}

export interface AuditEntry {
  readonly timeMs: number;
  readonly what: AuditKind;
  readonly ref: number;
  readonly detail: string | null;
  readonly digest: Uint8Array;
}

export class Ledger {
  readonly #append: StatementSync;
  readonly #save: StatementSync;
  readonly #oldest: StatementSync;
  now: Numbers;
  #before: Numbers;

  constructor(database: DatabaseSync) {
    this.#append = database.prepare('INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#save = database.prepare(
      `UPDATE store SET last_number = ?, head_n = ?, head_chain = ?, received = ?, acknowledged = ?, refused = ?,
       duplicates = ?`,
    );
    this.#oldest = database.prepare(
      'SELECT stored_ms FROM event INDEXED BY event_state WHERE state = 0 AND state <> 2 ORDER BY number LIMIT 1',
    );
    const row = storeRowSchema.parse(database.prepare('SELECT * FROM store').get());
    const count = (sql: string) =>
      countSchema.parse(database.prepare(`SELECT count(*) AS count FROM event ${sql}`).get()).count;
    this.now = {
      lastNumber: row.last_number,
      headN: row.head_n,
      headChain: row.head_chain,
      received: row.received,
      acknowledged: row.acknowledged,
      refused: row.refused,
      duplicates: row.duplicates,
      rows: count(''),
      waiting: count('INDEXED BY event_state WHERE state = 0 AND state <> 2'),
      unseen: count('INDEXED BY event_unseen WHERE seen_ms IS NULL'),
    };
    this.#before = { ...this.now };
  }

  /** Adds a link to the chain; gives its place. */
  append({ timeMs, what, ref, detail, digest }: AuditEntry): number {
    const n = this.now.headN + 1;
    const chain = chainOf(this.now.headChain, { n, timeMs, what, ref }, digest);
    this.#append.run(n, timeMs, what, ref, detail, digest, chain);
    this.now.headN = n;
    this.now.headChain = chain;
    return n;
  }

  begin(): void {
    this.#before = { ...this.now };
  }

  /** The last thing of a transaction. */
  save(): void {
    const { lastNumber, headN, headChain, received, acknowledged, refused, duplicates } = this.now;
    this.#save.run(lastNumber, headN, headChain, received, acknowledged, refused, duplicates);
  }

  rollback(): void {
    this.now = this.#before;
  }

  counts(): AlarmCounts {
    const { rows, lastNumber, received, acknowledged, refused, duplicates, waiting, unseen } = this.now;
    const oldest = waiting === 0 ? undefined : oldestSchema.parse(this.#oldest.get());
    return {
      ...{ rows, lastNumber, received, acknowledged, refused, duplicates, waiting },
      oldestMs: oldest?.stored_ms ?? null,
      unacknowledged: unseen,
    };
  }
}
