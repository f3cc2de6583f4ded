import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReorderBuffer } from '../../../../agent/media/rtp/reorder.ts';
import { rtp } from './packets.ts';

function buffer(bounds = { packetsMax: 8, waitMaxMs: 200 }) {
  const out: number[] = [];
  const reorder = new ReorderBuffer((bytes) => out.push(Buffer.from(bytes).readUInt16BE(2)), bounds);
  const push = (sequence: number, nowMs = 0) =>
    reorder.push(rtp({ sequence, timestamp: 0, payload: new Uint8Array(0) }), nowMs);
  return { out, reorder, push };
}

describe('the reorder buffer', () => {
  it('passes what is in order at once', () => {
    const { out, push } = buffer();
    for (const sequence of [65_534, 65_535, 0, 1]) push(sequence);
    expect(out).toEqual([65_534, 65_535, 0, 1]);
  });

  it('puts swapped packets back in order and drops doubles and latecomers', () => {
    const { out, push } = buffer();
    for (const sequence of [1, 3, 4, 3, 2, 1, 6, 5]) push(sequence);
    expect(out).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('gives up on a missing packet after the time', () => {
    const { out, push, reorder } = buffer();
    push(1, 0);
    push(3, 100);
    reorder.tick(299);
    expect(out).toEqual([1]);
    reorder.tick(300);
    expect(out).toEqual([1, 3]);
    push(2, 301);
    expect(out).toEqual([1, 3]);
  });

  it('gives up on a missing packet when too many wait', () => {
    const { out, push, reorder } = buffer();
    push(1);
    for (let sequence = 3; sequence <= 11; sequence++) push(sequence);
    expect(out).toEqual([1, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(reorder.size).toBe(0);
  });

  it('follows a sender that starts again elsewhere', () => {
    const { out, push } = buffer();
    for (const sequence of [1, 3, 30_000, 30_001]) push(sequence);
    expect(out).toEqual([1, 3, 30_000, 30_001]);
  });

  it('brings any stream with small swaps in order, bounded', () => {
    const swaps = fc.array(fc.nat(4), { minLength: 20, maxLength: 100 });
    fc.assert(
      fc.property(swaps, fc.nat(65_535), (delays, first) => {
        const { out, push, reorder } = buffer();
        const order = delays
          .map((delay, i) => ({ i, at: i === 0 ? -1 : i + delay }))
          .sort((a, b) => a.at - b.at);
        for (const { i } of order) {
          push((first + i) & 0xffff);
          expect(reorder.size).toBeLessThanOrEqual(8);
        }
        expect(out).toEqual(delays.map((_, i) => (first + i) & 0xffff));
      }),
      { numRuns: 200 },
    );
  });
});
