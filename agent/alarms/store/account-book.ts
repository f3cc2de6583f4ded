/** What each account sent, and when it was last heard: in memory, and on the disk some seconds later, a piece at a time. */
import type { AlarmEvent } from '../types.ts';
import type { AccountRow } from './messages.ts';
import type { AccountFacts, HeardRow } from './types.ts';

/** With more than these, accounts that are not in the directory are not counted: who makes them up must not hide the others. */
const accountsMax = 150_000;
/** Rows of one commit: others wait some milliseconds for it. */
const rowsPerPiece = 1_000;

type Facts = { -readonly [Name in keyof AccountFacts]: AccountFacts[Name] };

export interface Piece {
  readonly rows: readonly AccountRow[];
  /** With the last piece: up to here every account is counted. */
  readonly counted: number | null;
}

export class AccountBook {
  readonly #facts = new Map<string, Facts>();
  #changed = new Set<string>();

  constructor(rows: readonly AccountRow[]) {
    for (const { account, counted: _, ...facts } of rows) this.#facts.set(account, facts);
  }

  get(account: string): AccountFacts | null {
    return this.#facts.get(account) ?? null;
  }

  heard(account: string, nowMs: number): void {
    const facts = this.#open(account, true);
    if (facts === null) return;
    facts.lastHeardMs = nowMs;
    facts.activatedMs ??= nowMs;
  }

  count({ account, known, receivedMs }: AlarmEvent): void {
    const facts = this.#open(account, known);
    if (facts === null) return;
    facts.alarms += 1;
    facts.firstAlarmMs ??= receivedMs;
    facts.lastAlarmMs = receivedMs;
    facts.activatedMs ??= receivedMs;
  }

  heardRows(): HeardRow[] {
    const rows: HeardRow[] = [];
    for (const [account, { lastHeardMs }] of this.#facts) {
      if (lastHeardMs !== null) rows.push({ account, heardMs: lastHeardMs });
    }
    return rows;
  }

  /** What changed since the last time, as of now. `counted`: number of the last event that was counted. */
  takeChanges(counted: number): Piece[] {
    const rows = [...this.#changed].sort().map((account) => this.#row(account, counted));
    this.#changed = new Set();
    const pieces: Piece[] = [];
    for (let at = 0; at < rows.length; at += rowsPerPiece) {
      const last = at + rowsPerPiece >= rows.length;
      pieces.push({ rows: rows.slice(at, at + rowsPerPiece), counted: last ? counted : null });
    }
    return pieces;
  }

  /** It could not be written: next time. */
  putBack(piece: Piece): void {
    for (const { account } of piece.rows) this.#changed.add(account);
  }

  #row(account: string, counted: number): AccountRow {
    const facts = this.#facts.get(account) ?? emptyFacts();
    return { account, ...facts, counted };
  }

  /** `known`: the directory bounds how many of these there are. */
  #open(account: string, known: boolean): Facts | null {
    let facts = this.#facts.get(account);
    if (facts === undefined) {
      if (!known && this.#facts.size >= accountsMax) return null;
      facts = emptyFacts();
      this.#facts.set(account, facts);
    }
    this.#changed.add(account);
    return facts;
  }
}

function emptyFacts(): Facts {
  return { alarms: 0, firstAlarmMs: null, lastAlarmMs: null, activatedMs: null, lastHeardMs: null };
}
