/** Two bounds on what others may ask of the hub: requests a second on a connection, and wrong keys a minute from an address. */

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

export interface Doorkeeper {
  /** Whether an address may try at all. */
  admits(address: string, nowMs: number): boolean;
  failed(address: string, nowMs: number): void;
}

const failuresMax = 20;
const failureWindowMs = 60_000;
/** Addresses remembered; beyond it the oldest goes, so that memory stays bounded. */
const addressesMax = 4_096;

export function createDoorkeeper(): Doorkeeper {
  const failures = new Map<string, { count: number; sinceMs: number }>();
  const current = (address: string, nowMs: number) => {
    const entry = failures.get(address);
    if (entry && nowMs - entry.sinceMs < failureWindowMs) return entry;
    failures.delete(address);
    return null;
  };
  return {
    admits: (address, nowMs) => (current(address, nowMs)?.count ?? 0) < failuresMax,
    failed(address, nowMs) {
      const entry = current(address, nowMs) ?? { count: 0, sinceMs: nowMs };
      entry.count += 1;
      failures.set(address, entry);
      const oldest = failures.size > addressesMax ? failures.keys().next().value : undefined;
      if (oldest !== undefined) failures.delete(oldest);
    },
  };
}
