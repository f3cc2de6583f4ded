/** One space's index file: its blocks and the minutes in them, changed by whole commits. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { spaceIndexSql } from '../index-schema.ts';
import { foldLog, openDatabase } from './database.ts';
import type {
  BlockRow,
  BlockState,
  LoadedSpace,
  MinuteRow,
  MinuteSpan,
  SpaceCommit,
  StreamName,
} from './rows.ts';

/** Where a stream's minutes lie that a commit touches, ends included. */
export interface StreamRange {
  readonly cameraId: string;
  readonly stream: StreamName;
  readonly fromMinute: number;
  readonly toMinute: number;
}

const minuteMs = 60_000;
/** A part may begin a minute before the end of the one before, and so before the block's first. */
const marginMinutes = 2;
const noBlocks: ReadonlySet<number> = new Set();

export class SpaceIndex {
  readonly #database: DatabaseSync;
  readonly #putBlock: StatementSync;
  readonly #putMinute: StatementSync;
  readonly #dropMinutes: StatementSync;
  readonly #minutesOf: StatementSync;
  readonly #presentIn: StatementSync;
  readonly #blockOf: StatementSync;
  readonly #presentMs: StatementSync;

  constructor(path: string) {
    this.#database = openDatabase(path, spaceIndexSql);
    this.#putBlock = this.#database.prepare(
      'INSERT OR REPLACE INTO block (number, generation, state, pool_id, camera_id, stream, first_ms, last_ms, used_bytes, parts, chain) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#putMinute = this.#database.prepare(
      'INSERT OR REPLACE INTO minute (camera_id, stream, minute, block, generation, offset_bytes, length_bytes, present_ms) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#dropMinutes = this.#database.prepare(
      'DELETE FROM minute WHERE camera_id = ? AND stream = ? AND minute BETWEEN ? AND ? AND block = ?',
    );
    this.#minutesOf = this.#database.prepare(
      'SELECT minute, offset_bytes, length_bytes, present_ms FROM minute ' +
        'WHERE camera_id = ? AND stream = ? AND minute BETWEEN ? AND ? AND block = ? ORDER BY minute',
    );
    this.#presentIn = this.#database.prepare(
      'SELECT minute, block, present_ms FROM minute WHERE camera_id = ? AND stream = ? AND minute BETWEEN ? AND ?',
    );
    this.#presentIn.setReturnArrays(true);
    this.#presentMs = this.#database.prepare(
      'SELECT total(present_ms) AS ms FROM minute ' +
        "WHERE camera_id = ? AND stream IN ('main', 'sub') AND minute BETWEEN ? AND ?",
    );
    this.#blockOf = this.#database.prepare(
      'SELECT camera_id, stream, first_ms, last_ms FROM block WHERE number = ?',
    );
  }

  /** Null while the file was never completed. */
  load(): LoadedSpace | null {
    const meta = this.#database.prepare("SELECT value FROM meta WHERE key = 'createdMs'").get();
    if (meta === undefined) return null;
    const blocks = this.#database.prepare('SELECT * FROM block ORDER BY number').all().map(toBlockRow);
    return { createdMs: Number(meta.value), blocks };
  }

  /** `createdMs` in `meta` says that the file is complete, and of which initialisation. */
  complete(createdMs: number): void {
    this.#database
      .prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('createdMs', ?)")
      .run(String(createdMs));
  }

  minutesOf(block: number, fromMinute: number): MinuteSpan[] {
    const range = this.rangeOf(block);
    if (range === null) return [];
    const low = Math.max(fromMinute, range.fromMinute);
    return this.#minutesOf.all(range.cameraId, range.stream, low, range.toMinute, block).map((row) => ({
      minute: Number(row.minute),
      offsetBytes: Number(row.offset_bytes),
      lengthBytes: Number(row.length_bytes),
      presentMs: Number(row.present_ms),
    }));
  }

  /** By whole minutes, those that touch [fromMs, toMs). */
  presentMs({ cameraId, fromMs, toMs }: { cameraId: string; fromMs: number; toMs: number }): number {
    const row = this.#presentMs.get(cameraId, Math.floor(fromMs / minuteMs), Math.ceil(toMs / minuteMs) - 1);
    return Number(row?.ms ?? 0);
  }

  /** Adds what this space holds of a range to `sums`, one number a minute, leaving out the blocks in `without`. */
  addPresent(range: StreamRange, sums: number[], without = noBlocks): void {
    const rows = this.#presentIn.iterate(range.cameraId, range.stream, range.fromMinute, range.toMinute);
    for (const row of rows) {
      // An array by `setReturnArrays`, which the types do not know: minute, block, present_ms.
      if (without.has(Number(row[1]))) continue;
      const at = Number(row[0]) - range.fromMinute;
      sums[at] = (sums[at] ?? 0) + Number(row[2]);
    }
  }

  /** Where the minutes of a block lie; null when it holds none. */
  rangeOf(block: number): StreamRange | null {
    const row = this.#blockOf.get(block);
    if (row === undefined || row.camera_id === null || row.first_ms === null) return null;
    return {
      cameraId: String(row.camera_id),
      stream: row.stream === 'sub' ? 'sub' : 'main',
      fromMinute: Math.floor(Number(row.first_ms) / minuteMs) - marginMinutes,
      toMinute: Math.floor(Number(row.last_ms) / minuteMs),
    };
  }

  apply(commits: readonly SpaceCommit[]): void {
    this.#transaction(() => {
      for (const commit of commits) {
        for (const drop of commit.drops ?? []) this.#drop(drop.block);
        for (const block of commit.blocks ?? []) this.#writeBlock(block);
        for (const row of commit.minutes ?? []) {
          this.#putMinute.run(
            row.cameraId,
            row.stream,
            row.minute,
            row.block,
            row.generation,
            row.offsetBytes,
            row.lengthBytes,
            row.presentMs,
          );
        }
      }
    });
  }

  foldLog(): void {
    foldLog(this.#database);
  }

  close(): void {
    this.#database.close();
  }

  #drop(block: number): void {
    const range = this.rangeOf(block);
    if (range === null) return;
    this.#dropMinutes.run(range.cameraId, range.stream, range.fromMinute, range.toMinute, block);
  }

  #writeBlock(row: Readonly<BlockRow>): void {
    this.#putBlock.run(
      row.number,
      row.generation,
      row.state,
      row.poolId,
      row.cameraId,
      row.stream,
      row.firstMs,
      row.lastMs,
      row.usedBytes,
      row.parts,
      row.chain,
    );
  }

  #transaction(run: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      run();
      this.#database.exec('COMMIT');
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw thrown;
    }
  }
}

