import { afterEach, expect, test } from 'vitest';
import { Rig } from '../../support/storage/rig.ts';

const cameras = ['c1', 'c2', 'c3'];
let r: Rig;
afterEach(() => r.end());

test('while the index cannot be written no video is given up for what cannot be recorded, and it goes on after that', async () => {
  r = await new Rig({ blocks: 8 }).ready();
  const { store } = r;
  if (store === null) throw new Error('the rig has no index');
  const writers = cameras.map((id) => r.open(id));
  const record = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      for (const writer of writers) r.append(writer, r.utcMs, { payloadBytes: 10_000 });
      await r.pass(1);
    }
    await r.drained();
  };
  await record(15);
  const { free, sealed } = r.space('s1').blocks;
  expect({ free, sealed }).toEqual({ free: 0, sealed: 5 });

  const commit = store.commit.bind(store);
  store.commit = () => {
    throw new Error('the disk of the data folder is full');
  };
  await record(10);
  expect(r.lost.length).toBeGreaterThan(0);
  const { blocks } = r.space('s1');
  expect(blocks.free).toBe(0);
  expect(blocks.sealed + blocks.open).toBe(8);
  expect(blocks.open).toBe(3);

  store.commit = commit;
  const lost = r.lost.length;
  await record(8);
  expect(r.lost.length - lost).toBeLessThanOrEqual(2 * cameras.length);
  expect((await r.check()).faults).toEqual([]);
}, 60_000);
