/** Lock-out after failed log-ins: per key (an account, an address), each failure past the free ones doubles the wait. Pure. */

export interface LockoutPolicy {
  /** Failures that cost nothing. */
  freeFailures: number;
  firstLockMs: number;
  lockMsMax: number;
  /** Without a failure for so long, a key is forgotten. */
  forgetAfterMs: number;
  /** Most keys remembered; the one that failed longest ago goes first. */
  keysMax: number;
}

export const accountPolicy: LockoutPolicy = {
  freeFailures: 5,
  firstLockMs: 30_000,
  lockMsMax: 900_000,
  forgetAfterMs: 1_800_000,
  keysMax: 10_000,
};

/** Looser: many people may sit behind one address. */
export const addressPolicy: LockoutPolicy = { ...accountPolicy, freeFailures: 20 };

interface Entry {
  readonly failures: number;
  readonly lastFailureMs: number;
  readonly lockedUntilMs: number;
}

/** In order of the last failure, oldest first. */
export type LockoutState = ReadonlyMap<string, Entry>;

/** Milliseconds until the key may try again, 0 when it may now. Times are monotonic. */
export function lockedForMs(state: LockoutState, key: string, nowMs: number): number {
  return Math.max(0, (state.get(key)?.lockedUntilMs ?? 0) - nowMs);
}

export function recordFailure(
  state: LockoutState,
  key: string,
  nowMs: number,
  policy: LockoutPolicy,
): LockoutState {
  const next = new Map(state);
  const before = next.get(key);
  next.delete(key);
  const known = before !== undefined && nowMs - before.lastFailureMs < policy.forgetAfterMs;
  const failures = (known ? before.failures : 0) + 1;
  next.set(key, { failures, lastFailureMs: nowMs, lockedUntilMs: nowMs + lockMs(failures, policy) });
  for (const [oldest] of next) {
    if (next.size <= policy.keysMax) break;
    next.delete(oldest);
  }
  return next;
}

/** A success forgets the key's failures. */
export function recordSuccess(state: LockoutState, key: string): LockoutState {
  if (!state.has(key)) return state;
  const next = new Map(state);
  next.delete(key);
  return next;
}

function lockMs(failures: number, policy: LockoutPolicy): number {
  const doublings = failures - policy.freeFailures;
  if (doublings < 0) return 0;
  return Math.min(policy.lockMsMax, policy.firstLockMs * 2 ** Math.min(doublings, 30));
}
