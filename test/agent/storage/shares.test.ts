import { expect, test } from 'vitest';
import { type Rig, startMs } from '../../support/storage/rig.ts';
import { rig } from '../../support/storage/rigs.ts';

const blockBytes = 64 * 1024;
function onlyPool(r: Rig) {
  const [pool] = r.pools;
  if (pool === undefined) throw new Error('no pool');
  return pool;
}

test('a space that is taken out of a pool is free for another pool', async () => {
  const r = await rig({ spaces: 2, blocks: 8 }).ready();
  const pool = onlyPool(r);
  const writer = r.open('c1');
  for (let second = 0; second < 200; second += 1) {
    r.append(writer, startMs + second * 1_000);
    if (second % 20 !== 19) continue;
    await r.drained();
    await r.pass(1);
  }
  await writer.close();
  await r.pass(1);
  r.pools = [
    { ...pool, shares: [{ spaceId: 's1', bytes: 8 * blockBytes }] },
    { ...pool, id: 'p2', name: 'pool 2', shares: [{ spaceId: 's2', bytes: 8 * blockBytes }] },
  ];
  await r.apply();
  await r.pass(11);
  expect(r.engine.pools()[1]?.shares).toMatchObject([{ spaceId: 's2', blocks: 8 }]);
  expect((await r.check('s2')).faults).toEqual([]);
});

test('restored video of a pool that has no share of its space stays, and does not keep another pool out', async () => {
  const r = await rig({ spaces: 2, blocks: 8 }).ready();
  const pool = onlyPool(r);
  for (const cameraId of ['c1', 'c2']) {
    const writer = r.open(cameraId);
    r.append(writer, startMs);
    await r.drained();
    await writer.close();
  }
  await r.pass(1);
  expect(r.space('s2').blocks.open).toBe(1);
  const spaces = r.spaceConfigs.splice(1);
  const shares = [{ spaceId: 's1', bytes: 8 * blockBytes }];
  r.pools = [{ ...pool, shares }];
  await r.apply();
  r.spaceConfigs.push(...spaces);
  await r.apply();
  await r.engine.restoreSpace('s2');
  await r.until(() => r.space('s2').state === 'normal', 'restored');
  await r.pass(6);
  expect(r.catalogPresentMs('c2')).toBe(1_000);
  r.pools = [
    { ...pool, shares },
    { ...pool, id: 'p2', name: 'pool 2', shares: [{ spaceId: 's2', bytes: 8 * blockBytes }] },
  ];
  await r.apply();
  expect(r.engine.pools()[1]?.shares).toMatchObject([{ spaceId: 's2', blocks: 8 }]);
  expect(r.catalogPresentMs('c2')).toBe(1_000);
});

test('what a camera writes into a space while that leaves its pool is committed, and it goes on elsewhere', async () => {
  const r = await rig({ spaces: 2, blocks: 8 }).ready();
  const pool = onlyPool(r);
  const writers = [r.open('c1'), r.open('c2')];
  for (const writer of writers) r.append(writer, startMs);
  await r.synced();
  expect(r.space('s2').blocks.open).toBe(1);
  for (const writer of writers) r.append(writer, startMs + 1_000);
  await r.drained();
  r.pools = [{ ...pool, shares: [{ spaceId: 's1', bytes: 8 * blockBytes }] }];
  await r.apply();
  r.ticker.advance(1_000);
  await r.settled();
  expect([r.catalogPresentMs('c1'), r.catalogPresentMs('c2')]).toEqual([2_000, 2_000]);
  for (let second = 2; second < 40; second += 1) {
    for (const writer of writers) r.append(writer, startMs + second * 1_000);
    await r.drained();
    r.ticker.advance(1_000);
    await r.settled();
  }
  expect(r.lost).toEqual([]);
  expect([r.catalogPresentMs('c1'), r.catalogPresentMs('c2')]).toEqual([40_000, 40_000]);
  expect(r.space('s2').blocks).toMatchObject({ open: 0, sealed: 1, free: 7 });
});
