/** Read-only queries on the catalog: hours held, gaps, and what was overwritten. Missing files read as empty. */
import { join } from 'node:path';
import { type Gap, gapReasonSchema, gapStateSchema } from '../../src/contract/index.ts';
import { aheadMs } from '../storage/index/catalog.ts';
import { IndexFile, numberOf, type Row, textOf } from './index-file.ts';
import { type LedgerGap, reasonIndex } from './reasons.ts';
import type { Roster } from './roster.ts';

const hourMs = 3_600_000;
const minutesPerHour = 60;
const fullMinuteMs = 60_000;
const wholeHour = Buffer.from(new Uint16Array(minutesPerHour).fill(fullMinuteMs).buffer);
/** Gap rows read for one grid. */
const gridGapsMax = 200_000;
const gapsPerAnswerMax = 10_000;

/**
 * One row an hour: the cameras of that hour in one text, each as its id and `*` for a whole hour or `:` and the blob
 * in hex. A row per camera and hour costs three times as much on its way into JavaScript.
 */
const presenceSql = `
  SELECT hour, group_concat(camera_id || CASE WHEN present_ms = ?1 THEN '*' ELSE ':' || hex(present_ms) END) AS cameras
  FROM hour WHERE hour BETWEEN ?2 AND ?3 AND stream = 'main' GROUP BY hour`;

const gapColumns = 'camera_id, from_ms, to_ms, reason, detail, state';
const overlap = 'from_ms < ?2 AND (to_ms IS NULL OR to_ms > ?1)';
const gridGapsSql = `SELECT ${gapColumns} FROM gap WHERE ${overlap} ORDER BY from_ms LIMIT ${gridGapsMax}`;
const gapsSql = `SELECT ${gapColumns} FROM gap WHERE ${overlap} ORDER BY from_ms DESC LIMIT ?3`;
const cameraGapsSql = `SELECT ${gapColumns} FROM gap
  WHERE camera_id = ?4 AND ${overlap} ORDER BY from_ms DESC LIMIT ?3`;
const retentionSql = "SELECT camera_id, oldest_ms FROM retention WHERE stream = 'main' AND oldest_ms <= ?";

/** Milliseconds held per minute, a stretch of UTC hours for each camera of a roster. */
export interface Presence {
  readonly fromMs: number;
  /** Minutes per camera. */
  readonly stride: number;
  /** `data[cameraIndex * stride + (atMs - fromMs) / 60,000]` */
  readonly data: Uint16Array;
}

class PresenceBuilder {
  readonly #roster: Roster;
  readonly #fromHour: number;
  readonly #stride: number;
  #data: Uint16Array;

  constructor(roster: Roster, fromHour: number, hours: number) {
    this.#roster = roster;
    this.#fromHour = fromHour;
    this.#stride = hours * minutesPerHour;
    this.#data = new Uint16Array(roster.cameras.length * this.#stride);
  }

