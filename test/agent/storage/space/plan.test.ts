import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockSpanMs, planSpace } from '../../../../agent/storage/space/plan.ts';

const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;

test.each([
  [64 * mebibyte, mebibyte, 64],
  [512 * mebibyte, 8 * mebibyte, 64],
  [gibibyte, 16 * mebibyte, 64],
  [10 * gibibyte, 128 * mebibyte, 80],
  [64 * gibibyte, gibibyte, 64],
  [1000 * gibibyte, gibibyte, 1000],
])('a quota of %d bytes is cut into blocks of %d', (quotaBytes, blockBytes, blocks) => {
  expect(planSpace(quotaBytes)).toEqual({ blockBytes, blocks, quotaBytes: blockBytes * blocks });
});

test('every quota gives at least 64 blocks of a power of two within it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 64 * mebibyte, max: 100_000 * gibibyte }), (quotaBytes) => {
      const plan = planSpace(quotaBytes);
      expect(plan.blocks).toBeGreaterThanOrEqual(64);
      expect(Number.isInteger(Math.log2(plan.blockBytes))).toBe(true);
      expect(plan.quotaBytes).toBeLessThanOrEqual(quotaBytes);
      expect(quotaBytes - plan.quotaBytes).toBeLessThan(plan.blockBytes);
      expect(plan.blockBytes).toBeLessThanOrEqual(gibibyte);
    }),
  );
});

test('a quota under 64 MiB is refused with what to do', () => {
  expect(() => planSpace(63 * mebibyte)).toThrow(
    expect.objectContaining({ code: 'invalid_input', hint: expect.any(String) }),
  );
});

test('a block of a small pool spans an hour, of any other a day', () => {
  expect(blockSpanMs(63)).toBe(3_600_000);
  expect(blockSpanMs(64)).toBe(86_400_000);
});
