/** The node's catalog: hour rows that never claim more than the minute rows (I1), the gap ledger, the retention marks. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { gapReasonSchema, gapStateSchema } from '../../../src/contract/index.ts';
import { catalogSql } from '../index-schema.ts';
import { foldLog, openDatabase } from './database.ts';
import type { GapCommit, LoadedGaps, StreamName } from './rows.ts';

const minutesPerHour = 60;
const hourBlobBytes = 2 * minutesPerHour;
const cachedHoursMax = 4_096;
const minuteMs = 60_000;

/** Present milliseconds of each minute from `fromMinute` on, summed over all spaces. */
export interface StreamMinutes {
  readonly cameraId: string;
  readonly stream: StreamName;
  readonly fromMinute: number;
  readonly presentMs: readonly number[];
  /** Only more than before counts: not every space that holds video of these minutes may be open yet. */
  readonly raiseOnly?: boolean;
}

/** Before `oldestMs` the stream's video was overwritten. */
export interface RetentionMark {
  readonly cameraId: string;
  readonly stream: StreamName;
  readonly oldestMs: number;
  /** When that was, UTC ms. */
  readonly atMs: number;
}

/**
 * A mark this far ahead of the clock is of one that was ahead itself. Until its time all that is missing would count as
 * overwritten.
 */
export const aheadMs = 120_000;

export class Catalog {
  readonly #database: DatabaseSync;
  readonly #getHour: StatementSync;
  readonly #putHour: StatementSync;
  readonly #removeHour: StatementSync;
  readonly #putRetention: StatementSync;
  readonly #putGap: StatementSync;
  readonly #removeGap: StatementSync;
  /** Hours written lately: the present hour of every stream is written each second. */
  readonly #hours = new Map<string, Uint8Array>();

  constructor(path: string) {
    this.#database = openDatabase(path, catalogSql);
    this.#getHour = this.#database.prepare(
      'SELECT present_ms FROM hour WHERE hour = ? AND camera_id = ? AND stream = ?',
    );
    this.#putHour = this.#database.prepare(
      'INSERT OR REPLACE INTO hour (hour, camera_id, stream, present_ms) VALUES (?, ?, ?, ?)',
    );
    this.#removeHour = this.#database.prepare(
      'DELETE FROM hour WHERE hour = ? AND camera_id = ? AND stream = ?',
    );
    this.#putRetention = this.#database.prepare(
      'INSERT INTO retention (camera_id, stream, oldest_ms) VALUES (?, ?, ?) ' +
        'ON CONFLICT DO UPDATE SET oldest_ms = CASE WHEN oldest_ms > ? THEN excluded.oldest_ms ' +
        'ELSE max(oldest_ms, excluded.oldest_ms) END',
    );
    this.#putGap = this.#database.prepare(
      'INSERT OR REPLACE INTO gap (id, camera_id, from_ms, to_ms, reason, detail, state) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#removeGap = this.#database.prepare('DELETE FROM gap WHERE id = ?');
  }

  /** One transaction; hours whose minutes are all 0 go. */
  commitHours(changes: readonly StreamMinutes[], retention: readonly RetentionMark[] = []): void {
    if (changes.length === 0 && retention.length === 0) return;
    this.#transaction(() => {
      for (const change of changes) this.#writeMinutes(change);
      for (const { cameraId, stream, oldestMs, atMs } of retention)
        this.#putRetention.run(cameraId, stream, oldestMs, atMs + aheadMs);
    });
  }

  loadGaps(): Omit<LoadedGaps, 'renewed'> {
    const last = this.#database.prepare('SELECT max(id) AS last FROM gap').get();
    const rows = this.#database.prepare('SELECT * FROM gap WHERE to_ms IS NULL').all();
    return {
      nextId: Number(last?.last ?? 0) + 1,
      open: rows.map((row) => ({
        id: Number(row.id),
        cameraId: String(row.camera_id),
        fromMs: Number(row.from_ms),
        toMs: null,
        reason: gapReasonSchema.parse(row.reason),
        detail: row.detail === null ? null : String(row.detail),
        state: gapStateSchema.parse(row.state),
      })),
    };
  }

  /** The hours of the space's video are in here. */
  counts(spaceId: string): boolean {
    return (
      this.#database.prepare('SELECT value FROM meta WHERE key = ?').get(`space:${spaceId}`) !== undefined
    );
  }

  setCounts(spaceId: string, counts: boolean): void {
    if (counts)
      this.#database
        .prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, '1')")
        .run(`space:${spaceId}`);
    else this.#database.prepare('DELETE FROM meta WHERE key = ?').run(`space:${spaceId}`);
  }

  commitGaps(commit: GapCommit): void {
    this.#transaction(() => {
      for (const gap of commit.put) {
        this.#putGap.run(gap.id, gap.cameraId, gap.fromMs, gap.toMs, gap.reason, gap.detail, gap.state);
      }
      for (const id of commit.remove) this.#removeGap.run(id);
    });
  }

  foldLog(): void {
    foldLog(this.#database);
  }

  close(): void {
    this.#database.close();
  }

  #writeMinutes(change: StreamMinutes): void {
    const end = change.fromMinute + change.presentMs.length;
    for (let minute = change.fromMinute; minute < end; ) {
      const hour = Math.floor(minute / minutesPerHour);
      const hourEnd = Math.min(end, (hour + 1) * minutesPerHour);
      const blob = this.#hourBlob(hour, change);
      const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
      for (; minute < hourEnd; minute += 1) {
        const at = 2 * (minute % minutesPerHour);
        const presentMs = Math.min(minuteMs, change.presentMs[minute - change.fromMinute] ?? 0);
        view.setUint16(
          at,
          change.raiseOnly ? Math.max(presentMs, view.getUint16(at, true)) : presentMs,
          true,
        );
      }
      if (blob.some((byte) => byte !== 0)) this.#putHour.run(hour, change.cameraId, change.stream, blob);
      else this.#removeHour.run(hour, change.cameraId, change.stream);
    }
  }

  #hourBlob(hour: number, { cameraId, stream }: StreamMinutes): Uint8Array {
    const key = `${hour} ${cameraId} ${stream}`;
    const cached = this.#hours.get(key);
    if (cached) return cached;
    const found = this.#getHour.get(hour, cameraId, stream)?.present_ms;
    const blob = new Uint8Array(hourBlobBytes);
    if (found instanceof Uint8Array && found.length === hourBlobBytes) blob.set(found);
    if (this.#hours.size >= cachedHoursMax) this.#hours.clear();
    this.#hours.set(key, blob);
    return blob;
  }

  /** After a failure the cache may hold what the file does not. */
  #transaction(run: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      run();
      this.#database.exec('COMMIT');
    } catch (thrown) {
      this.#hours.clear();
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw thrown;
    }
  }
}
