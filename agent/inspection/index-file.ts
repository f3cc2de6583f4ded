/** A read-only connection to an index file that another process writes, and that may not exist yet or be replaced. */
import { statSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';

const busyTimeoutMs = 5_000;

export type Row = Record<string, SQLOutputValue>;

export function numberOf(row: Row, column: string): number {
  const value = row[column];
  return typeof value === 'number' ? value : Number.NaN;
}

export function textOf(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : '';
}

/** Opens the file when first asked, again when it was replaced; without the file or its tables there are no statements. */
export class IndexFile {
  readonly #path: string;
  readonly #statements = new Map<string, StatementSync>();
  #database: DatabaseSync | null = null;
  #identity = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** A prepared statement, or null while there is nothing to read. */
  statement(sql: string): StatementSync | null {
    if (!this.#open()) return null;
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#prepare(sql);
    if (statement) this.#statements.set(sql, statement);
    return statement;
  }

  close(): void {
    this.#statements.clear();
    this.#database?.close();
    this.#database = null;
    this.#identity = '';
  }

  #open(): boolean {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    const identity = stat ? `${stat.dev}:${stat.ino}` : '';
    if (identity !== this.#identity) this.close();
    if (!stat || stat.size === 0) return false;
    if (!this.#database) {
      this.#database = new DatabaseSync(this.#path, { readOnly: true, timeout: busyTimeoutMs });
      this.#identity = identity;
    }
    return true;
  }

  /** Null when the writer has created the file but not yet its tables. */
  #prepare(sql: string): StatementSync | null {
    if (!this.#database) return null;
    const tables = this.#database
      .prepare("SELECT count(*) AS tables FROM sqlite_schema WHERE type = 'table'")
      .get();
    if (tables?.tables === 0) return null;
    return this.#database.prepare(sql);
  }
}
