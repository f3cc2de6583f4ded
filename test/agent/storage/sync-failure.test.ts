import { afterEach, expect, test } from 'vitest';
import { FaultDisk } from '../../support/storage/fault-disk.ts';
import { Rig, startMs } from '../../support/storage/rig.ts';

let r: Rig;
afterEach(() => r.end());

/** Four cameras whose blocks all fail to sync once: the space is left, and taken up again some seconds later. */
async function failedOnce(disk: FaultDisk): Promise<void> {
  r = await new Rig({ disk }).ready();
  disk.keepUnsynced = true;
  const writers = ['c1', 'c2', 'c3', 'c4'].map((id) => r.open(id));
  for (const writer of writers) r.append(writer, startMs);
  await r.synced();
  await r.settled();
  for (const writer of writers) r.append(writer, startMs + 1_000);
  await r.drained();
  disk.failSyncsOnce(r.spaceConfigs[0]?.path ?? '');
  r.ticker.advance(1_000);
  await r.until(() => r.space('s1').state === 'error', 'the space is left');
  for (let second = 0; second < 60 && r.space('s1').state !== 'normal'; second += 1) await r.pass(1);
  expect(r.space('s1').state).toBe('normal');
}

test('what a failed sync did not write is told as lost, and not claimed when the disk is used again (I1)', async () => {
  const disk = new FaultDisk();
  await failedOnce(disk);
  expect(r.lost.map(({ fromMs }) => fromMs)).toEqual([1, 2, 3, 4].map(() => startMs + 1_000));
  for (const id of ['c1', 'c2', 'c3', 'c4']) expect(r.indexPresentMs(id), id).toBe(1_000);
  r.crash();
  await disk.powerCut(() => 0);
  expect((await r.check()).faults).toEqual([]);
});

test('and recording goes on behind what was committed', async () => {
  const disk = new FaultDisk();
  await failedOnce(disk);
  const writer = r.open('c1');
  expect(r.append(writer, r.utcMs)).toBeNull();
  await r.synced();
  r.crash();
  await disk.powerCut(() => 0);
  expect((await r.check()).faults).toEqual([]);
  expect(r.indexPresentMs('c1')).toBe(2_000);
});
