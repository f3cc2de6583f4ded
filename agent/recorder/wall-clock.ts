/** A wall clock that never runs backwards by itself: it follows the system's clock by slewing, and tells when that one was stepped. */

export interface WallClockSources {
  /** The system's wall clock, UTC ms. */
  wallMs(): number;
  /** Milliseconds of a clock that is never set. */
  monotonicMs(): number;
}

/** A deviation up to this is slewed; a larger one is a step. */
export const stepMinMs = 1_000;
/** The most by which the slew runs faster or slower than time: 500 ppm. */
const slewRate = 0.0005;

export interface WallClock {
  utcMs(): number;
  monotonicMs(): number;
  /** Compare with the system's clock; call about once a second. Returns the step taken in ms, 0 when none. */
  discipline(): number;
}

export function createWallClock(sources: WallClockSources): WallClock {
  let offsetMs = sources.wallMs() - sources.monotonicMs();
  let checkedMs = sources.monotonicMs();
  return {
    monotonicMs: () => sources.monotonicMs(),
    utcMs: () => sources.monotonicMs() + offsetMs,
    discipline() {
      const nowMs = sources.monotonicMs();
      const deviationMs = sources.wallMs() - (nowMs + offsetMs);
      const budgetMs = Math.max(0, nowMs - checkedMs) * slewRate;
      checkedMs = nowMs;
      if (Math.abs(deviationMs) >= stepMinMs) {
        offsetMs += deviationMs;
        return deviationMs;
      }
      offsetMs += Math.max(-budgetMs, Math.min(budgetMs, deviationMs));
      return 0;
    },
  };
}
