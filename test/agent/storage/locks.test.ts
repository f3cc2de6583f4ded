import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockFilePath } from '../../../agent/storage/block/codec.ts';
import type { StreamWriter } from '../../../agent/storage/types.ts';
import { type Rig, startMs } from '../../support/storage/rig.ts';
import { rig } from '../../support/storage/rigs.ts';

const lockOf = (cameraId: string, fromMs: number, toMs: number, id = 'lock-1') => ({
  id,
  cameraId,
  fromMs,
  toMs,
});

/** Parts of a second each from `fromSecond` on, stored or told lost when it resolves; returns how many were refused. */
async function record(
  r: Rig,
  { cameraId, writer }: { cameraId: string; writer: StreamWriter },
  fromSecond: number,
  seconds: number,
): Promise<number> {
  let refused = 0;
  let acceptedToMs = 0;
  for (let at = fromSecond; at < fromSecond + seconds; at += 1) {
    const partMs = startMs + at * 1_000;
    if (r.append(writer, partMs) === null) acceptedToMs = partMs + 1_000;
    else refused += 1;
    if (at % 30 !== 29 && at !== fromSecond + seconds - 1) continue;
    await r.drained();
    r.ticker.advance(1_000);
    const isDone = () =>
      (r.engine.lastRecordedMs(cameraId) ?? 0) >= acceptedToMs ||
      r.lost.some((lost) => lost.toMs >= acceptedToMs);
    await r.until(isDone, `the parts of ${cameraId} are stored`);
  }
  return refused;
}

function camera(r: Rig, cameraId: string): { cameraId: string; writer: StreamWriter } {
  return { cameraId, writer: r.open(cameraId) };
}

function presentIn(r: Rig, cameraId: string, fromSecond: number, toSecond: number): number {
  const minute = (second: number) => Math.floor((startMs + second * 1_000) / 60_000);
  return r.query(
    's1',
    `SELECT total(present_ms) AS n FROM minute WHERE camera_id = '${cameraId}'
       AND minute BETWEEN ${minute(fromSecond)} AND ${minute(toSecond) - 1}`,
  );
}

/** Bytes of the blocks that hold the stretch. */
function bytesOf(r: Rig): Buffer[] {
  const path = r.spaceConfigs[0]?.path ?? '';
  return Array.from({ length: r.options.blocks ?? 8 }, (_, number) =>
    readFileSync(blockFilePath(path, number)),
  );
}

test.each(['capacity', 'cycle'] as const)(
  'a locked stretch outlives many turns of a %s pool',
  async (strategy) => {
    const cycleDays = strategy === 'cycle' ? 1 : null;
    const r = await rig({ blocks: 20, pool: { strategy, cycleDays } }).ready();
    const c1 = camera(r, 'c1');
    await record(r, c1, 0, 120);
    r.locks = [lockOf('c1', startMs + 20_000, startMs + 40_000)];
    await r.apply();
    const lockedBytes = r.pool().lockedBytes;
    expect(lockedBytes).toBeGreaterThan(0);
    const { weights } = await r.engine.weighLocks(r.locks, { presence: true });
    expect(weights[0]?.held[0]).toMatchObject({
      spaceId: 's1',
      poolId: 'p1',
      bytes: lockedBytes,
      addedBytes: 0,
    });
    const before = bytesOf(r);
    expect(await record(r, c1, 120, 700)).toBe(0);
    if (strategy === 'cycle') r.ticker.skip(2 * 86_400_000);
    await r.pass(10);
    const kept = bytesOf(r).filter((bytes, at) => bytes.equals(before[at] ?? Buffer.alloc(0)));
    expect(kept.length).toBe(lockedBytes / (64 * 1024));
    expect(r.pool().lockedBytes).toBe(lockedBytes);
    const check = await r.check();
    expect(check.faults).toEqual([]);
    expect(r.lost).toEqual([]);
    r.locks = [];
    await r.apply();
    expect(r.pool().lockedBytes).toBe(0);
    r.ticker.skip(200_000_000 - r.ticker.nowMs);
    await record(r, c1, 200_000, 330);
    const after = bytesOf(r).filter((bytes, at) => bytes.equals(before[at] ?? Buffer.alloc(0)));
    expect(after.length).toBe(0);
  },
);

