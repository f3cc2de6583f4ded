/** The real clock: wall time for people and recordings, monotonic time for time-outs, and timers that can be taken back. */
import { performance } from 'node:perf_hooks';

export type Cancel = () => void;

export interface Clock {
  /** UTC milliseconds; may be set by people and by NTP. */
  nowMs(): number;
  /** Milliseconds since an arbitrary moment; never set. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`, unless cancelled before. */
  after(delayMs: number, run: () => void): Cancel;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
