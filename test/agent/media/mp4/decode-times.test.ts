import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeTimes } from '../../../../agent/media/mp4/decode-times.ts';
import { SampleColumns } from '../../../../agent/media/mp4/sample-columns.ts';

const frameTicks = 3600;

function decode(ptsTicks: readonly number[], delayTicks = 0) {
  const samples = new SampleColumns();
  for (const ticks of ptsTicks) samples.push(ticks, 1, false);
  const times = new DecodeTimes(90_000);
  times.expectDelay(delayTicks);
  times.assign(samples, frameTicks, null);
  const dts: number[] = [];
  let at = times.baseTicks;
  for (let index = 0; index < samples.count; index += 1) {
    dts.push(at);
    at += times.durationsTicks[index] ?? 0;
  }
  return dts;
}

describe('decode times', () => {
  it('are the presentation times where nothing is reordered', () => {
    expect(decode([0, 3600, 7200])).toEqual([0, 3600, 7200]);
  });

  it('come before presentation where B-frames are', () => {
    expect(decode([7200, 18_000, 14_400, 10_800])).toEqual([0, 3600, 7200, 10_800]);
  });

  it('stay apart for frames that a sender stamped alike', () => {
    const dts = decode([3600, 7200, 7200, 10_800, 14_400]);
    const steps = dts.slice(1).map((ticks, index) => ticks - (dts[index] ?? 0));
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(1800);
  });

  it('always grow, in whatever order frames come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 40 }), (frames) => {
        const pts = frames.map((frame) => 1_000_000 + frame * frameTicks);
        const dts = decode(pts);
        for (let index = 1; index < dts.length; index += 1) {
          expect(dts[index] ?? 0).toBeGreaterThan(dts[index - 1] ?? 0);
        }
      }),
    );
  });
});