const states: readonly string[] = ['free', 'open', 'sealed', 'bad'] satisfies BlockState[];

/** A row of `block` as read from the file. */
export function toBlockRow(row: Record<string, unknown>): BlockRow {
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  const number = (value: unknown) => (typeof value === 'number' ? value : null);
  return {
    number: Number(row.number),
    generation: Number(row.generation),
    state: isState(row.state) ? row.state : 'bad',
    poolId: text(row.pool_id),
    cameraId: text(row.camera_id),
    stream: row.stream === 'main' || row.stream === 'sub' ? row.stream : null,
    firstMs: number(row.first_ms),
    lastMs: number(row.last_ms),
    usedBytes: Number(row.used_bytes),
    parts: Number(row.parts),
    chain: Number(row.chain),
  };
}

function isState(value: unknown): value is BlockState {
  return typeof value === 'string' && states.includes(value);
}

/** A row of `minute` as read from the file. */
export function toMinuteRow(row: Record<string, unknown>): MinuteRow {
  return {
    cameraId: String(row.camera_id),
    stream: row.stream === 'sub' ? 'sub' : 'main',
    minute: Number(row.minute),
    block: Number(row.block),
    generation: Number(row.generation),
    offsetBytes: Number(row.offset_bytes),
    lengthBytes: Number(row.length_bytes),
    presentMs: Number(row.present_ms),
  };
}
