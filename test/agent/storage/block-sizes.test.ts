import { expect, test } from 'vitest';
import { type Rig, startMs } from '../../support/storage/rig.ts';
import { rig as openRig } from '../../support/storage/rigs.ts';

const kibibyte = 1024;
/** A pool over a space of small blocks and one of large ones. */
function rig(): Rig {
  const r = openRig({ spaces: 2, blocks: 8 });
  const [small, large] = r.spaceConfigs;
  const [pool] = r.pools;
  if (small === undefined || large === undefined || pool === undefined) throw new Error('no space');
  const quotaBytes = 4 * 256 * kibibyte;
  r.spaceConfigs[1] = { ...large, blockBytes: 256 * kibibyte, quotaBytes };
  r.pools = [
    {
      ...pool,
      shares: pool.shares.map((share) => (share.spaceId === 's2' ? { ...share, bytes: quotaBytes } : share)),
    },
  ];
  return r;
}

const partMs = (second: number) => startMs + second * 1_000;

test('parts that no small block can hold go into large ones, also when the pool is full', async () => {
  const r = await rig().ready();
  const writers = { light: r.open('c1'), heavy: r.open('c2') };
  for (let second = 0; second < 24; second += 1) {
    r.append(writers.light, partMs(second), { payloadBytes: 20 * kibibyte });
    r.append(writers.heavy, partMs(second), { payloadBytes: 100 * kibibyte });
    await r.drained();
    r.ticker.advance(1_000);
    await r.settled();
  }
  expect(r.lost).toEqual([]);
  expect(r.query('s2', "SELECT count(*) AS n FROM minute WHERE camera_id = 'c2'")).toBeGreaterThan(0);
  for (const id of ['s1', 's2']) expect((await r.check(id)).faults).toEqual([]);
});

test('a part that no block can hold costs no video', async () => {
  const r = await rig().ready();
  const light = r.open('c1');
  for (let second = 0; second < 60; second += 1) {
    r.append(light, partMs(second), { payloadBytes: 20 * kibibyte });
    await r.drained();
    r.ticker.advance(1_000);
    await r.settled();
  }
  await light.close();
  await r.pass(1);
  const before = r.catalogPresentMs('c1');
  const heavy = r.open('c2');
  for (let second = 60; second < 64; second += 1) {
    r.append(heavy, partMs(second), { payloadBytes: 300 * kibibyte });
    await r.drained();
    await r.pass(1);
  }
  expect(new Set(r.lost.map(({ reason }) => reason))).toEqual(new Set(['write-error']));
  expect(r.catalogPresentMs('c1')).toBe(before);
});
