import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LockConfig } from '../../../../agent/recorder/protocol/schema.ts';
import { type BlockPlace, locksOf, weighLocks } from '../../../../agent/storage/lock/plan.ts';

const minuteMs = 60_000;
const lock = (id: string, fromMs: number, toMs: number, cameraId = 'c1'): LockConfig => ({
  id,
  cameraId,
  fromMs,
  toMs,
});
const block = (firstMs: number | null, lastMs: number | null, cameraId: string | null = 'c1') => ({
  cameraId,
  firstMs,
  lastMs,
});

test.each([
  ['inside the stretch', block(120_000, 130_000), true],
  ['around the stretch', block(0, 900_000), true],
  ['over its beginning', block(80_000, 101_000), true],
  ['over its end', block(199_000, 300_000), true],
  ['that ended more than ten seconds before it', block(0, 90_000), false],
  ['that holds the group of pictures before it', block(0, 90_001), true],
  ['that began more than two seconds after it', block(202_000, 300_000), false],
  ['whose media time may run behind', block(201_999, 300_000), true],
  ['of another camera', block(120_000, 130_000, 'c2'), false],
  ['that holds nothing', block(null, null), false],
  ['of no camera', block(120_000, 130_000, null), false],
  ['of one moment', block(150_000, 150_000), true],
])('a block %s', (_what, given, held) => {
  expect(locksOf([lock('lock-1', 100_000, 200_000)]).holds(given)).toBe(held);
});

test('without locks nothing is held', () => {
  expect(locksOf([]).holds(block(0, minuteMs))).toBe(false);
});

const stretches = fc.array(
  fc
    .record({
      cameraId: fc.constantFrom('c1', 'c2'),
      fromMs: fc.nat(4_000_000),
      spanMs: fc.integer({ min: 1, max: 400_000 }),
    })
    .map(({ cameraId, fromMs, spanMs }) => ({ cameraId, fromMs, toMs: fromMs + spanMs })),
  { maxLength: 30 },
);
const videos = fc.array(
  fc
    .record({
      cameraId: fc.constantFrom('c1', 'c2', 'c3'),
      firstMs: fc.nat(4_000_000),
      spanMs: fc.nat(200_000),
      spaceId: fc.constantFrom('s1', 's2'),
      poolId: fc.constantFrom('p1', null),
    })
    .map(
      ({ firstMs, spanMs, ...rest }): BlockPlace => ({
        ...rest,
        firstMs,
        lastMs: firstMs + spanMs,
        blockBytes: 10,
      }),
    ),
  { maxLength: 40 },
);

test('merged and bisected, locks hold exactly what each of them alone would hold', () => {
  fc.assert(
    fc.property(stretches, videos, (given, blocks) => {
      const locks = given.map((one, at) => ({ id: `lock-${at}`, ...one }));
      const all = locksOf(locks);
      for (const one of blocks) {
        expect(all.holds(one)).toBe(locks.some((single) => locksOf([single]).holds(one)));
      }
    }),
  );
});

test('whatever overlaps the stretch itself is held', () => {
  fc.assert(
    fc.property(stretches, videos, (given, blocks) => {
      const locks = locksOf(given.map((one, at) => ({ id: `lock-${at}`, ...one })));
      for (const one of blocks) {
        const overlaps = given.some(
          ({ cameraId, fromMs, toMs }) =>
            cameraId === one.cameraId && fromMs < (one.lastMs ?? 0) && toMs > (one.firstMs ?? 0),
        );
        if (overlaps) expect(locks.holds(one)).toBe(true);
      }
    }),
  );
});

test('a weight counts each block that a lock holds once, by space and pool, and what is new of it', () => {
  fc.assert(
    fc.property(stretches, stretches, videos, (wanted, present, blocks) => {
      const locks = wanted.map((one, at) => ({ id: `lock-${at}`, ...one }));
      const held = locksOf(present.map((one, at) => ({ id: `old-${at}`, ...one })));
      for (const { id, held: places } of weighLocks(locks, held, blocks)) {
        const single = locksOf(locks.filter((one) => one.id === id));
        const mine = blocks.filter((one) => single.holds(one));
        expect(places.reduce((sum, place) => sum + place.blocks, 0)).toBe(mine.length);
        expect(places.reduce((sum, place) => sum + place.addedBytes, 0)).toBe(
          mine.filter((one) => !held.holds(one)).length * 10,
        );
        for (const { spaceId, poolId, bytes } of places) {
          expect(bytes).toBe(
            mine.filter((one) => one.spaceId === spaceId && one.poolId === poolId).length * 10,
          );
        }
      }
    }),
  );
});
