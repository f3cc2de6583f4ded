import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { DiskFault } from '../../../agent/storage/disk.ts';
import { createRandom } from '../../support/random.ts';
import { FaultDisk } from '../../support/storage/fault-disk.ts';
import { type Rig, startMs } from '../../support/storage/rig.ts';
import { rig } from '../../support/storage/rigs.ts';

function pathOf(r: Rig, id: string): string {
  return r.spaceConfigs.find((space) => space.id === id)?.path ?? '';
}

/** The space that holds the only open block. */
function writing(r: Rig): string {
  return r.engine.spaces().find((space) => space.blocks.open > 0)?.id ?? '';
}

describe.each<[DiskFault, string, 'lost' | 'error']>([
  ['full', 'disk full', 'error'],
  ['read-only', 'read-only', 'error'],
  ['io', 'broken', 'error'],
  ['gone', 'gone', 'lost'],
])('a disk that is %s (I3)', (fault, _, state) => {
  test('recording goes on in the other space, nothing is refused, and it returns by itself', async () => {
    const disk = new FaultDisk();
    const r = await rig({ spaces: 2, disk }).ready();
    const writer = r.open('c1');
    r.append(writer, startMs);
    await r.synced();
    const bad = writing(r);
    disk.break(pathOf(r, bad), fault);
    expect(r.append(writer, startMs + 1_000)).toBeNull();
    await r.drained();
    expect(r.append(writer, startMs + 2_000)).toBeNull();
    await r.synced();
    await r.until(() => r.space(bad).state === state, `space is ${state}`);
    expect(r.space(bad).problem).toBeTruthy();
    expect(r.space(bad).hint).toBeTruthy();
    expect(r.pool().status).toBe('degraded');
    expect(r.lost).toEqual([]);
    expect(r.catalogPresentMs('c1')).toBe(3_000);
    disk.mend(pathOf(r, bad));
    await r.pass(6);
    await r.until(() => r.space(bad).state === 'normal', 'the space is back');
    for (const id of ['s1', 's2']) expect((await r.check(id)).faults).toEqual([]);
    expect(r.catalogPresentMs('c1')).toBe(3_000);
  });
});

test('while no space can be written every part is refused: none is taken and then lost, as if recording had begun again', async () => {
  const disk = new FaultDisk();
  const r = await rig({ disk }).ready();
  const writer = r.open('c1');
  r.append(writer, startMs);
  await r.synced();
  disk.break(pathOf(r, 's1'), 'read-only');
  r.append(writer, startMs + 1_000);
  await r.drained();
  await r.until(() => r.space('s1').state === 'error', 'error');
  const lost = r.lost.length;
  for (let second = 2; second < 6; second += 1) {
    expect(r.append(writer, startMs + second * 1_000)).toBe('space-lost');
    await r.pass(1);
  }
  expect(r.lost.length).toBe(lost);
  disk.mend(pathOf(r, 's1'));
  await r.pass(5);
  await r.until(() => r.space('s1').state === 'normal', 'the space is back');
  r.ticker.advance(1_000);
  expect(r.append(writer, r.utcMs)).toBeNull();
});

test('a disk that hangs costs at most three operations, holds up nobody, and returns by itself (I3)', async () => {
  const disk = new FaultDisk();
  const r = await rig({ spaces: 2, disk }).ready();
  const writers = Array.from({ length: 6 }, (_, i) => r.open(`c${i + 1}`));
  for (const writer of writers) r.append(writer, startMs);
  await r.synced();
  disk.hang(pathOf(r, 's1'));
  for (const writer of writers) expect(r.append(writer, startMs + 1_000)).toBeNull();
  await r.pass(8);
  expect(r.space('s1').state).toBe('lost');
  expect(disk.hangingMax).toBeLessThanOrEqual(3);
  for (const writer of writers) expect(r.append(writer, startMs + 2_000)).toBeNull();
  await r.until(() => r.space('s2').blocks.open === 6, 'all six write to the other space');
  disk.mend(pathOf(r, 's1'));
  r.ticker.advance(2_000);
  await r.until(() => r.space('s1').state === 'normal', 'the space is back');
  await r.drained();
  await r.synced();
  expect(r.lost).toEqual([]);
  for (let i = 1; i <= 6; i += 1) expect(r.catalogPresentMs(`c${i}`), `c${i}`).toBe(3_000);
  for (const id of ['s1', 's2']) expect((await r.check(id)).faults).toEqual([]);
});

