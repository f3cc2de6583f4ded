import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BlockRow, MinuteRow } from '../../../../agent/storage/index/rows.ts';
import { IndexStore } from '../../../../agent/storage/index/store.ts';

const minuteMs = 60_000;
const startMs = 1_700_000_040_000;
const nowMs = startMs + 86_400_000;
const blocks = 40;
let dir = '';
let store: IndexStore;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hf-index-'));
  store = new IndexStore(dir);
  store.createSpace('s1', []);
  store.completeSpace('s1', startMs);
});

afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Blocks of two cameras in turn, ten minutes each. */
function rowOf(number: number, change: Partial<BlockRow> = {}): BlockRow {
  const firstMs = startMs + Math.floor(number / 2) * 10 * minuteMs;
  return {
    number,
    generation: 1,
    state: 'sealed',
    poolId: 'p1',
    cameraId: `c${(number % 2) + 1}`,
    stream: 'main',
    firstMs,
    lastMs: firstMs + 10 * minuteMs,
    usedBytes: 1_000,
    parts: 10,
    chain: 0,
    ...change,
  };
}

function minutesOf(row: BlockRow): MinuteRow[] {
  return Array.from({ length: 10 }, (_, at) => ({
    cameraId: row.cameraId ?? '',
    stream: 'main',
    minute: (row.firstMs ?? 0) / minuteMs + at,
    block: row.number,
    generation: row.generation,
    offsetBytes: at * 100,
    lengthBytes: 100,
    presentMs: minuteMs,
  }));
}

function fill(afterCommit: () => void): void {
  for (let number = 0; number < blocks; number += 1) {
    const row = rowOf(number);
    store.commit('s1', [{ spaceId: 's1', blocks: [row], minutes: minutesOf(row) }]);
    afterCommit();
  }
}

const logBytes = () => statSync(join(dir, 'index', 's1.db-wal')).size;

test('a dropped block takes its own minutes along and nobody else', () => {
  fill(() => {});
  const drops = [{ block: 4, overwrittenAtMs: nowMs }];
  store.commit('s1', [
    { spaceId: 's1', drops, blocks: [rowOf(4, { generation: 2, firstMs: null, lastMs: null })] },
  ]);
  const held = Array.from({ length: blocks }, (_, number) => store.minutesOf('s1', number, 0).length);
  expect(held).toEqual(held.map((_, number) => (number === 4 ? 0 : 10)));
});

test('a minute before the first part counts too: a clock may step back so far', () => {
  const row = rowOf(0);
  const [first] = minutesOf(row);
  if (first === undefined) throw new Error('no minute');
  const early = { ...first, minute: first.minute - 1 };
  store.commit('s1', [{ spaceId: 's1', blocks: [row], minutes: [early, first] }]);
  expect(store.minutesOf('s1', 0, 0)).toHaveLength(2);
  const free = rowOf(0, { generation: 2, firstMs: null, lastMs: null });
  store.commit('s1', [{ spaceId: 's1', drops: [{ block: 0, overwrittenAtMs: nowMs }], blocks: [free] }]);
  store.commit('s1', [{ spaceId: 's1', blocks: [row] }]);
  expect(store.minutesOf('s1', 0, 0)).toEqual([]);
});

test('what a clock noted that was years ahead gives way to what is noted by the right one', () => {
  const aheadMs = startMs + 4 * 365 * 86_400_000;
  const give = (firstMs: number, overwrittenAtMs: number) => {
    const row = rowOf(0, { firstMs, lastMs: firstMs + minuteMs });
    store.commit('s1', [{ spaceId: 's1', blocks: [row], minutes: minutesOf(row) }]);
    store.commit('s1', [{ spaceId: 's1', drops: [{ block: 0, overwrittenAtMs }] }]);
    return overwrittenBeforeMs('c1');
  };
  expect(give(startMs, nowMs)).toBe(startMs + 2 * minuteMs);
  expect(give(aheadMs, nowMs)).toBe(startMs + 2 * minuteMs);
  expect(give(aheadMs, aheadMs + 86_400_000)).toBe(aheadMs + 2 * minuteMs);
  expect(give(startMs + 600_000, nowMs)).toBe(startMs + 600_000 + 2 * minuteMs);
  expect(give(startMs, nowMs)).toBe(startMs + 600_000 + 2 * minuteMs);
});

function overwrittenBeforeMs(cameraId: string): number {
  const database = new DatabaseSync(join(dir, 'catalog.db'), { readOnly: true });
  const row = database.prepare('SELECT oldest_ms AS n FROM retention WHERE camera_id = ?').get(cameraId);
  database.close();
  return Number(row?.n);
}

test('the log is folded in between commits, and stays small however long it records', () => {
  fill(() => store.foldLogs());
  const folded = logBytes();
  for (let round = 0; round < 5; round += 1) fill(() => store.foldLogs());
  expect(logBytes()).toBeLessThan(2 * folded);
  for (let round = 0; round < 5; round += 1) fill(() => {});
  expect(logBytes()).toBeGreaterThan(2 * folded);
});

test('a catalog that only cannot be opened now is not put aside: the ledger of gaps would go with it', () => {
  const closed = join(dir, 'closed');
  mkdirSync(join(closed, 'catalog.db'), { recursive: true });
  expect(() => new IndexStore(closed)).toThrow(/unable to open/);
  expect(existsSync(join(closed, 'catalog.db'))).toBe(true);
  expect(existsSync(join(closed, 'catalog.db.damaged'))).toBe(false);
});
