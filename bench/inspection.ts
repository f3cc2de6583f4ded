/** How long a day and a month of many cameras take to inspect, from a catalog on disk to the answer in the caller's hands. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createReader } from '../agent/inspection/reader.ts';
import type { Reader, ReaderConfig } from '../agent/inspection/types.ts';
import { catalogSql } from '../agent/storage/index-schema.ts';
import { median, round } from './figures.ts';
import type { BenchOptions } from './options.ts';

const monthStartMs = Date.UTC(2026, 9, 1);
const hoursOfMonth = 744;
const hourMs = 3_600_000;
const runs = 5;
/** The promise is about this many: a day under 50 ms, a month under 1 s. */
const camerasOfTarget = 1_000;

export interface InspectionFigures {
  readonly cameras: number;
  /** Hour rows in the catalog. */
  readonly rows: number;
  /** Median of five; the first call, with nothing read before, apart. */
  readonly dayMs: number;
  readonly dayFirstMs: number;
  readonly monthMs: number;
  readonly monthFirstMs: number;
}

/** A third of the hours is not quite whole, one in fifty lacks ten minutes and has a gap row. */
function fillCatalog(dataDir: string, cameras: number): number {
  const database = new DatabaseSync(join(dataDir, 'catalog.db'));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; ${catalogSql} BEGIN;`);
  const putHour = database.prepare("INSERT INTO hour VALUES (?, 'main', ?, ?)");
  const putGap = database.prepare(
    "INSERT INTO gap (camera_id, from_ms, to_ms, reason) VALUES (?, ?, ?, 'stream-stalled')",
  );
  const whole = new Uint16Array(60).fill(60_000);
  const jitter = Uint16Array.from({ length: 60 }, (_, minute) => 60_000 - minute * 10);
  const broken = Uint16Array.from(whole).fill(0, 20, 30);
  for (let hour = 0; hour < hoursOfMonth; hour++) {
    const startMs = monthStartMs + hour * hourMs;
    for (let camera = 0; camera < cameras; camera++) {
      const kind = (hour * 7 + camera) % 50;
      const present = kind === 0 ? broken : kind % 3 === 0 ? jitter : whole;
      putHour.run(`camera-${camera}`, startMs / hourMs, new Uint8Array(present.buffer));
      if (kind === 0) putGap.run(`camera-${camera}`, startMs + 1_200_000, startMs + 1_800_000);
    }
  }
  database.exec('COMMIT');
  database.close();
  return hoursOfMonth * cameras;
}

function configOf(cameras: number): ReaderConfig {
  return {
    timeZone: 'Europe/Berlin',
    spaces: [],
    cameras: Array.from({ length: cameras }, (_, index) => ({
      id: `camera-${index}`,
      name: `Camera ${index}`,
      channel: 1,
      plan: 'always',
    })),
  };
}

async function timesOf(call: () => Promise<unknown>): Promise<{ firstMs: number; medianMs: number }> {
  const times: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const startMs = performance.now();
    await call();
    times.push(performance.now() - startMs);
  }
  const [firstMs = 0, ...rest] = times;
  return { firstMs: round(firstMs), medianMs: round(median(rest)) };
}

async function measure(reader: Reader): Promise<Omit<InspectionFigures, 'cameras' | 'rows'>> {
  /** Starts the worker: its start is no part of a question. */
  await reader.gaps({ limit: 1 });
  const day = await timesOf(() => reader.day({ day: '2026-10-14' }));
  const month = await timesOf(() => reader.month({ month: '2026-10' }));
  return {
    dayMs: day.medianMs,
    dayFirstMs: day.firstMs,
    monthMs: month.medianMs,
    monthFirstMs: month.firstMs,
  };
}

/** Generates a month of 1,000 cameras and asks for a day and the month as the control process does. */
export async function benchInspection(
  options: Pick<BenchOptions, 'dir' | 'say'>,
): Promise<InspectionFigures> {
  const dataDir = mkdtempSync(join(options.dir ?? tmpdir(), 'holdfast-bench-inspection-'));
  const config = configOf(camerasOfTarget);
  const clock = { utcMs: () => monthStartMs + hoursOfMonth * hourMs };
  const reader = createReader({ dataDir, config: () => config, clock });
  try {
    options.say(`generating a catalog of ${camerasOfTarget} cameras and ${hoursOfMonth} hours`);
    const rows = fillCatalog(dataDir, camerasOfTarget);
    return { cameras: camerasOfTarget, rows, ...(await measure(reader)) };
  } finally {
    await reader.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