test('one bad block is taken out of use, the disk stays', async () => {
  const disk = new FaultDisk();
  const r = await rig({ disk }).ready();
  const writer = r.open('c1');
  r.append(writer, startMs);
  await r.synced();
  disk.break(pathOf(r, 's1'), 'io', 'blk-000000');
  r.append(writer, startMs + 1_000);
  await r.drained();
  await r.until(() => r.space('s1').blocks.bad === 1, 'the block is bad');
  r.append(writer, startMs + 2_000);
  disk.mend(pathOf(r, 's1'));
  await r.synced();
  expect(r.space('s1').state).toBe('normal');
  expect(r.lost).toEqual([]);
  expect(r.catalogPresentMs('c1')).toBe(3_000);
  expect((await r.check()).faults).toEqual([]);
});

test('without another space parts are refused as space-lost, and what was not synced is reported', async () => {
  const disk = new FaultDisk();
  const r = await rig({ disk }).ready();
  const writer = r.open('c1');
  r.append(writer, startMs);
  await r.drained();
  disk.break(pathOf(r, 's1'), 'gone');
  r.ticker.advance(2_000);
  await r.until(() => r.space('s1').state === 'lost', 'lost');
  expect(r.lost).toMatchObject([{ fromMs: startMs, toMs: startMs + 1_000 }]);
  r.append(writer, startMs + 1_000);
  await r.drained();
  expect(r.append(writer, startMs + 2_000)).toBe('space-lost');
  expect(r.pool().status).toBe('lost');
  disk.mend(pathOf(r, 's1'));
  await r.pass(4);
  await r.until(() => r.space('s1').state === 'normal', 'back');
  // Its sync failed: that it can be read again proves nothing.
  expect(r.catalogPresentMs('c1')).toBe(0);
  expect(r.append(writer, startMs + 6_000)).toBeNull();
  await r.synced();
  expect((await r.check()).faults).toEqual([]);
});

test('a write torn at any byte leaves every committed part readable, and a start cuts what is torn (I2)', async () => {
  const random = createRandom(7);
  for (let round = 0; round < 12; round += 1) {
    const disk = new FaultDisk();
    const r = await rig({ disk }).ready();
    const writer = r.open('c1');
    const good = 1 + Math.floor(random() * 5);
    for (let i = 0; i < good; i += 1) r.append(writer, startMs + i * 1_000);
    await r.drained();
    disk.tear(pathOf(r, 's1'), Math.floor(random() * 2_139));
    r.append(writer, startMs + good * 1_000);
    await r.drained();
    r.crash();
    const again = await rig({ disk, root: r.root }).start();
    const check = await again.check();
    expect(check.faults, `round ${round}`).toEqual([]);
    expect(check.parts, `round ${round}`).toBe(good + 1);
    await again.engine.close();
  }
});

