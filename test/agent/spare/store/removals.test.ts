/** Settled events stay as long as their duplicates count, and then go. */
import { describe, expect, it } from 'vitest';
import { createRemovals } from '../../../../agent/spare/store/removals.ts';

const keepMs = 120_000;

describe('removal of settled events', () => {
  it('waits for the window, and never removes what was settled within it', () => {
    const removals = createRemovals(keepMs);
    const settledAt = new Map<number, number>();
    let removed = 0;
    for (let nowMs = 0; nowMs < 600_000; nowMs += 700) {
      const base = nowMs / 100;
      settledAt.set(base, nowMs);
      const upTo = removals.due(base, nowMs);
      if (upTo === null) continue;
      expect(nowMs - (settledAt.get(upTo) ?? nowMs)).toBeGreaterThanOrEqual(keepMs);
      expect(upTo).toBeGreaterThan(removed);
      removed = upTo;
    }
    // Behind by the window and two notes at most.
    expect(removed).toBeGreaterThan((600_000 - keepMs - 15_000) / 100);
  });

  it('asks again for what was not removed', () => {
    const removals = createRemovals(keepMs);
    removals.due(10, 0);
    expect(removals.due(20, 126_000)).toBe(10);
    expect(removals.due(20, 127_000)).toBeNull();
    removals.failed(10);
    expect(removals.due(20, 128_000)).toBe(10);
  });
});
