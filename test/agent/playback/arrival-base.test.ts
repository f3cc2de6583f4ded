import { describe, expect, it } from 'vitest';
import { ArrivalBase } from '../../../agent/playback/arrival-base.ts';

const hourMs = 3_600_000;
const part = (startMs: number) => ({ startMs, endMs: startMs + 1_000 });

describe('where decode time 0 of a file stands', () => {
  it('is where the file says, while media time and arrival lie together', () => {
    const base = new ArrivalBase();
    for (const driftMs of [0, 900, -2_000, 30_000])
      expect(base.of(part(50_000), 7_000, 50_000 + driftMs)).toBe(7_000);
  });

  it('is moved to the clock where media time went on beside it, by the same for all parts', () => {
    const base = new ArrivalBase();
    expect(base.of(part(50_000), 7_000, 50_000 + hourMs)).toBe(7_000 - hourMs);
    expect(base.of(part(51_000), 7_000, 51_030 + hourMs)).toBe(7_000 - hourMs);
    expect(base.of(part(90_000), 80_000, 90_000)).toBe(80_000);
  });

  it('never puts a part before the end of another that is shown', () => {
    const base = new ArrivalBase();
    expect(base.of(part(50_000 + hourMs), 7_000, 50_000 + hourMs)).toBe(7_000);
    expect(base.of(part(51_000), 7_000, 51_000 + hourMs)).toBeNull();
    expect(base.of(part(50_500 + hourMs), 7_000, 50_500 + 2 * hourMs)).toBeNull();
    expect(base.of(part(51_000 + hourMs), 7_000, 51_000 + 2 * hourMs)).toBe(7_000 - hourMs);
  });
});
