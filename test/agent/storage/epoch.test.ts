import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeMarker } from '../../../agent/storage/space/marker.ts';
import { ownershipOf } from '../../../agent/storage/space/ownership.ts';
import { FaultDisk } from '../../support/storage/fault-disk.ts';
import { type Rig, startMs } from '../../support/storage/rig.ts';
import { rig } from '../../support/storage/rigs.ts';

function ownerOf(r: Rig) {
  const marker = decodeMarker(readFileSync(join(r.root, 'space1/holdfast-space.json')));
  return marker && { node: marker.ownerNode, epoch: marker.ownerEpoch };
}

/** Every file of the space with when it was last written. */
function writes(r: Rig): string[] {
  const root = join(r.root, 'space1');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => `${name} ${statSync(join(root, name)).mtimeMs}`);
}

const nodeB = { nodeId: 'node-b' };

describe('whose a space is (I4)', () => {
  test.each([
    ['a', 3, 'a', 3, 'ours'],
    ['a', 5, 'a', 3, 'ours'],
    ['a', 2, 'a', 3, 'older'],
    ['b', 2, 'a', 3, 'older'],
    ['b', 3, 'a', 3, 'held'],
    ['b', 4, 'a', 3, 'held'],
    ['b', 2, 'a', 1, 'held'],
    ['b', 1, 'a', 1, 'unknown'],
  ] as const)(
    'marked by %s in epoch %i, seen by %s in epoch %i: %s',
    (ownerNode, ownerEpoch, nodeId, epoch, is) => {
      expect(ownershipOf({ ownerNode, ownerEpoch }, { nodeId, epoch })).toBe(is);
    },
  );
});

describe('a space on a disk that both nodes reach (I4)', () => {
  test('of a higher epoch is refused with who holds it, and nothing is written there', async () => {
    const a = await rig({ epoch: 8 }).ready();
    a.append(a.open('c1'), startMs);
    await a.synced();
    const before = writes(a);
    const b = await rig({ ...nodeB, root: a.root, epoch: 7 }).start();
    await b.pass(6);
    expect(b.space('s1')).toMatchObject({
      state: 'error',
      problem: expect.stringContaining('is held by node node-a since epoch 8, and this node is of epoch 7'),
      hint: expect.stringContaining('takes it over by itself when it becomes active'),
    });
    await expect(b.engine.restoreSpace('s1')).rejects.toMatchObject({ code: 'conflict' });
    await expect(b.engine.initializeSpace('s1')).rejects.toMatchObject({ code: 'conflict' });
    const refused = b.open('c1');
    b.append(refused, startMs + 1_000);
    await b.drained();
    expect(b.append(refused, startMs + 2_000)).not.toBeNull();
    await b.pass(2);
    expect(writes(a)).toEqual(before);
    expect(ownerOf(a)).toEqual({ node: 'node-a', epoch: 8 });
  });

  test('of another owner in the same epoch is refused', async () => {
    const a = await rig({ epoch: 8 }).ready();
    const b = await rig({ ...nodeB, root: a.root, epoch: 8 }).start();
    await b.pass(6);
    expect(b.space('s1').state).toBe('error');
    expect(ownerOf(a)).toEqual({ node: 'node-a', epoch: 8 });
  });

  test('is taken over by a higher epoch: the marker first, then its video is indexed and recording goes on', async () => {
    const a = await rig({ epoch: 8 }).ready();
    const writer = a.open('c1');
    for (let i = 0; i < 10; i += 1) a.append(writer, startMs + i * 1_000);
    await a.synced();
    const b = await rig({ ...nodeB, root: a.root, epoch: 9 }).start();
    expect(ownerOf(a)).toEqual({ node: 'node-b', epoch: 9 });
    await b.until(() => b.space('s1').state === 'normal', 'taken over');
    expect(b.events.find(({ event }) => event === 'space.taken-over')?.text).toContain(
      'from node node-a (epoch 8) in epoch 9',
    );
    expect(b.catalogPresentMs('c1')).toBe(10_000);
    await b.until(() => b.pool().shares.every((share) => share.blocks > 0), 'the pool has blocks');
    expect(b.append(b.open('c1'), startMs + 60_000)).toBeNull();
    await b.drained();

    a.ticker.advance(2_000);
    await a.until(() => a.space('s1').state === 'error', 'the old owner leaves it');
    expect(a.space('s1').problem).toContain('is held by node node-b since epoch 9');
    a.append(writer, startMs + 11_000);
    await a.drained();
    expect(a.append(writer, startMs + 12_000)).not.toBeNull();
    expect(ownerOf(a)).toEqual({ node: 'node-b', epoch: 9 });
    await b.synced();
    expect((await b.check()).faults).toEqual([]);
  });

  test('let go by its owner holds every part that was taken, and the owner loses none to the claim', async () => {
    const a = await rig({ epoch: 8 }).ready();
    const writer = a.open('c1');
    for (let i = 0; i < 10; i += 1) a.append(writer, startMs + i * 1_000);
    await a.engine.endStreams();
    expect(a.append(writer, startMs + 10_000)).toBe('write-error');
    const b = await rig({ ...nodeB, root: a.root, epoch: 9 }).start();
    await b.until(() => b.space('s1').state === 'normal', 'taken over');
    expect(b.catalogPresentMs('c1')).toBe(10_000);
    a.ticker.advance(2_000);
    await a.until(() => a.space('s1').state === 'error', 'the old owner leaves it');
    expect(a.lost).toEqual([]);
  });

  test('that hangs does not keep its owner from letting go', async () => {
    const disk = new FaultDisk();
    const a = await rig({ epoch: 8, disk }).ready();
    a.append(a.open('c1'), startMs);
    await a.drained();
    disk.hang(join(a.root, 'space1'));
    a.append(a.open('c2'), startMs);
    let ended = false;
    void a.engine.endStreams().then(() => {
      ended = true;
    });
    a.ticker.advance(1_900);
    expect(ended).toBe(false);
    a.ticker.advance(200);
    await a.until(() => ended, 'let go');
    disk.mend(join(a.root, 'space1'));
  });

  test('goes back with the next epoch to the node that had it before', async () => {
    const a = await rig({ epoch: 8 }).ready();
    const b = await rig({ ...nodeB, root: a.root, epoch: 9 }).start();
    await b.until(() => b.space('s1').state === 'normal', 'taken over');
    a.ticker.advance(2_000);
    await a.until(() => a.space('s1').state === 'error', 'left');
    a.epoch = 10;
    await a.apply();
    await a.until(() => a.space('s1').state === 'normal', 'taken back');
    expect(ownerOf(a)).toEqual({ node: 'node-a', epoch: 10 });
    b.ticker.advance(2_000);
    await b.until(() => b.space('s1').state === 'error', 'left');
  });

  test('is not claimed back over a restore that began in an older epoch', async () => {
    const a = await rig({ epoch: 8 }).ready();
    await a.engine.restoreSpace('s1');
    const b = await rig({ ...nodeB, root: a.root, epoch: 9 }).start();
    await b.until(() => ownerOf(a)?.node === 'node-b' || a.space('s1').state !== 'restoring', 'either');
    await a.pass(6);
    await b.pass(6);
    await b.until(() => b.space('s1').state === 'normal', 'taken over');
    expect(ownerOf(a)).toEqual({ node: 'node-b', epoch: 9 });
    expect(a.space('s1').state).toBe('error');
  });
});

