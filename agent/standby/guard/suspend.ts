/** Notices that the machine slept: the monotonic clock stands still then, the uptime does not. */

/** Both clocks are read one after the other, and the uptime in hundredths of a second. */
const toleranceMs = 400;

export interface SuspendWatch {
  /** How long the machine slept since the last call; 0 when it did not. */
  sleptMs(): number;
}

export function watchSuspend(clocks: { monotonicMs: () => number; uptimeMs: () => number }): SuspendWatch {
  const { monotonicMs, uptimeMs } = clocks;
  let apartMs = uptimeMs() - monotonicMs();
  return {
    sleptMs() {
      const nowApartMs = uptimeMs() - monotonicMs();
      const sleptMs = nowApartMs - apartMs;
      apartMs = Math.abs(sleptMs) > toleranceMs ? nowApartMs : apartMs;
      return sleptMs > toleranceMs ? sleptMs : 0;
    },
  };
}