test('when all that is left is locked the camera hears so, and goes on as soon as a lock is removed', async () => {
  const r = await rig({ blocks: 4 }).ready();
  const c1 = camera(r, 'c1');
  await record(r, c1, 0, 60);
  r.locks = [lockOf('c1', startMs, startMs + 3_600_000)];
  await r.apply();
  expect(await record(r, c1, 60, 120)).toBeGreaterThan(0);
  expect(r.append(c1.writer, startMs + 190_000)).toBe('locked');
  expect(new Set(r.lost.map((lost) => lost.reason))).toEqual(new Set(['locked']));
  const told = r.events.filter((one) => one.event === 'pool.locked');
  expect(told).toHaveLength(1);
  expect(told[0]?.text).toContain('remove a lock');
  expect(r.pool()).toMatchObject({ status: 'no-space', problem: expect.stringContaining('locked') });
  expect((await r.check()).faults).toEqual([]);
  expect(presentIn(r, 'c1', 0, 60)).toBeGreaterThan(0);
  r.locks = [];
  await r.apply();
  r.ticker.advance(2_000);
  expect(await record(r, c1, 200, 30)).toBe(0);
  expect(r.pool().status).toBe('normal');
});

test('a block left open by a camera that is gone is not taken while it is locked', async () => {
  const r = await rig({ blocks: 1 }).ready();
  const gone = r.open('c1');
  r.append(gone, startMs);
  await gone.close();
  await r.synced();
  r.locks = [lockOf('c1', startMs, startMs + 1_000)];
  await r.apply();
  const writer = r.open('c2');
  r.append(writer, startMs + 10_000);
  await r.drained();
  expect(r.lost.map((lost) => lost.reason)).toEqual(['locked']);
  expect(r.catalogPresentMs('c1')).toBe(1_000);
});

test('blocks that a rebuild finds are held as well', async () => {
  const r = await rig({ blocks: 6 }).ready();
  const c1 = camera(r, 'c1');
  await record(r, c1, 0, 70);
  await c1.writer.close();
  r.locks = [lockOf('c1', startMs + 5_000, startMs + 30_000)];
  await r.apply();
  const lockedBytes = r.pool().lockedBytes;
  await r.engine.restoreSpace('s1');
  await r.until(() => r.space('s1').state === 'normal', 'restored');
  expect(r.pool().lockedBytes).toBe(lockedBytes);
  const before = bytesOf(r);
  const again = camera(r, 'c1');
  await record(r, again, 100, 300);
  const kept = bytesOf(r).filter((bytes, at) => bytes.equals(before[at] ?? Buffer.alloc(0)));
  expect(kept.length).toBeGreaterThanOrEqual(lockedBytes / (64 * 1024));
});

test('a smaller share, and the end of the pool, leave what is locked; another pool takes it over', async () => {
  const r = await rig({ blocks: 12 }).ready();
  const c1 = camera(r, 'c1');
  await record(r, c1, 0, 100);
  await c1.writer.close();
  r.locks = [lockOf('c1', startMs, startMs + 30_000)];
  await r.apply();
  const lockedBytes = r.pool().lockedBytes;
  const [pool] = r.pools;
  if (pool === undefined) throw new Error('no pool');
  r.pools = [{ ...pool, shares: [{ spaceId: 's1', bytes: 64 * 1024 }] }];
  await r.apply();
  // What is locked, and the block that the camera left open: it goes once it is sealed.
  expect(r.pool()).toMatchObject({ lockedBytes, totalBytes: lockedBytes + 64 * 1024 });
  r.pools = [];
  await r.apply();
  expect(r.space('s1').blocks).toMatchObject({ sealed: lockedBytes / (64 * 1024), open: 0 });
  r.pools = [{ ...pool, id: 'p2' }];
  await r.apply();
  expect(r.pool()).toMatchObject({ id: 'p2', lockedBytes, totalBytes: 12 * 64 * 1024 });
  expect((await r.check()).faults).toEqual([]);
});

