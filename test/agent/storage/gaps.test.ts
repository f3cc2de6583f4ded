import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Gaps } from '../../../agent/storage/gaps.ts';
import { startIndexWorker } from '../../../agent/storage/index/client.ts';
import type { IndexClient } from '../../../agent/storage/index/rows.ts';

let dataDir = '';
let index: IndexClient;
let gaps: Gaps;

async function start(): Promise<void> {
  index = startIndexWorker(dataDir);
  gaps = new Gaps(index, { gapMinMs: 1_000, ...(await index.loadGaps()) });
}

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'hf-gaps-'));
  await start();
});

afterEach(async () => {
  await index.close().catch(() => undefined);
  rmSync(dataDir, { recursive: true, force: true });
});

async function rows(): Promise<unknown[]> {
  await gaps.flush();
  const database = new DatabaseSync(join(dataDir, 'catalog.db'), { readOnly: true });
  const found = database
    .prepare('SELECT camera_id AS camera, from_ms, to_ms, reason FROM gap ORDER BY id')
    .all();
  database.close();
  return found.map((row) => [row.camera, row.from_ms, row.to_ms, row.reason]);
}

const outage = { cameraId: 'c1', fromMs: 10_000, reason: 'camera-unreachable', detail: 'no route' } as const;

test('an outage is open until the first part after it, and a second reason changes nothing', async () => {
  gaps.open(outage);
  gaps.open({ ...outage, fromMs: 15_000, reason: 'auth-failed' });
  expect(gaps.openGap('c1')).toEqual({ ...outage, toMs: null, state: 'open' });
  expect(await rows()).toEqual([['c1', 10_000, null, 'camera-unreachable']]);
  gaps.close('c1', 20_000);
  expect(gaps.openGap('c1')).toBeNull();
  expect(await rows()).toEqual([['c1', 10_000, 20_000, 'camera-unreachable']]);
});

test('an outage too short to count leaves no row', async () => {
  gaps.open(outage);
  expect(await rows()).toHaveLength(1);
  gaps.close('c1', 10_900);
  expect(await rows()).toEqual([]);
});

test('neighbours of one reason become one gap, others stay apart', async () => {
  const loss = { cameraId: 'c1', reason: 'packet-loss', detail: '' } as const;
  gaps.add({ ...loss, fromMs: 1_000, toMs: 1_500 });
  gaps.add({ ...loss, fromMs: 3_000, toMs: 3_200 });
  gaps.add({ ...loss, fromMs: 6_000, toMs: 6_100 });
  gaps.add({ ...loss, cameraId: 'c2', fromMs: 6_100, toMs: 6_200 });
  gaps.add({ ...loss, reason: 'overloaded', fromMs: 6_200, toMs: 6_300 });
  gaps.add({ ...loss, fromMs: 7_000, toMs: 7_000 });
  expect(await rows()).toEqual([
    ['c1', 1_000, 3_200, 'packet-loss'],
    ['c1', 6_000, 6_100, 'packet-loss'],
    ['c2', 6_100, 6_200, 'packet-loss'],
    ['c1', 6_200, 6_300, 'overloaded'],
  ]);
});

test('an outage outlives the process', async () => {
  gaps.open(outage);
  await gaps.flush();
  await index.close();
  await start();
  expect(gaps.openGap('c1')).toMatchObject(outage);
  gaps.close('c1', 99_000);
  gaps.open({ ...outage, fromMs: 120_000 });
  expect(await rows()).toEqual([
    ['c1', 10_000, 99_000, 'camera-unreachable'],
    ['c1', 120_000, null, 'camera-unreachable'],
  ]);
});
