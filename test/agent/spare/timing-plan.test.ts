/** The group's times: what is refused, and that nothing which is accepted lets two forward at once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkGroupTiming, defaultGroupTiming, takeOverMinMs } from '../../../agent/spare/timing-plan.ts';
import { clockDriftMax } from '../../../agent/standby/timing-plan.ts';

describe('the inequality', () => {
  it('holds for the defaults, with the numbers of the design', () => {
    expect(checkGroupTiming(defaultGroupTiming)).toBe(defaultGroupTiming);
    expect(takeOverMinMs(defaultGroupTiming)).toBe(4_591);
  });

  it('refuses times that are not safe, and says the least', () => {
    expect(() => checkGroupTiming({ ...defaultGroupTiming, takeOverAfterMs: 4_590 })).toThrow(
      /makes 4591 ms/,
    );
    expect(() => checkGroupTiming({ ...defaultGroupTiming, holdMs: 2_400 })).toThrow(/need 2500 ms/);
  });

  it('is complete: with the worst two clocks the one has stopped before the other begins', () => {
    const times = fc.record({
      holdMs: fc.integer({ min: 500, max: 60_000 }),
      latenessMs: fc.integer({ min: 0, max: 5_000 }),
      takeOverAfterMs: fc.integer({ min: 500, max: 90_000 }),
    });
    fc.assert(
      fc.property(times, (chosen) => {
        const timing = { ...defaultGroupTiming, ...chosen, renewMs: 100, rpcTimeoutMs: 100 };
        let accepted = true;
        try {
          checkGroupTiming(timing);
        } catch {
          accepted = false;
        }
        // The holder's clock runs slow, the other's fast.
        const stoppedMs = (timing.holdMs + timing.latenessMs) / (1 - clockDriftMax);
        const beginsMs = timing.takeOverAfterMs / (1 + clockDriftMax);
        if (accepted) expect(beginsMs).toBeGreaterThanOrEqual(stoppedMs - 1e-6);
      }),
    );
  });
});
