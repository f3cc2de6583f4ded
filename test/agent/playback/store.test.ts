import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { PlaybackStore } from '../../../agent/playback/store.ts';
import { IndexStore } from '../../../agent/storage/index/store.ts';
import { freeRow } from '../../../agent/storage/space/initialize.ts';

let folder: string | null = null;
afterEach(() => {
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
  folder = null;
});

/** Numbers and beginnings of blocks of ten seconds each, all in minute 100. */
function fill(
  index: IndexStore,
  spaceId: string,
  blocks: readonly (readonly [number: number, second: number])[],
): void {
  const rows = blocks.map(([number, second]) => {
    const firstMs = 6_000_000 + second * 1_000;
    const held = { cameraId: 'c1', stream: 'main' as const, firstMs, lastMs: firstMs + 10_000 };
    return { ...freeRow(number), ...held, generation: 1, state: 'sealed' as const, poolId: 'p1' };
  });
  index.createSpace(spaceId, rows);
  const minutes = rows.map(({ number: block }) => ({
    ...{ cameraId: 'c1', stream: 'main' as const, minute: 100, block, generation: 1 },
    ...{ offsetBytes: 0, lengthBytes: 10, presentMs: 10_000 },
  }));
  index.commit(spaceId, [{ spaceId, minutes }]);
  index.completeSpace(spaceId, 1);
}

it('several blocks of one minute come in the order of their time, whatever their numbers and spaces', () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-playback-'));
  mkdirSync(join(folder, 'index'));
  const index = new IndexStore(folder);
  fill(index, 's1', [
    [0, 40],
    [1, 0],
    [2, 20],
  ]);
  fill(index, 's2', [
    [0, 30],
    [1, 10],
  ]);
  index.close();
  const store = new PlaybackStore(folder);
  const spaces = ['s1', 's2'].map((id) => ({ id, path: `/${id}` }));
  const found = store.minutes(spaces, 'c1', 6_000_000, 6_060_000);
  store.close();
  expect(found.map(({ spaceId, block }) => `${spaceId}/${block}`)).toEqual([
    's1/1',
    's2/1',
    's1/2',
    's2/0',
    's1/0',
  ]);
});