describe('a space of the node itself', () => {
  test('carries the new epoch before apply returns, without being left', async () => {
    const r = await rig({ epoch: 3 }).ready();
    const writer = r.open('c1');
    r.append(writer, startMs);
    r.epoch = 4;
    await r.apply();
    expect(ownerOf(r)).toEqual({ node: 'node-a', epoch: 4 });
    expect(r.space('s1').state).toBe('normal');
    r.append(writer, startMs + 1_000);
    await r.synced();
    expect(r.lost).toEqual([]);
  });

  test('of a higher epoch than a recorder that has just started knows is used', async () => {
    const r = await rig({ epoch: 7 }).ready();
    await r.engine.close();
    const again = await rig({ root: r.root, epoch: 1 }).start();
    expect(again.space('s1').state).toBe('normal');
    expect(ownerOf(r)).toEqual({ node: 'node-a', epoch: 7 });
  });

  test('whose marker cannot be renewed is not used', async () => {
    const disk = new FaultDisk();
    const r = await rig({ epoch: 3, disk }).ready();
    disk.break(join(r.root, 'space1'), 'read-only', 'holdfast-space.json');
    r.epoch = 4;
    await r.apply();
    expect(r.space('s1').state).toBe('error');
    expect(ownerOf(r)).toEqual({ node: 'node-a', epoch: 3 });
  });
});

test('a space of another node without a pair waits for a person, as before', async () => {
  const a = await rig().ready();
  await a.engine.close();
  mkdirSync(join(a.root, 'data-node-b'), { recursive: true });
  const b = await rig({ ...nodeB, root: a.root }).start();
  expect(b.space('s1').state).toBe('waiting-for-recovery');
  await b.engine.restoreSpace('s1');
  await b.until(() => b.space('s1').state === 'normal', 'restored');
  expect(ownerOf(b)).toEqual({ node: 'node-b', epoch: 1 });
});
