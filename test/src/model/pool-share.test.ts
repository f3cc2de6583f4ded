/** What shrinking a pool's share costs. */
import { describe, expect, it } from 'vitest';
import { videoBytesLost } from '../../../src/model/pool-share.ts';

const share = { bytes: 1000, blocks: 10, free: 4 };

describe('video lost by a new share', () => {
  it.each([
    [2000, 0],
    [1000, 0],
    [600, 0],
    [599, 100],
    [100, 500],
    [0, 600],
  ])('with %d bytes of it is %d bytes: free blocks go first', (next, lost) =>
    expect(videoBytesLost(share, next)).toBe(lost),
  );

  it('is none of a space that gives nothing yet, or that nothing is known of', () => {
    expect(videoBytesLost(undefined, 0)).toBe(0);
    expect(videoBytesLost({ bytes: 1000, blocks: 0, free: 0 }, 0)).toBe(0);
  });
});
