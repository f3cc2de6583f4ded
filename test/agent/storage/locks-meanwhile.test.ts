import { expect, test } from 'vitest';
import { realDisk } from '../../../agent/adapters/disk.ts';
import { startMs } from '../../support/storage/rig.ts';
import { rig } from '../../support/storage/rigs.ts';

const wholeHour = (cameraId: string) => ({
  id: 'lock-1',
  cameraId,
  fromMs: startMs,
  toMs: startMs + 3_600_000,
});

test('what is locked while other spaces are being freed is kept', async () => {
  const r = await rig({ spaces: 2, blocks: 8, pool: { strategy: 'cycle', cycleDays: 1 } }).ready();
  const writer = r.open('c1');
  for (const [at, key] of ['a', 'b', 'c'].entries()) {
    r.append(writer, startMs + at * 100_000, { key });
    await r.drained();
  }
  await r.pass(1);
  expect(r.spaceConfigs.map(({ id }) => r.space(id).blocks.sealed)).toEqual([1, 1]);
  expect(r.catalogPresentMs('c1')).toBe(3_000);
  r.onIndex = (request) => {
    const frees = request.kind === 'commit' && request.commits.some(({ drops }) => (drops ?? []).length > 0);
    if (!frees || r.locks.length > 0) return;
    r.locks = [{ ...wholeHour('c1'), fromMs: startMs + 100_000, toMs: startMs + 101_000 }];
    void r.apply();
  };
  r.ticker.skip(2 * 86_400_000);
  await r.pass(6);
  expect(r.locks).toHaveLength(1);
  expect(r.spaceConfigs.map(({ id }) => r.space(id).blocks.sealed)).toEqual([0, 1]);
  expect(r.query('s2', 'SELECT total(present_ms) AS n FROM minute')).toBe(1_000);
});

test('what is locked while a space is looked at is not initialised', async () => {
  const disk = realDisk();
  let onLook = () => {};
  const looking = {
    ...disk,
    stat: (path: string) => {
      onLook();
      return disk.stat(path);
    },
  };
  const r = await rig({ disk: looking }).ready();
  r.append(r.open('c1'), startMs);
  await r.synced();
  onLook = () => {
    if (r.locks.length > 0) return;
    r.locks = [wholeHour('c1')];
    void r.apply();
  };
  await expect(r.engine.initializeSpace('s1')).rejects.toMatchObject({ code: 'conflict' });
  expect(r.catalogPresentMs('c1')).toBe(1_000);
});
