/** Waits between attempts to reconnect: doubling up to a maximum, jittered so that clients do not return in step. */

const firstDelayMs = 250;
const delayMsMax = 10_000;

/** Delay before attempt `attempt` (1 is the first retry); `random` gives 0 to 1. */
export function reconnectDelayMs(attempt: number, random: () => number): number {
  const ceilingMs = Math.min(delayMsMax, firstDelayMs * 2 ** Math.min(attempt - 1, 10));
  return Math.round(ceilingMs * (0.5 + random() / 2));
}
