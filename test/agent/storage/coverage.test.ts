import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MinuteTally, minuteMs } from '../../../agent/storage/coverage.ts';
import type { MinuteSpan } from '../../../agent/storage/index/rows.ts';

const steps = fc.array(
  fc.record({
    gapMs: fc.integer({ min: -3_000, max: 90_000 }),
    durationMs: fc.integer({ min: 1, max: 3_000 }),
  }),
  { maxLength: 200 },
);

test('present time is the true union of the parts, whenever it is asked for', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), (given, everyParts) => {
      const tally = new MinuteTally();
      const rows = new Map<number, MinuteSpan>();
      const take = () => {
        for (const span of tally.takeDirty()) rows.set(span.minute, span);
      };
      const present = new Set<number>();
      let offsetBytes = 1_000;
      let endMs = 10 * minuteMs;
      given.forEach((step, i) => {
        const startMs = endMs + step.gapMs;
        tally.add({ startMs, endMs: startMs + step.durationMs, offsetBytes, lengthBytes: 100 });
        for (let ms = startMs; ms < startMs + step.durationMs; ms += 1) present.add(ms);
        endMs = Math.max(endMs, startMs + step.durationMs);
        offsetBytes += 100;
        if (i % everyParts === 0) take();
      });
      take();
      const claimed = [...rows.values()].reduce((sum, row) => sum + row.presentMs, 0);
      // A part that fills a hole behind the latest end is not counted: less than true, never more.
      expect(claimed).toBeLessThanOrEqual(present.size);
      if (given.every((step) => step.gapMs >= 0)) expect(claimed).toBe(present.size);
    }),
    { numRuns: 60 },
  );
});

test('a minute names the bytes from its first part to behind its last', () => {
  const tally = new MinuteTally();
  tally.add({ startMs: 59_500, endMs: 60_500, offsetBytes: 1_000, lengthBytes: 100 });
  tally.add({ startMs: 60_500, endMs: 61_500, offsetBytes: 1_100, lengthBytes: 100 });
  expect(tally.takeDirty()).toEqual([
    { minute: 0, offsetBytes: 1_000, lengthBytes: 100, presentMs: 500 },
    { minute: 1, offsetBytes: 1_000, lengthBytes: 200, presentMs: 1_500 },
  ]);
  expect(tally.takeDirty()).toEqual([]);
});

test('what could not be committed is handed out again, as it is by then', () => {
  const tally = new MinuteTally();
  tally.add({ startMs: 1_000, endMs: 2_000, offsetBytes: 0, lengthBytes: 100 });
  const taken = tally.takeDirty();
  tally.add({ startMs: 2_000, endMs: 3_000, offsetBytes: 100, lengthBytes: 100 });
  tally.putBack(taken);
  expect(tally.takeDirty()).toEqual([{ minute: 0, offsetBytes: 0, lengthBytes: 200, presentMs: 2_000 }]);
});
