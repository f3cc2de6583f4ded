import { expect, test } from 'vitest';
import { RateMeter } from '../../../agent/storage/report.ts';

test('what is written a second is counted from the first byte on, over a minute at most', () => {
  const meter = new RateMeter();
  for (let second = 0; second <= 30; second += 1) meter.sample(0, second * 1_000);
  expect(meter.bytesPerSecond).toBe(0);
  for (let second = 31; second <= 40; second += 1) meter.sample((second - 30) * 500, second * 1_000);
  expect(meter.bytesPerSecond).toBe(500);
  for (let second = 41; second <= 130; second += 1) meter.sample(5_000, second * 1_000);
  expect(meter.bytesPerSecond).toBe(0);
});
