import { describe, expect, it } from 'vitest';
import type { HourFacts } from '../../../agent/inspection/plan.ts';
import {
  type LedgerGap,
  noReason,
  reasonIndex,
  reasonOfHour,
  reasonOfMinute,
  reasonWord,
} from '../../../agent/inspection/reasons.ts';

const startMs = Date.UTC(2026, 10, 19, 8);
const at = (minute: number, second = 0): number => startMs + minute * 60_000 + second * 1_000;

function facts(lost: Record<number, number>, oldestMs = 0): HourFacts {
  const present = new Uint16Array(60).fill(60_000);
  for (const [minute, seconds] of Object.entries(lost)) present[Number(minute)] = 60_000 - seconds * 1_000;
  return {
    present,
    offset: 0,
    minutes: 60,
    startMs,
    wanted: null,
    wantedFromMs: 0,
    checkedToMs: at(600),
    oldestMs,
  };
}

const gap = (fromMs: number, toMs: number, word: string): LedgerGap => ({
  fromMs,
  toMs,
  reason: reasonIndex(word),
});

describe('reasons', () => {
  it('come from the gap that explains most', () => {
    const hour = facts({ 5: 60, 6: 60, 20: 30 });
    const gaps = [gap(at(5), at(7), 'camera-unreachable'), gap(at(20), at(20, 30), 'packet-loss')];
    expect(reasonWord(reasonOfHour(hour, gaps))).toBe('camera-unreachable');
    expect(reasonOfMinute(hour, 20, gaps)).toBe('packet-loss');
    expect(reasonOfMinute(hour, 21, gaps)).toBeNull();
  });

  it('come from an outage that still lasts', () => {
    const gaps = [gap(at(40), Number.POSITIVE_INFINITY, 'auth-failed')];
    expect(reasonWord(reasonOfHour(facts({ 41: 60, 59: 60 }), gaps))).toBe('auth-failed');
  });

  it('reach two seconds beyond a gap, because recording resumes with a key frame', () => {
    const hour = facts({ 10: 2 });
    expect(reasonOfMinute(hour, 10, [gap(at(8), at(9, 59), 'stream-stalled')])).toBe('stream-stalled');
    expect(reasonOfMinute(hour, 10, [gap(at(8), at(9, 57), 'stream-stalled')])).toBeNull();
  });

  it('stay away when the ledger explains less than half of it', () => {
    const hour = facts({ 10: 60 });
    expect(reasonOfHour(hour, [gap(at(10), at(10, 5), 'packet-loss')])).toBe(noReason);
    expect(reasonOfHour(hour, [gap(at(10), at(10, 40), 'packet-loss')])).toBe(reasonIndex('packet-loss'));
    expect(reasonOfHour(hour, [])).toBe(noReason);
  });

  it('say overwritten for a minute before the oldest video, and leave that out of an hour’s reason', () => {
    const hour = facts({ 1: 60, 2: 60, 50: 60 }, at(3));
    expect(reasonOfMinute(hour, 1, [])).toBe('overwritten');
    expect(reasonWord(reasonOfHour(hour, [gap(at(50), at(51), 'no-space')]))).toBe('no-space');
  });

  it('count a word of another version as unexplained', () => {
    expect(reasonOfHour(facts({ 10: 60 }), [gap(at(10), at(11), 'from-the-future')])).toBe(noReason);
  });
});
