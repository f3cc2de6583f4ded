/** Bounds how many requests a second may come from one place. */

export interface Rate {
  /** False when it is too much now. */
  take(nowMs: number): boolean;
}

/** Lets `burst` through at once and `perSecond` in the long run. */
export function createRate(perSecond: number, burst: number): Rate {
  let tokens = burst;
  let lastMs: number | null = null;
  return {
    take(nowMs) {
      if (lastMs !== null) tokens = Math.min(burst, tokens + ((nowMs - lastMs) * perSecond) / 1_000);
      lastMs = nowMs;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
