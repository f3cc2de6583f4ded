import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Timeline } from '../../../../agent/media/mp4/timeline.ts';
import { epochMs } from './feed.ts';

const rate = 90_000;
const stepMs = 2000;
const msOf = (ticks: number) => (ticks * 1000) / rate;

/** Plays frames of `stampedMs` spacing that arrive every `realMs`; returns the deviation from arrival of each. */
function play(
  timeline: Timeline,
  options: { frames: number; stampedMs: number; realMs: number; jitterMs?: number[] },
) {
  return Array.from({ length: options.frames }, (_, index) => {
    const jitterMs = options.jitterMs?.[index % options.jitterMs.length] ?? 0;
    const arrivalMs = epochMs + index * options.realMs + jitterMs;
    const mapped = timeline.map(Math.round(index * options.stampedMs * 90), arrivalMs, stepMs);
    return msOf(mapped) - arrivalMs;
  });
}

describe('media time', () => {
  it('is anchored at the first arrival, also when RTP time begins at 0', () => {
    expect(new Timeline(rate).map(0, epochMs, stepMs)).toBe(epochMs * 90);
    expect(new Timeline(rate).map(123_456_789, epochMs, stepMs)).toBe(epochMs * 90);
  });

  it('keeps the stamped spacing within 500 ppm, however late frames arrive', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 900, noNaN: true }), { minLength: 2, maxLength: 200 }),
        (jitterMs) => {
          const timeline = new Timeline(rate);
          let before = timeline.map(0, epochMs, stepMs);
          for (const [index, jitter] of jitterMs.entries()) {
            const mapped = timeline.map((index + 1) * 3600, epochMs + (index + 1) * 40 + jitter, stepMs);
            expect(Math.abs(mapped - before - 3600)).toBeLessThanOrEqual(3600 * 500e-6 + 1);
            before = mapped;
          }
        },
      ),
    );
  });

  it('follows the arrival clock over hours when the camera clock is off by 100 ppm', () => {
    const timeline = new Timeline(rate);
    const deviations = play(timeline, {
      frames: 90_000,
      stampedMs: 40,
      realMs: 40.004,
      jitterMs: [0, 12, 5, 30],
    });
    expect(Math.max(...deviations.map(Math.abs))).toBeLessThan(200);
  });

  it.each([
    ['stamps 25 frames a second and delivers 21', 1000 / 21],
    ['stamps 25 frames a second and delivers 30', 1000 / 30],
    ['stamps 25 frames a second and delivers 25', 40],
  ])('stays within little more than a step of arrival when a camera %s', (_, realMs) => {
    const deviations = play(new Timeline(rate), { frames: 5000, stampedMs: 40, realMs });
    expect(Math.max(...deviations.map(Math.abs))).toBeLessThan(stepMs + 100);
  });

  it('later frames never get earlier times, whatever RTP time and clock do', () => {
    const event = fc.record({
      advance: fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: -(2 ** 32), max: 2 ** 32 })),
      arrivedMs: fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: -1e8, max: 1e8 })),
      restart: fc.integer({ min: 0, max: 20 }).map((value) => value === 0),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100 }), (events) => {
        const timeline = new Timeline(rate);
        let ticks = 0;
        let newestTicks = Number.NEGATIVE_INFINITY;
        let arrivalMs = epochMs;
        let latest = Number.NEGATIVE_INFINITY;
        for (const { advance, arrivedMs, restart } of events) {
          ticks = newestTicks === Number.NEGATIVE_INFINITY ? 0 : newestTicks + advance;
          arrivalMs += arrivedMs;
          if (restart) timeline.restart();
          const mapped = timeline.map(ticks, arrivalMs, stepMs);
          expect(Number.isSafeInteger(mapped)).toBe(true);
          const reordered = !restart && ticks <= newestTicks && newestTicks - ticks <= 2 * rate;
          if (reordered) expect(mapped).toBeLessThanOrEqual(latest);
          else {
            expect(mapped).toBeGreaterThan(latest);
            latest = mapped;
            newestTicks = ticks;
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('puts reordered frames between the two newest anchors in their order', () => {
    fc.assert(
      fc.property(fc.integer({ min: -3000, max: 5000 }), (lateMs) => {
        const timeline = new Timeline(rate);
        const first = timeline.map(0, epochMs, stepMs);
        const anchor = timeline.map(4 * 3600, epochMs + 160 + lateMs, stepMs);
        const between = [2, 1, 3].map((frame) => timeline.map(frame * 3600, epochMs + 200, stepMs));
        const [middle = 0, early = 0, late = 0] = between;
        expect([first, early, middle, late, anchor].toSorted((a, b) => a - b)).toEqual([
          first,
          early,
          middle,
          late,
          anchor,
        ]);
      }),
    );
  });

  it('goes on beside an arrival clock that was set back an hour, and jumps with one that was set forward', () => {
    const timeline = new Timeline(rate);
    timeline.map(0, epochMs, stepMs);
    const back = timeline.map(3600, epochMs + 40 - 3_600_000, stepMs);
    expect(msOf(back) - epochMs).toBeCloseTo(40, 0);
    const forward = timeline.map(7200, epochMs + 80 + 3_600_000, stepMs);
    expect(msOf(forward) - epochMs).toBeCloseTo(3_600_080, 0);
  });

  it('keeps 25 frames a second exactly 25 while arrival only jitters', () => {
    const timeline = new Timeline(rate);
    let before = timeline.map(0, epochMs, stepMs);
    for (let frame = 1; frame < 2000; frame += 1) {
      const mapped = timeline.map(frame * 3600, epochMs + frame * 40 + ((frame * 37) % 90), stepMs);
      expect(mapped - before).toBe(3600);
      before = mapped;
    }
  });

  it('puts a first burst to where the earliest arrivals belong, but never before what was given out', () => {
    const burst = (timeline: Timeline, startMs: number) => {
      const first = timeline.map(0, startMs, stepMs);
      for (let frame = 1; frame < 25; frame += 1) timeline.map(frame * 3600, startMs + frame, stepMs);
      return { first, shift: timeline.settle() };
    };
    const fresh = burst(new Timeline(rate), epochMs);
    expect(msOf(fresh.shift)).toBeCloseTo(-24 * 39, 0);
    const timeline = new Timeline(rate);
    const latest = timeline.map(0, epochMs, stepMs);
    timeline.restart();
    const again = burst(timeline, epochMs + 300);
    expect(again.first + again.shift).toBeGreaterThan(latest);
    expect(again.first + again.shift).toBeLessThan(latest + 3);
    expect(timeline.settle()).toBe(0);
  });
});
