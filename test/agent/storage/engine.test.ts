import { rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { realDisk } from '../../../agent/adapters/disk.ts';
import { blockFilePath } from '../../../agent/storage/block/codec.ts';
import { firstPart, readBlockHead, walkHeaders } from '../../../agent/storage/block/walk.ts';
import { mebibyte, startMs } from '../../support/storage/rig.ts';
import { rig } from '../../support/storage/rigs.ts';

test('a part that was synced is in the index, in the catalog, and reads back', async () => {
  const r = await rig().ready();
  const writer = r.open('c1');
  expect(r.append(writer, startMs)).toBeNull();
  expect(r.append(writer, startMs + 1_000)).toBeNull();
  await r.drained();
  expect(r.query('s1', 'SELECT count(*) AS n FROM minute')).toBe(0);
  await r.synced();
  expect(r.catalogPresentMs('c1')).toBe(2_000);
  expect(r.engine.lastRecordedMs('c1')).toBe(startMs + 2_000);
  expect(await r.check()).toMatchObject({ faults: [], parts: 2 });
});

test('a part over the end of a minute and of an hour counts in both', async () => {
  const r = await rig().ready();
  const writer = r.open('c1');
  const hourMs = Math.ceil(startMs / 3_600_000) * 3_600_000;
  r.append(writer, hourMs - 400, { durationMs: 1_000 });
  await r.synced();
  expect(r.query('s1', 'SELECT count(*) AS n FROM minute')).toBe(2);
  expect(r.query('s1', `SELECT present_ms AS n FROM minute WHERE minute = ${hourMs / 60_000}`)).toBe(600);
  expect(r.catalogPresentMs('c1')).toBe(1_000);
});

test('a full block is sealed and the next one goes on without a gap', async () => {
  const r = await rig().ready();
  const writer = r.open('c1');
  for (let i = 0; i < 60; i += 1) r.append(writer, startMs + i * 1_000);
  await r.synced();
  expect(r.space('s1').blocks.sealed).toBeGreaterThan(0);
  expect(r.catalogPresentMs('c1')).toBe(60_000);
  expect((await r.check()).faults).toEqual([]);
});

test('a block is left before a group of pictures that it could not hold, so that each begins with a key frame', async () => {
  const r = await rig({ blockBytes: 128 * 1024 }).ready();
  const writer = r.open('c1');
  for (let i = 0; i < 200; i += 1) {
    r.append(writer, startMs + i * 1_000, { randomAccess: i % 4 === 0 });
    if (i % 10 === 9) await r.synced();
  }
  const disk = realDisk();
  const blocks = [0, 1, 2];
  const first = await Promise.all(
    blocks.map(async (number) => {
      const file = await disk.open(blockFilePath(r.spaceConfigs[0]?.path ?? '', number), 'read');
      const head = await readBlockHead(file);
      const parts = head ? await walkHeaders(file, firstPart(head), 128 * 1024) : [];
      await file.close();
      return { randomAccess: parts[0]?.header.randomAccess, parts: parts.length % 4 };
    }),
  );
  expect(first).toEqual(blocks.map(() => ({ randomAccess: true, parts: 0 })));
});

test('when the pool is full the oldest video goes, and the index never claims what was overwritten', async () => {
  const r = await rig({ blocks: 4 }).ready();
  const writer = r.open('c1');
  for (let i = 0; i < 200; i += 1) {
    expect(r.append(writer, startMs + i * 1_000)).toBeNull();
    if (i % 10 === 9) await r.synced();
  }
  const check = await r.check();
  expect(check.faults).toEqual([]);
  expect(check.parts).toBeLessThan(200);
  expect(check.parts).toBeGreaterThan(60);
  expect(r.catalogPresentMs('c1')).toBe(check.parts * 1_000);
  expect(r.lost).toEqual([]);
});

test('new codec parameters begin a new block', async () => {
  const r = await rig().ready();
  const writer = r.open('c1');
  r.append(writer, startMs, { key: 'init-a' });
  r.append(writer, startMs + 1_000, { key: 'init-b' });
  await r.synced();
  expect(r.space('s1').blocks).toMatchObject({ sealed: 1, open: 1 });
  expect((await r.check()).faults).toEqual([]);
});

test('a camera that comes back goes on in the block it left', async () => {
  const r = await rig().ready();
  const first = r.open('c1');
  r.append(first, startMs);
  await first.close();
  await r.synced();
  const second = r.open('c1');
  r.append(second, startMs + 5_000);
  await r.synced();
  expect(r.space('s1').blocks).toMatchObject({ sealed: 0, open: 1 });
  expect(await r.check()).toMatchObject({ faults: [], parts: 2, blocks: 1 });
});

test('a clock that steps back begins a new block, and what was recorded stays true', async () => {
  const r = await rig().ready();
  const writer = r.open('c1');
  r.append(writer, startMs + 600_000);
  r.append(writer, startMs);
  await r.synced();
  expect(r.space('s1').blocks).toMatchObject({ sealed: 1, open: 1 });
  expect((await r.check()).faults).toEqual([]);
});

test('more streams than blocks: those that have one go on, the others hear no-space with a hint', async () => {
  const r = await rig({ blocks: 2 }).ready();
  const writers = ['c1', 'c2', 'c3'].map((id) => r.open(id));
  for (const writer of writers) r.append(writer, startMs);
  await r.drained();
  expect(r.lost.map((lost) => lost.reason)).toEqual(['no-space']);
  const event = r.events.find((one) => one.event === 'pool.no-space');
  expect(event?.text).toContain('Expand the pool');
  expect(r.pool().status).toBe('no-space');
  expect(writers[2] && r.append(writers[2], startMs + 1_000)).toBe('no-space');
  expect(writers[0] && r.append(writers[0], startMs + 1_000)).toBeNull();
  await r.synced();
  expect((await r.check()).faults).toEqual([]);
});

test('a block left open by a camera that is gone is given to a camera that needs one', async () => {
  const r = await rig({ blocks: 1 }).ready();
  const gone = r.open('c1');
  r.append(gone, startMs);
  await gone.close();
  await r.synced();
  const writer = r.open('c2');
  expect(r.append(writer, startMs + 10_000)).toBeNull();
  await r.synced();
  expect(r.lost).toEqual([]);
  expect(r.catalogPresentMs('c1')).toBe(0);
  expect(r.catalogPresentMs('c2')).toBe(1_000);
});

test('parts over the queue bound are refused as overloaded and released', async () => {
  const r = await rig({ queuedBytesMax: 5_000 }).ready();
  const writer = r.open('c1');
  const results = Array.from({ length: 5 }, (_, i) => r.append(writer, startMs + i * 1_000));
  expect(results).toEqual([null, null, 'overloaded', 'overloaded', 'overloaded']);
  await r.drained();
  expect(r.append(writer, startMs + 5_000)).toBeNull();
});

test('after a crash what was written and not committed is found again', async () => {
  const r = await rig().ready();
  const writer = r.open('c1');
  r.append(writer, startMs);
  await r.synced();
  for (let i = 1; i < 8; i += 1) r.append(writer, startMs + i * 1_000);
  await r.drained();
  r.crash();
  const again = await rig({ root: r.root }).start();
  expect(again.space('s1').state).toBe('normal');
  expect(again.catalogPresentMs('c1')).toBe(8_000);
  expect(again.engine.lastRecordedMs('c1')).toBe(startMs + 8_000);
  expect(await again.check()).toMatchObject({ faults: [], parts: 8 });
  const next = again.open('c1');
  again.append(next, startMs + 9_000);
  await again.synced();
  expect(await again.check()).toMatchObject({ faults: [], parts: 9, blocks: 1 });
});

test('a space whose index is gone waits for recovery, and a restore finds every part', async () => {
  const r = await rig().ready();
  for (const id of ['c1', 'c2']) {
    const writer = r.open(id);
    for (let i = 0; i < 40; i += 1) r.append(writer, startMs + i * 1_000);
  }
  await r.synced();
  const before = await r.check();
  await r.engine.close();
  rmSync(r.dataDir, { recursive: true });
  const again = await rig({ root: r.root }).start();
  expect(again.space('s1').state).toBe('waiting-for-recovery');
  await again.engine.restoreSpace('s1');
  await again.until(() => again.space('s1').state === 'normal', 'restored');
  expect(await again.check()).toMatchObject({ faults: [], parts: before.parts });
  expect(again.catalogPresentMs('c1')).toBe(40_000);
  expect(again.pool().oldestVideoMs).toBe(startMs);
});

test('a pool in cycle frees what is older than its days, and says when it could not keep its promise', async () => {
  const r = await rig({ blocks: 20, pool: { strategy: 'cycle', cycleDays: 1 } }).ready();
  const writer = r.open('c1');
  r.append(writer, startMs, { key: 'init-a' });
  r.append(writer, startMs + 1_000, { key: 'init-b' });
  await r.synced();
  expect(r.space('s1').blocks.sealed).toBe(1);
  await r.settled();
  r.ticker.skip(25 * 3_600_000);
  r.ticker.advance(5_000);
  await r.until(() => r.space('s1').blocks.sealed === 0, 'the old block is free');
  expect(r.events.map((event) => event.event)).not.toContain('pool.retention-short');
  for (let i = 0; i < 800; i += 1) {
    r.append(writer, r.utcMs);
    r.ticker.skip(1_000);
    await r.drained();
  }
  await r.synced();
  expect(r.events.find((event) => event.event === 'pool.retention-short')?.text).toMatch(
    /kept 0\.0 days, not 1/,
  );
  expect((await r.check()).faults).toEqual([]);
});

test('shrinking a pool frees its oldest blocks first, growing it takes free ones, while recording goes on', async () => {
  const r = await rig({ blocks: 8 }).ready();
  const writer = r.open('c1');
  for (let i = 0; i < 150; i += 1) r.append(writer, startMs + i * 1_000);
  await r.synced();
  const [share] = r.pools[0]?.shares ?? [];
  const resize = async (blocks: number) => {
    r.pools = r.pools.map((pool) => ({
      ...pool,
      shares: [{ spaceId: share?.spaceId ?? 's1', bytes: blocks * 64 * 1024 }],
    }));
    await r.apply();
  };
  const oldestMs = r.pool().oldestVideoMs ?? 0;
  await resize(3);
  expect(r.pool().shares[0]?.blocks).toBe(3);
  expect(r.pool().oldestVideoMs).toBeGreaterThan(oldestMs);
  expect(r.append(writer, startMs + 150_000)).toBeNull();
  await resize(6);
  expect(r.pool().shares[0]?.blocks).toBe(6);
  await r.synced();
  expect((await r.check()).faults).toEqual([]);
  expect(r.engine.lastRecordedMs('c1')).toBe(startMs + 151_000);
});

test('a deleted pool gives its blocks back', async () => {
  const r = await rig().ready();
  const writer = r.open('c1');
  r.append(writer, startMs);
  await r.synced();
  r.pools = [];
  await r.apply();
  expect(r.space('s1')).toMatchObject({ allocatedBytes: 0, blocks: { free: 8 } });
  expect(r.catalogPresentMs('c1')).toBe(0);
});

test('a space that leaves the settings leaves the catalog; its files stay and can be restored', async () => {
  const r = await rig({ spaces: 2 }).ready();
  const writer = r.open('c1');
  r.append(writer, startMs);
  await writer.close();
  await r.synced();
  const held = r.space('s1').blocks.open === 1 ? 0 : 1;
  const [gone] = r.spaceConfigs.splice(held, 1);
  await r.apply();
  expect(r.catalogPresentMs('c1')).toBe(0);
  if (gone) r.spaceConfigs.push(gone);
  await r.apply();
  expect(r.space(gone?.id ?? '').state).toBe('waiting-for-recovery');
  await r.engine.restoreSpace(gone?.id ?? '');
  await r.until(() => r.space(gone?.id ?? '').state === 'normal', 'restored');
  expect(r.catalogPresentMs('c1')).toBe(1_000);
});

test('initialising reserves every block in full and can be cancelled', async () => {
  const r = await rig({ blocks: 64, blockBytes: mebibyte }).start();
  expect(r.space('s1').state).toBe('lost');
  await r.engine.initializeSpace('s1');
  expect(r.space('s1').state).toBe('initializing');
  await expect(r.engine.initializeSpace('s1')).rejects.toMatchObject({ code: 'conflict' });
  await r.engine.cancelJob('s1');
  expect(r.space('s1')).toMatchObject({ state: 'error', problem: 'initialising was cancelled' });
  await r.engine.initializeSpace('s1');
  await r.until(() => r.space('s1').state === 'normal', 'initialised');
  expect(r.space('s1').blocks).toMatchObject({ total: 64, free: 64 });
});

test('initialising again destroys the video and nothing of it comes back', async () => {
  const r = await rig().ready();
  const writer = r.open('c1');
  r.append(writer, startMs);
  await writer.close();
  await r.synced();
  await r.engine.initializeSpace('s1');
  await r.until(() => r.space('s1').state === 'normal', 'initialised');
  expect(r.catalogPresentMs('c1')).toBe(0);
  await r.engine.restoreSpace('s1');
  await r.until(() => r.space('s1').state === 'normal', 'restored');
  expect(r.space('s1').blocks).toMatchObject({ sealed: 0, free: 8 });
});

test('a damaged index file means waiting for recovery, not a recorder that cannot start', async () => {
  const r = await rig().ready();
  const writer = r.open('c1');
  r.append(writer, startMs);
  await r.synced();
  await r.engine.close();
  writeFileSync(`${r.dataDir}/index/s1.db`, 'not a database at all'.repeat(1_000));
  const again = await rig({ root: r.root }).start();
  expect(again.space('s1').state).toBe('waiting-for-recovery');
  await again.engine.restoreSpace('s1');
  await again.until(() => again.space('s1').state === 'normal', 'restored');
  expect(await again.check()).toMatchObject({ faults: [], parts: 1 });
});

test('without its catalog the hours are counted again from the minutes, and the loss of the ledger is told', async () => {
  const r = await rig().ready();
  const writer = r.open('c1');
  for (let i = 0; i < 70; i += 1) r.append(writer, startMs + i * 1_000);
  await r.synced();
  await r.engine.close();
  writeFileSync(`${r.dataDir}/catalog.db`, 'not a database at all'.repeat(1_000));
  const again = await rig({ root: r.root }).start();
  expect(again.catalogPresentMs('c1')).toBe(70_000);
  expect(again.events.map((event) => event.event)).toContain('index.catalog-renewed');
});

test('while the index cannot be written recording ends with a reason, and what was written is indexed once it can', async () => {
  const r = await rig().ready();
  const writer = r.open('c1');
  r.append(writer, startMs);
  await r.synced();
  r.indexFails = true;
  expect(r.append(writer, startMs + 1_000)).toBeNull();
  await r.pass(3);
  expect(r.events.map((event) => event.event)).toContain('index.failing');
  const other = r.open('c2');
  r.append(other, startMs);
  await r.drained();
  expect(r.lost).toMatchObject([{ reason: 'write-error' }]);
  expect(r.space('s1').state).toBe('normal');
  r.indexFails = false;
  await r.pass(3);
  expect(r.append(other, startMs + 5_000)).toBeNull();
  await r.synced();
  expect(r.catalogPresentMs('c1')).toBe(2_000);
  expect(r.catalogPresentMs('c2')).toBe(1_000);
  expect((await r.check()).faults).toEqual([]);
});
