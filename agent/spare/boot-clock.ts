/** A clock whose monotonic time goes on while the machine sleeps: a right to forward must not outlast a sleep. */
import { uptime } from 'node:os';
import type { Clock } from '../adapters/clock.ts';

/** The uptime is asked again after so long; it costs a system call or two, and counts in hundredths of a second. */
const lookMs = 5;
/** What the two clocks differ by without a sleep. */
const toleranceMs = 100;

/** `uptimeMs` counts sleep, as `uptime` of Node does on Linux and Windows; the clock's own monotonic time need not. */
export function createBootClock(clock: Clock, uptimeMs: () => number = () => uptime() * 1000): Clock {
  const apart = () => uptimeMs() - clock.monotonicMs();
  let lookedMs = clock.monotonicMs();
  let apartMs = apart();
  let sleptMs = 0;
  return {
    nowMs: () => clock.nowMs(),
    after: (delayMs, run) => clock.after(delayMs, run),
    monotonicMs() {
      const nowMs = clock.monotonicMs();
      if (nowMs - lookedMs >= lookMs) {
        lookedMs = nowMs;
        const asleepMs = apart() - apartMs;
        // Small differences are the clocks' own, and are followed so that they do not add up.
        if (asleepMs > toleranceMs) sleptMs += asleepMs;
        apartMs += asleepMs;
      }
      return nowMs + sleptMs;
    },
  };
}