test('whatever happens to two disks in whatever order, the index tells the truth and recording goes on (I1, I2, I3)', async () => {
  const seed = Number(process.env.HOLDFAST_SEED ?? Math.floor(Math.random() * 1e9));
  const random = createRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  let disk = new FaultDisk();
  let r = await rig({ spaces: 2, blocks: 6, disk }).ready();
  const cameras = ['c1', 'c2', 'c3'];
  let writers = cameras.map((id) => r.open(id));
  let second = 0;
  const where = () => `seed ${seed}, second ${second} (HOLDFAST_SEED=${seed} repeats it)`;
  for (; second < 160; second += 1) {
    const roll = random();
    const victim = pathOf(r, pick(['s1', 's2']));
    if (roll < 0.04) disk.break(victim, pick<DiskFault>(['full', 'read-only', 'io', 'gone', 'denied']));
    else if (roll < 0.06) disk.hang(victim);
    else if (roll < 0.1) disk.tear(victim, Math.floor(random() * 3_000));
    else if (roll < 0.3) for (const id of ['s1', 's2']) disk.mend(pathOf(r, id));
    else if (roll < 0.33) {
      for (const id of ['s1', 's2']) disk.mend(pathOf(r, id));
      r.crash();
      disk = new FaultDisk();
      const now = r.ticker.nowMs;
      r = rig({ spaces: 2, blocks: 6, disk, root: r.root });
      r.ticker.skip(now);
      await r.start();
      writers = cameras.map((id) => r.open(id));
    }
    for (const writer of writers)
      r.append(writer, r.utcMs, { durationMs: 1_000, payloadBytes: 500 + Math.floor(random() * 4_000) });
    await r.pass(1);
  }
  for (const id of ['s1', 's2']) disk.mend(pathOf(r, id));
  for (let i = 0; i < 400 && r.engine.spaces().some((space) => space.state !== 'normal'); i += 1) {
    await r.pass(2);
  }
  expect(
    r.engine.spaces().map((space) => space.state),
    where(),
  ).toEqual(['normal', 'normal']);
  const refused = writers.map((writer) => r.append(writer, r.utcMs)).filter((refusal) => refusal !== null);
  // Torn and broken blocks stay out of use: with fewer than one a stream, the rest is refused, and only the rest.
  const good = r.engine.spaces().reduce((sum, { blocks }) => sum + blocks.total - blocks.bad, 0);
  expect(refused.length, where()).toBeLessThanOrEqual(Math.max(0, writers.length - good));
  await r.synced();
  for (const id of ['s1', 's2']) expect((await r.check(id)).faults, where()).toEqual([]);
  expect(r.released, where()).toBe(r.made);
}, 60_000);

test('a disk that fills while it is initialised ends in error with what to do, and goes on from there', async () => {
  const disk = new FaultDisk();
  const r = await rig({ disk, blocks: 20 }).start();
  disk.break(pathOf(r, 's1'), 'full', 'blk-000010');
  await r.engine.initializeSpace('s1');
  await r.until(() => r.space('s1').state === 'error', 'error');
  expect(r.space('s1').problem).toContain('full');
  expect(r.space('s1').hint).toContain('Free space');
  disk.mend(pathOf(r, 's1'));
  await r.engine.initializeSpace('s1');
  await r.until(() => r.space('s1').state === 'normal', 'initialised');
  expect(r.space('s1').blocks.free).toBe(20);
});

test('a start in the middle of initialising goes on by itself', async () => {
  const disk = new FaultDisk();
  const r = await rig({ disk, blocks: 20 }).start();
  disk.break(pathOf(r, 's1'), 'io', 'blk-000010');
  await r.engine.initializeSpace('s1');
  await r.until(() => r.space('s1').state === 'error', 'error');
  r.crash();
  const again = await rig({ root: r.root, blocks: 20, disk: new FaultDisk() }).start();
  await again.until(() => again.space('s1').state === 'normal', 'initialised');
  expect(again.space('s1').blocks.free).toBe(20);
});

test('a space that is being added is not called lost; one that nobody initialises is, after a while', async () => {
  const r = await rig({ disk: new FaultDisk(), spaces: 2 }).start();
  await r.engine.initializeSpace('s1');
  await r.until(() => r.space('s1').state === 'normal', 'initialised');
  expect(r.events.filter(({ event }) => event === 'space.lost')).toEqual([]);
  await r.pass(8);
  const told = r.events.filter(({ event }) => event === 'space.lost');
  expect(told).toMatchObject([{ subject: 's2', text: expect.stringContaining('carries no marker') }]);
});

test('a space whose disk is not mounted is not initialised at its mount point (I3)', async () => {
  const disk = new FaultDisk();
  const r = await rig({ disk }).ready();
  const path = pathOf(r, 's1');
  renameSync(path, `${path}-away`);
  mkdirSync(path);
  await expect(r.engine.initializeSpace('s1')).rejects.toMatchObject({ code: 'unavailable' });
  expect(readdirSync(path)).toEqual([]);
});

test('a folder of another space is never touched', async () => {
  const disk = new FaultDisk();
  const r = await rig({ spaces: 2, disk }).ready();
  const [first, second] = [pathOf(r, 's1'), pathOf(r, 's2')];
  renameSync(first, `${first}-away`);
  renameSync(second, first);
  await r.pass(2);
  expect(r.space('s1')).toMatchObject({
    state: 'lost',
    problem: expect.stringContaining('belongs to space s2'),
  });
  await expect(r.engine.initializeSpace('s1')).rejects.toMatchObject({ code: 'conflict' });
});

