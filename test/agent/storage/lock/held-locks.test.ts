import { expect, test } from 'vitest';
import { HeldLocks } from '../../../../agent/storage/lock/held-locks.ts';
import type { StorageEvent } from '../../../../agent/storage/types.ts';

const block = { cameraId: 'c1', firstMs: 120_000, lastMs: 130_000 };
const lock = (id: string, expiresAtMs: number | null) => ({
  id,
  cameraId: 'c1',
  fromMs: 100_000,
  toMs: 200_000,
  expiresAtMs,
});

test('a lock lets go when it expires and says so once; one without an end stays', () => {
  let nowMs = 1_000;
  const events: StorageEvent[] = [];
  const held = new HeldLocks({ clock: { utcMs: () => nowMs }, onEvent: (event) => events.push(event) });
  held.set([lock('lock-1', 5_000), lock('lock-2', 9_000), lock('lock-3', 500)]);
  const goOnTo = (ms: number) => {
    nowMs = ms;
    held.expire();
    return [held.holds(block), events.map(({ text }) => text.split(' ')[0])];
  };
  expect(goOnTo(4_999)).toEqual([true, []]);
  expect(goOnTo(5_000)).toEqual([true, ['lock-1']]);
  expect(goOnTo(5_001)).toEqual([true, ['lock-1']]);
  expect(goOnTo(9_000)).toEqual([false, ['lock-1', 'lock-2']]);
  held.set([lock('lock-4', null)]);
  expect(goOnTo(Number.MAX_SAFE_INTEGER)).toEqual([true, ['lock-1', 'lock-2']]);
});
