/** Times and durations in every spelling that people use. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatDuration, formatTime, parseStretch, parseTime } from '../../../src/cli/time.ts';

const zone = process.env.TZ;
beforeAll(() => {
  process.env.TZ = 'Europe/Berlin';
});
afterAll(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const nowMs = Date.UTC(2026, 10, 19, 13, 0, 0);

describe('parseTime', () => {
  it.each([
    ['now', nowMs],
    ['-10m', nowMs - 600_000],
    ['-90s', nowMs - 90_000],
    ['-2h', nowMs - 7_200_000],
    ['-1d', nowMs - 86_400_000],
    ['13:30', Date.UTC(2026, 10, 19, 12, 30)],
    ['9:05:07', Date.UTC(2026, 10, 19, 8, 5, 7)],
    ['2026-11-19', Date.UTC(2026, 10, 18, 23, 0)],
    ['2026-11-19T14:30', Date.UTC(2026, 10, 19, 13, 30)],
    ['2026-11-19 14:30:05', Date.UTC(2026, 10, 19, 13, 30, 5)],
    ['2026-07-01T14:30:00', Date.UTC(2026, 6, 1, 12, 30)],
    ['2026-11-19T14:30:00Z', Date.UTC(2026, 10, 19, 14, 30)],
    ['2026-11-19T14:30:00.5Z', Date.UTC(2026, 10, 19, 14, 30, 0, 500)],
    ['2026-11-19T14:30:00-05:00', Date.UTC(2026, 10, 19, 19, 30)],
    ['2026-11-19T14:30:00+0530', Date.UTC(2026, 10, 19, 9, 0)],
  ])('reads %s', (text, expected) => {
    expect(parseTime(text, nowMs)).toBe(expected);
  });

  it.each([
    '',
    'yesterday',
    '25:00',
    '2026-02-30',
    '2026-13-01',
    '2026-11-19T24:00',
    '-10',
    '10m',
    '1',
    '-9999999d',
  ])('refuses %j', (text) => {
    expect(() => parseTime(text, nowMs)).toThrowError(expect.objectContaining({ code: 'invalid_input' }));
  });

  it('reads what formatTime writes', () => {
    expect(parseTime(formatTime(nowMs), 0)).toBe(nowMs);
  });
});

describe('parseStretch', () => {
  it('reads both ends, and refuses one that ends before it begins or where it begins', () => {
    expect(parseStretch({ from: '-10m', to: 'now' }, nowMs)).toEqual({
      fromMs: nowMs - 600_000,
      toMs: nowMs,
    });
    for (const from of ['now', '-1m'])
      expect(() => parseStretch({ from, to: '-1m' }, nowMs)).toThrowError(
        expect.objectContaining({ code: 'invalid_input', hint: 'give the earlier moment first' }),
      );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0 s'],
    [59, '59 s'],
    [720, '12 min'],
    [12_000, '3 h 20 min'],
    [7_200, '2 h'],
    [450_000, '5 d 5 h'],
    [-5, '0 s'],
  ])('of %d is %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});
