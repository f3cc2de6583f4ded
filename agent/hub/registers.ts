/** The hub's registers: compare-and-set with revisions that only grow, and the memory of its own runs that shows when an older database was put back. */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { AppError } from '../../src/errors.ts';
import { inTransaction } from './database.ts';
import type { Position } from './protocol/schema.ts';

const registersPerAccountMax = 64;

export interface StoredText {
  text: string;
  position: Position;
}

export interface Registers {
  /** This run of the hub. */
  readonly boot: string;
  readonly bootNumber: number;
  /** Of the last write, 0 before the first. */
  revision(): number;
  read(account: string, register: string): StoredText | null;
  /** Values of all registers of a kind, by name. */
  list(account: string, kind: string): { name: string; text: string }[];
  /**
   * Returns after it is on the disk. @throws AppError `conflict` and `disk_full`: nothing was written; `data_loss` when
   * `expected` is of a history that this database does not hold; `internal` when it is unknown.
   */
  write(account: string, register: string, expected: Position | null, text: string): Position;
  /** @throws AppError `data_loss` when this database does not hold what a client has seen. */
  checkSeen(seen: Position): void;
}

const counterRow = z.object({ revision: z.number() });
const bootRow = z.object({ number: z.number() });
const nextRow = z.object({ began_after_revision: z.number() });
const valueRow = z.object({ value: z.string(), boot: z.string(), revision: z.number() });
const namedRow = z.object({ name: z.string(), value: z.string() });
const countRow = z.object({ count: z.number() });

/** Begins a new run: after it everyone can tell this database from a copy of it. */
export function openRegisters(database: DatabaseSync): Registers {
  const boot = randomBytes(8).toString('hex');
  const bootNumber = inTransaction(database, 'begin a new run', () => {
    database.prepare('INSERT INTO boot (id, began_after_revision) SELECT ?, revision FROM counter').run(boot);
    return numberOf(database, boot) ?? 0;
  });
  return new SqliteRegisters(database, boot, bootNumber);
}

function numberOf(database: DatabaseSync, boot: string): number | null {
  const row = database.prepare('SELECT number FROM boot WHERE id = ?').get(boot);
  return row === undefined ? null : bootRow.parse(row).number;
}

class SqliteRegisters implements Registers {
  readonly boot: string;
  readonly bootNumber: number;
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync, boot: string, bootNumber: number) {
    this.#database = database;
    this.boot = boot;
    this.bootNumber = bootNumber;
  }

  revision(): number {
    return counterRow.parse(this.#database.prepare('SELECT revision FROM counter').get()).revision;
  }

  read(account: string, register: string): StoredText | null {
    const row = this.#database
      .prepare('SELECT value, boot, revision FROM register WHERE account = ? AND name = ?')
      .get(account, register);
    if (row === undefined) return null;
    const { value, boot, revision } = valueRow.parse(row);
    return { text: value, position: { boot, revision } };
  }

  list(account: string, kind: string): { name: string; text: string }[] {
    return this.#database
      .prepare('SELECT name, value FROM register WHERE account = ? AND name GLOB ? ORDER BY name')
      .all(account, `${kind}/*`)
      .map((row) => namedRow.parse(row))
      .map(({ name, value }) => ({ name, text: value }));
  }

  write(account: string, register: string, expected: Position | null, text: string): Position {
    return inTransaction(this.#database, `write ${register}`, () => {
      if (expected) this.checkSeen(expected);
      this.#checkExpected(this.read(account, register), expected, account);
      const position = { boot: this.boot, revision: this.revision() + 1 };
      this.#database.prepare('UPDATE counter SET revision = ?').run(position.revision);
      this.#database
        .prepare(
          `INSERT INTO register VALUES (?1, ?2, ?3, ?4, ?5)
           ON CONFLICT DO UPDATE SET value = ?3, boot = ?4, revision = ?5`,
        )
        .run(account, register, text, position.boot, position.revision);
      return position;
    });
  }

  checkSeen(seen: Position): void {
    const number = numberOf(this.#database, seen.boot);
    const last = number === null ? null : this.#lastOf(number);
    if (last !== null && seen.revision <= last) return;
    throw new AppError('data_loss', 'the hub went back: it does not hold a write that it had confirmed', {
      hint: 'An older copy of its database was put back. Check the active node, then bring the pair in anew.',
      details: { seenRevision: seen.revision, revision: this.revision() },
    });
  }

  /** The last write that the given run can have made: where the next one began. */
  #lastOf(bootNumber: number): number {
    const next = this.#database
      .prepare('SELECT began_after_revision FROM boot WHERE number > ? ORDER BY number LIMIT 1')
      .get(bootNumber);
    return next === undefined ? this.revision() : nextRow.parse(next).began_after_revision;
  }

  #checkExpected(stored: StoredText | null, expected: Position | null, account: string): void {
    const same = stored?.position.revision === expected?.revision && stored?.position.boot === expected?.boot;
    if (!same) throw new AppError('conflict', 'another write came first', { hint: 'Read it again.' });
    if (stored) return;
    const row = this.#database
      .prepare('SELECT count(*) AS count FROM register WHERE account = ?')
      .get(account);
    if (countRow.parse(row).count < registersPerAccountMax) return;
    throw new AppError('forbidden', `an account has at most ${registersPerAccountMax} registers`, {
      hint: 'Use another account of the hub for this pair or group.',
    });
  }
}
