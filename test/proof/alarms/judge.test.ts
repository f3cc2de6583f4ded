import { describe, expect, it } from 'vitest';
import type { Reception } from './arc.ts';
import { judge, longestPause, turnsOf } from './judge.ts';

const at = (atMs: number, number: number, connection = 1, account = '1000'): Reception => ({
  atMs,
  connection,
  account,
  run: 'a',
  number,
});

describe('the judge of a proof', () => {
  it('finds an acknowledged event that never came', () => {
    expect(judge([at(1, 1)], ['a 1000 1', 'a 1000 2']).missing).toEqual(['a 1000 2']);
    expect(judge([at(1, 1), at(2, 2)], ['a 1000 1']).missing).toEqual([]);
  });

  it('counts what came again, and does not take it for disorder', () => {
    const verdict = judge([at(1, 1), at(2, 2), at(3, 1)], []);
    expect(verdict).toMatchObject({ duplicates: 1, outOfOrder: [] });
  });

  it('finds a first reception after that of a later event, for each account by itself', () => {
    const others = [at(1, 5), at(2, 1, 1, '2000')];
    expect(judge(others, []).outOfOrder).toEqual([]);
    expect(judge([...others, at(3, 4)], []).outOfOrder).toEqual(['a 1000 4 after 5']);
  });

  it('measures the longest pause between two moments, with the edges', () => {
    const receptions = [at(100, 1), at(150, 2), at(400, 3)];
    expect(longestPause(receptions, 100, 450)).toEqual({ pauseMs: 250, atMs: 150 });
    expect(longestPause(receptions, 100, 900).pauseMs).toBe(500);
    expect(longestPause([], 0, 70).pauseMs).toBe(70);
  });

  it('tells a hand-over and back from two that send at once', () => {
    const senderOf = (connection: number) => `r${connection}`;
    const handOver = [at(0, 1, 1), at(5_000, 2, 2), at(9_000, 3, 2), at(9_100, 4, 1)];
    expect(turnsOf(handOver, senderOf, 2_000)).toMatchObject({ overlaps: 0, turns: { length: 3 } });
    const both = [at(0, 1, 1), at(10, 2, 2), at(20, 3, 1)];
    expect(turnsOf(both, senderOf, 2_000).overlaps).toBe(1);
  });
});