  addHour(hour: number, cameras: string): void {
    const place = (hour - this.#fromHour) * minutesPerHour;
    for (const entry of cameras.split(',')) {
      const isWhole = entry.endsWith('*');
      const idEnd = isWhole ? entry.length - 1 : entry.indexOf(':');
      const index = this.#roster.indexOf(entry.slice(0, idEnd));
      if (index < 0) continue;
      const offset = this.#room(index) + place;
      if (isWhole) this.#data.fill(fullMinuteMs, offset, offset + minutesPerHour);
      else this.#copy(Buffer.from(entry.slice(idEnd + 1), 'hex'), offset);
    }
  }

  build(): Presence {
    this.#room(Math.max(0, this.#roster.cameras.length - 1));
    return { fromMs: this.#fromHour * hourMs, stride: this.#stride, data: this.#data };
  }

  #copy(blob: Buffer, offset: number): void {
    const minutes = Math.min(minutesPerHour, blob.length >> 1);
    for (let minute = 0; minute < minutes; minute++) {
      const presentMs = (blob[2 * minute] ?? 0) | ((blob[2 * minute + 1] ?? 0) << 8);
      this.#data[offset + minute] = Math.min(fullMinuteMs, presentMs);
    }
  }

  /** Offset of a camera, after making room for it. */
  #room(index: number): number {
    const needed = (index + 1) * this.#stride;
    if (needed > this.#data.length) {
      const grown = new Uint16Array(Math.max(needed, this.#data.length * 2));
      grown.set(this.#data);
      this.#data = grown;
    }
    return index * this.#stride;
  }
}

function toGap(row: Row): Gap {
  const toMs = numberOf(row, 'to_ms');
  const word = textOf(row, 'reason');
  const reason = gapReasonSchema.safeParse(word);
  const detail = reason.success ? textOf(row, 'detail') : `reason of another version: ${word.slice(0, 64)}`;
  const state = gapStateSchema.safeParse(textOf(row, 'state'));
  return {
    cameraId: textOf(row, 'camera_id'),
    fromMs: Math.max(0, numberOf(row, 'from_ms')),
    toMs: Number.isNaN(toMs) ? null : toMs,
    reason: reason.success ? reason.data : 'protocol-error',
    detail: detail === '' ? null : detail,
    state: state.success ? state.data : 'open',
  };
}

export interface GapQuery {
  /** Exact id; null for all. */
  readonly cameraId: string | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

export class Catalog {
  readonly #file: IndexFile;

  constructor(dataDir: string) {
    this.#file = new IndexFile(join(dataDir, 'catalog.db'));
  }

  /** Presence of the roster's cameras in the UTC hours that touch [fromMs, toMs). Removed cameras join the roster. */
  presence(roster: Roster, fromMs: number, toMs: number): Presence {
    const fromHour = Math.floor(fromMs / hourMs);
    const toHour = Math.max(fromHour, Math.ceil(toMs / hourMs) - 1);
    const builder = new PresenceBuilder(roster, fromHour, toHour - fromHour + 1);
    const statement = this.#file.statement(presenceSql);
    for (const row of statement?.iterate(wholeHour, fromHour, toHour) ?? []) {
      builder.addHour(numberOf(row, 'hour'), textOf(row, 'cameras'));
    }
    return builder.build();
  }

  /** Gaps that touch [fromMs, toMs), by camera, in order of time. */
  gridGaps(fromMs: number, toMs: number): Map<string, LedgerGap[]> {
    const byCamera = new Map<string, LedgerGap[]>();
    for (const row of this.#file.statement(gridGapsSql)?.iterate(fromMs, toMs) ?? []) {
      const endMs = numberOf(row, 'to_ms');
      const gap: LedgerGap = {
        fromMs: numberOf(row, 'from_ms'),
        toMs: Number.isNaN(endMs) ? Number.POSITIVE_INFINITY : endMs,
        reason: reasonIndex(textOf(row, 'reason')),
      };
      const cameraId = textOf(row, 'camera_id');
      const list = byCamera.get(cameraId);
      if (list) list.push(gap);
      else byCamera.set(cameraId, [gap]);
    }
    return byCamera;
  }

  /** Gaps that touch the span, newest first. */
  gaps(query: GapQuery): Gap[] {
    const limit = Math.min(query.limit, gapsPerAnswerMax);
    const { cameraId, fromMs, toMs } = query;
    const rows =
      cameraId === null
        ? this.#file.statement(gapsSql)?.all(fromMs, toMs, limit)
        : this.#file.statement(cameraGapsSql)?.all(fromMs, toMs, limit, cameraId);
    return (rows ?? []).map(toGap);
  }

  /** Before which moment each camera's video was overwritten. What lies ahead of the clock was noted by one that was ahead. */
  oldest(nowMs: number): Map<string, number> {
    const rows = this.#file.statement(retentionSql)?.all(nowMs + aheadMs) ?? [];
    return new Map(rows.map((row) => [textOf(row, 'camera_id'), numberOf(row, 'oldest_ms')]));
  }

  close(): void {
    this.#file.close();
  }
}
