import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressLifetime,
  clockDriftMax,
  latenessMaxMs,
  stoppedAfterMs,
  timingOf,
  timingProblems,
  waitMinMs,
} from '../../../agent/standby/timing-plan.ts';

const hub = timingOf('default', 'hub');

describe('the times of the lease', () => {
  it.each([
    ['default', 'hub', 2_400],
    ['fast', 'hub', 1_600],
    ['default', 'etcd', 8_500],
    ['default', 'nats', 19_000],
  ] as const)('profile %s with %s is safe and waits %d ms', (profile, arbiter, waitMs) => {
    const timing = timingOf(profile, arbiter);
    expect(timingProblems(timing)).toEqual([]);
    expect(timing.takeOverAfterMs).toBe(waitMs);
  });

  it.each(['etcd', 'nats'] as const)(
    'the fast profile is refused with %s, whose failover is slower',
    (arbiter) => {
      expect(() => timingOf('fast', arbiter)).toThrow(/failover takes up to \d+ ms/);
    },
  );

  it('refuses a T that is too short, with the numbers and the remedy', () => {
    const bad = { ...hub, takeOverAfterMs: 2_200 };
    expect(() => timingOf('custom', 'hub', bad)).toThrow(
      /takeOverAfterMs is 2200 ms.*1500 ms.*500 ms.*2296.*raise/s,
    );
  });

  it.each([
    ['default', 'hub', 1],
    ['fast', 'hub', 1],
    ['default', 'etcd', 6],
    ['default', 'nats', 15],
  ] as const)('profile %s with %s lets the kernel keep an address for %d s', (profile, arbiter, seconds) => {
    const timing = timingOf(profile, arbiter);
    const lifetime = addressLifetime(timing);
    expect(lifetime.seconds).toBe(seconds);
    expect(lifetime.giveWithinMs).toBeGreaterThanOrEqual(200);
    expect(lifetime.seconds * 1_000).toBeGreaterThan(timing.renewIntervalMs);
  });

  it('refuses a T that an address outlives, though everything else has stopped', () => {
    const quick = { ...timingOf('fast', 'hub'), takeOverAfterMs: 1_500 };
    expect(timingProblems(quick).join()).toMatch(/keeps its address for up to 1300 ms.*1582/);
  });

  it('refuses a D that a failover of the store outlasts', () => {
    const problems = timingProblems({ ...hub, storeFailoverMs: 2_800 });
    expect(problems.join()).toMatch(/leaseMs is 1500 ms.*2800 ms.*need 3800 ms.*raise leaseMs/);
  });

  it('refuses what is no number, and custom without times', () => {
    expect(timingProblems({ ...hub, stopMs: Number.NaN })).not.toEqual([]);
    expect(timingProblems({ ...hub, renewIntervalMs: 0 })).not.toEqual([]);
    expect(() => timingOf('custom', 'hub')).toThrow(/no times/);
  });

  it('whatever is accepted keeps the holder stopped before the candidate begins, at the worst of both clocks', () => {
    const time = fc.integer({ min: 50, max: 20_000 });
    const anyTiming = fc.record({
      renewIntervalMs: time,
      leaseMs: time,
      stopMs: time,
      takeOverAfterMs: fc.integer({ min: 50, max: 60_000 }),
      rpcTimeoutMs: time,
      storeFailoverMs: time,
    });
    let accepted = 0;
    fc.assert(
      fc.property(anyTiming, (timing) => {
        if (timingProblems(timing).length > 0) return;
        accepted += 1;
        // True time: the slowest clock of the holder against the fastest of the candidate.
        const holderStoppedMs = (stoppedAfterMs(timing) + latenessMaxMs) / (1 - clockDriftMax);
        const { goneAfterMs, giveWithinMs } = addressLifetime(timing);
        const addressGoneMs = (giveWithinMs + goneAfterMs) / (1 - clockDriftMax);
        const candidateBeginsMs = timing.takeOverAfterMs / (1 + clockDriftMax);
        expect(candidateBeginsMs).toBeGreaterThanOrEqual(holderStoppedMs);
        expect(candidateBeginsMs).toBeGreaterThanOrEqual(addressGoneMs);
        expect(waitMinMs(timing)).toBeLessThanOrEqual(timing.takeOverAfterMs);
      }),
      { numRuns: 3_000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});
