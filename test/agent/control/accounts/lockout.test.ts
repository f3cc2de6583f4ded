import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accountPolicy,
  type LockoutState,
  lockedForMs,
  recordFailure,
  recordSuccess,
} from '../../../../agent/control/accounts/lockout/machine.ts';

const fail = (times: number, nowMs = 0, from: LockoutState = new Map()): LockoutState => {
  let state = from;
  for (let count = 0; count < times; count += 1) state = recordFailure(state, 'admin', nowMs, accountPolicy);
  return state;
};

describe('the lock-out', () => {
  it('leaves the first failures free', () => expect(lockedForMs(fail(4), 'admin', 0)).toBe(0));

  it.each([
    [5, 30_000],
    [6, 60_000],
    [7, 120_000],
    [9, 480_000],
    [10, 900_000],
    [500, 900_000],
  ])('waits after %d failures for %d ms', (failures, waitMs) =>
    expect(lockedForMs(fail(failures), 'admin', 0)).toBe(waitMs),
  );

  it('counts down, and lets in when it is over', () => {
    const state = fail(5, 1_000);
    expect(lockedForMs(state, 'admin', 21_000)).toBe(10_000);
    expect(lockedForMs(state, 'admin', 31_000)).toBe(0);
  });

  it('does not touch other keys', () => expect(lockedForMs(fail(10), 'other', 0)).toBe(0));

  it('is forgotten by a success, and by half an hour of peace', () => {
    expect(lockedForMs(recordSuccess(fail(10), 'admin'), 'admin', 0)).toBe(0);
    expect(lockedForMs(fail(1, 1_800_000, fail(10)), 'admin', 1_800_000)).toBe(0);
  });

  it('remembers a bounded number of keys, those that failed last', () => {
    let state: LockoutState = new Map();
    const policy = { ...accountPolicy, keysMax: 100 };
    for (let key = 0; key < 300; key += 1) state = recordFailure(state, `user-${key}`, key, policy);
    expect(state.size).toBe(100);
    expect(state.has('user-299')).toBe(true);
    expect(state.has('user-100')).toBe(false);
  });

  it('never lets more than a few guesses an hour through, whatever their rhythm', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 120_000 }), { maxLength: 400 }), (pauses) => {
        let state: LockoutState = new Map();
        let nowMs = 0;
        let guesses = 0;
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          if (nowMs > 3_600_000) break;
          if (lockedForMs(state, 'admin', nowMs) > 0) continue;
          guesses += 1;
          state = recordFailure(state, 'admin', nowMs, accountPolicy);
        }
        expect(guesses).toBeLessThanOrEqual(14);
      }),
    );
  });
});
