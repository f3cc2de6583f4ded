/** Builds small catalogs as the recorder writes them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { catalogSql } from '../../../agent/storage/index-schema.ts';
import type { GapReason } from '../../../src/contract/index.ts';

export interface FixtureGap {
  cameraId: string;
  fromMs: number;
  toMs: number | null;
  reason: GapReason;
  detail?: string;
}

/** Present milliseconds of one UTC hour; missing minutes are 0. */
function hourBlob(presentMs: readonly number[] | number): Uint8Array {
  const minutes = typeof presentMs === 'number' ? new Array<number>(60).fill(presentMs) : presentMs;
  const blob = new DataView(new ArrayBuffer(120));
  minutes.forEach((value, minute) => {
    blob.setUint16(minute * 2, value, true);
  });
  return new Uint8Array(blob.buffer);
}

export class CatalogFixture {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'holdfast-inspection-'));
  #database: DatabaseSync | null = null;

  get database(): DatabaseSync {
    if (!this.#database) {
      this.#database = new DatabaseSync(join(this.dataDir, 'catalog.db'));
      this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; ${catalogSql}`);
    }
    return this.#database;
  }

  hour(cameraId: string, startMs: number, presentMs: readonly number[] | number = 60_000): void {
    this.database
      .prepare('INSERT OR REPLACE INTO hour VALUES (?, ?, ?, ?)')
      .run(cameraId, 'main', startMs / 3_600_000, hourBlob(presentMs));
  }

  /** Whole hours from `fromMs` to before `toMs`. */
  hours(cameraId: string, fromMs: number, toMs: number): void {
    for (let atMs = fromMs; atMs < toMs; atMs += 3_600_000) this.hour(cameraId, atMs);
  }

  gap(gap: FixtureGap): void {
    this.database
      .prepare('INSERT INTO gap (camera_id, from_ms, to_ms, reason, detail) VALUES (?, ?, ?, ?, ?)')
      .run(gap.cameraId, gap.fromMs, gap.toMs, gap.reason, gap.detail ?? null);
  }

  overwrittenBefore(cameraId: string, oldestMs: number): void {
    this.database.prepare('INSERT INTO retention VALUES (?, ?, ?)').run(cameraId, 'main', oldestMs);
  }

  remove(): void {
    this.#database?.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