test('after a power cut everything that was committed is there, whichever unsynced sectors are lost (I1, I2)', async () => {
  const seed = Number(process.env.HOLDFAST_SEED ?? Math.floor(Math.random() * 1e9));
  const random = createRandom(seed);
  let root: string | undefined;
  let elapsedMs = 0;
  for (let round = 0; round < 25; round += 1) {
    const where = `seed ${seed}, round ${round} (HOLDFAST_SEED=${seed} repeats it)`;
    const disk = new FaultDisk();
    const made = rig({ disk, blocks: 5, ...(root === undefined ? {} : { root }) });
    made.ticker.skip(elapsedMs);
    const r = root === undefined ? await made.ready() : await made.start();
    root = r.root;
    expect(r.space('s1').state, where).toBe('normal');
    disk.keepUnsynced = true;
    const writers = ['c1', 'c2'].map((id) => r.open(id));
    const seconds = 5 + Math.floor(random() * 15);
    for (let second = 0; second < seconds; second += 1) {
      for (const writer of writers)
        r.append(writer, r.utcMs, { durationMs: 1_000, payloadBytes: 500 + Math.floor(random() * 6_000) });
      if (random() < 0.7) await r.settled();
      r.ticker.advance(1_000);
    }
    if (random() < 0.5) await r.settled();
    disk.break(r.root, 'io');
    await r.settled();
    const committed = ['c1', 'c2'].map((id) => r.engine.lastRecordedMs(id) ?? 0);
    r.crash();
    await disk.powerCut(random);
    elapsedMs = r.ticker.nowMs;
    const again = await rig({ blocks: 5, root: r.root, disk: new FaultDisk() }).start();
    expect((await again.check()).faults, where).toEqual([]);
    expect(again.space('s1').blocks.bad, where).toBe(0);
    ['c1', 'c2'].forEach((id, i) => {
      expect(again.engine.lastRecordedMs(id) ?? 0, where).toBeGreaterThanOrEqual(committed[i] ?? 0);
      expect(again.catalogPresentMs(id), where).toBe(again.indexPresentMs(id));
    });
    await again.engine.close();
  }
}, 60_000);

test('old video is not overwritten before the index has forgotten it (I1)', async () => {
  const r = await rig({ disk: new FaultDisk(), blocks: 2 }).ready();
  const writer = r.open('c1');
  for (let i = 0; i < 58; i += 1) r.append(writer, startMs + i * 1_000);
  await r.synced();
  expect(r.space('s1').blocks).toMatchObject({ sealed: 1, open: 1, free: 0 });
  r.indexFails = true;
  for (let i = 58; i < 70; i += 1) r.append(writer, startMs + i * 1_000);
  await r.drained();
  expect(r.lost).toMatchObject([{ reason: 'write-error' }]);
  r.crash();
  expect((await r.check()).faults).toEqual([]);
});

test('a disk that hangs while it is recovered holds up no start, and nothing it holds is forgotten (I2, I3)', async () => {
  const r = await rig({ disk: new FaultDisk() }).ready();
  const writer = r.open('c1');
  r.append(writer, startMs);
  await r.synced();
  r.append(writer, startMs + 1_000);
  await r.drained();
  r.crash();
  const disk = new FaultDisk();
  const again = rig({ disk, root: r.root });
  disk.hang(`${pathOf(r, 's1')}/blocks`);
  const starting = again.start();
  await again.settled();
  await again.pass(12);
  await starting;
  expect(again.space('s1')).toMatchObject({
    state: 'lost',
    problem: expect.stringContaining('does not answer'),
  });
  disk.mend(`${pathOf(r, 's1')}/blocks`);
  await again.pass(4);
  await again.until(() => again.space('s1').state === 'normal', 'back');
  expect(again.space('s1').blocks).toMatchObject({ open: 1, bad: 0 });
  expect(again.catalogPresentMs('c1')).toBe(2_000);
  expect((await again.check()).faults).toEqual([]);
});
