/** The clock that goes on while the machine sleeps. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../agent/adapters/clock.ts';
import { createBootClock } from '../../../agent/spare/boot-clock.ts';
import { FakeClock } from '../control/fake-clock.ts';

function clockThatSleeps() {
  const awake = new FakeClock();
  let sleptMs = 0;
  let jitterMs = 0;
  const clock = createBootClock(awake, () => 50_000 + awake.monotonicMs() + sleptMs + jitterMs);
  return {
    clock,
    passes: (ms: number) => awake.advance(ms),
    sleeps: (ms: number) => {
      sleptMs += ms;
    },
    jitters: (ms: number) => {
      jitterMs = ms;
    },
  };
}

describe('a clock over a sleep', () => {
  it('has moved on by the sleep when the machine wakes', () => {
    const { clock, passes, sleeps } = clockThatSleeps();
    passes(1_000);
    expect(clock.monotonicMs()).toBe(1_000);
    sleeps(60_000);
    passes(10);
    expect(clock.monotonicMs()).toBe(61_010);
    passes(500);
    expect(clock.monotonicMs()).toBe(61_510);
  });

  it('does not drift with the coarse steps of the uptime', () => {
    const { clock, passes, jitters } = clockThatSleeps();
    for (let turn = 0; turn < 10_000; turn += 1) {
      jitters(turn % 2 === 0 ? 10 : 0);
      passes(10);
      clock.monotonicMs();
    }
    expect(clock.monotonicMs()).toBe(100_000);
  });

  it('keeps wall time and timers of the clock it stands on', () => {
    const { clock, passes } = clockThatSleeps();
    let ran = false;
    clock.after(100, () => {
      ran = true;
    });
    passes(100);
    expect(ran).toBe(true);
    expect(clock.nowMs()).toBe(1_800_000_000_100);
  });

  it('runs as the system does while nothing sleeps', () => {
    const clock = createBootClock(systemClock);
    expect(Math.abs(clock.monotonicMs() - systemClock.monotonicMs())).toBeLessThan(100);
  });
});