test('a space that holds locked video is not initialised again', async () => {
  const r = await rig().ready();
  const writer = r.open('c1');
  r.append(writer, startMs);
  await r.synced();
  r.locks = [lockOf('c1', startMs, startMs + 1_000)];
  await r.apply();
  await expect(r.engine.initializeSpace('s1')).rejects.toMatchObject({ code: 'conflict' });
  expect(r.catalogPresentMs('c1')).toBe(1_000);
  r.locks = [];
  await r.apply();
  await r.engine.initializeSpace('s1');
  await r.until(() => r.space('s1').state === 'normal', 'initialised');
  expect(r.catalogPresentMs('c1')).toBe(0);
});

test('presence is counted by whole minutes, and is nothing where nothing is', async () => {
  const r = await rig().ready();
  const c1 = camera(r, 'c1');
  await record(r, c1, 0, 10);
  const weigh = async (cameraId: string, fromMs: number, toMs: number) =>
    (await r.engine.weighLocks([lockOf(cameraId, fromMs, toMs)], { presence: true })).weights[0]?.presentMs;
  expect(await weigh('c1', startMs, startMs + 10_000)).toBe(10_000);
  expect(await weigh('c1', startMs + 600_000, startMs + 610_000)).toBe(0);
  expect(await weigh('c2', startMs, startMs + 10_000)).toBe(0);
});

test('whatever is locked and recorded in whichever order, no locked block is overwritten, and an unlocked one is', async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('record' as const),
      who: fc.constantFrom('c1' as const, 'c2' as const),
      seconds: fc.integer({ min: 30, max: 90 }),
    }),
    fc.record({
      kind: fc.constant('lock' as const),
      who: fc.constantFrom('c1' as const, 'c2' as const),
      ago: fc.integer({ min: 5, max: 60 }),
      seconds: fc.integer({ min: 1, max: 20 }),
    }),
    fc.record({ kind: fc.constant('unlock' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 8 }), async (steps) => {
      const r = await rig({ blocks: 10 }).ready();
      const writers = { c1: camera(r, 'c1'), c2: camera(r, 'c2') };
      const at = { c1: 0, c2: 0 };
      for (const [index, one] of steps.entries()) {
        if (one.kind === 'record') {
          const heldBefore = await heldBlocks(r);
          await record(r, writers[one.who], at[one.who], one.seconds);
          at[one.who] += one.seconds;
          const heldNow = await heldBlocks(r);
          for (const [id, blocks] of heldBefore) expect(heldNow.get(id) ?? 0).toBeGreaterThanOrEqual(blocks);
        } else if (one.kind === 'lock') {
          const fromMs = startMs + Math.max(0, at[one.who] - one.ago) * 1_000;
          r.locks = [...r.locks, lockOf(one.who, fromMs, fromMs + one.seconds * 1_000, `lock-${index}`)];
          await r.apply();
        } else {
          r.locks = [];
          await r.apply();
        }
      }
      expect((await r.check()).faults).toEqual([]);
      r.locks = [];
      await r.apply();
      r.ticker.advance(2_000);
      expect(await record(r, writers.c1, at.c1 + 1_000, 200)).toBe(0);
      await r.end();
    }),
    { numRuns: 5 },
  );
}, 60_000);

async function heldBlocks(r: Rig): Promise<Map<string, number>> {
  const { weights } = await r.engine.weighLocks(r.locks, { presence: false });
  return new Map(weights.map(({ id, held }) => [id, held.reduce((sum, { blocks }) => sum + blocks, 0)]));
}
