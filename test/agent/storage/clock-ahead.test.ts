import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { StreamWriter } from '../../../agent/storage/types.ts';
import { type Rig, startMs } from '../../support/storage/rig.ts';
import { rig } from '../../support/storage/rigs.ts';

const yearMs = 365 * 86_400_000;
/** Parts of a second each by the wall clock of the rig. */
async function record(r: Rig, writer: StreamWriter, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    r.append(writer, r.utcMs);
    r.ticker.advance(1_000);
    await r.settled();
  }
  await r.drained();
  await r.pass(1);
}

/** Of what was recorded while the clock was ahead. */
function aheadPresentMs(r: Rig): number {
  const minute = Math.floor((startMs + yearMs) / 60_000);
  return r.query('s1', `SELECT total(present_ms) AS n FROM minute WHERE minute >= ${minute}`);
}

function overwrittenBeforeMs(r: Rig): number {
  const database = new DatabaseSync(join(r.dataDir, 'catalog.db'), { readOnly: true });
  try {
    return Number(
      database.prepare("SELECT oldest_ms AS n FROM retention WHERE camera_id = 'c1'").get()?.n ?? 0,
    );
  } finally {
    database.close();
  }
}

test('what was recorded while the clock was years ahead is overwritten in its turn', async () => {
  const r = await rig({ blocks: 4 }).ready();
  const writer = r.open('c1');
  r.aheadMs = 4 * yearMs;
  await record(r, writer, 30);
  expect(aheadPresentMs(r)).toBe(30_000);
  r.aheadMs = 0;
  await record(r, writer, 40);
  expect(aheadPresentMs(r)).toBe(30_000);
  await record(r, writer, 160);
  expect(aheadPresentMs(r)).toBe(0);
  expect(r.lost).toEqual([]);
  expect(overwrittenBeforeMs(r)).toBeLessThanOrEqual(r.utcMs);
  expect(overwrittenBeforeMs(r)).toBeGreaterThan(startMs);
  expect((await r.check()).faults).toEqual([]);
});

test('a pool that keeps a day does not keep what was recorded years ahead for longer', async () => {
  const r = await rig({ blocks: 8, pool: { strategy: 'cycle', cycleDays: 1 } }).ready();
  const writer = r.open('c1');
  r.aheadMs = 4 * yearMs;
  await record(r, writer, 30);
  await writer.close();
  r.aheadMs = 0;
  await r.pass(6);
  expect(aheadPresentMs(r)).toBe(30_000);
  r.ticker.skip(90_000_000);
  await r.pass(11);
  expect(aheadPresentMs(r)).toBe(0);
  expect(overwrittenBeforeMs(r)).toBeLessThanOrEqual(r.utcMs);
});
