import { describe, expect, it } from 'vitest';
import { checkTimeWindow, parseTimestamp, timestampAt } from '../../../../agent/alarms/dc09/timestamp.ts';

const nowMs = Date.UTC(2024, 1, 29, 23, 59, 58);

describe('a timestamp', () => {
  it('is UTC, whole seconds, month before day', () => {
    expect(timestampAt(nowMs + 999)).toEqual({ text: '23:59:58,02-29-2024', utcMs: nowMs });
    expect(parseTimestamp('23:59:58,02-29-2024')).toEqual({ text: '23:59:58,02-29-2024', utcMs: nowMs });
  });

  it.each([
    '24:00:00,01-01-2024',
    '00:60:00,01-01-2024',
    '00:00:00,13-01-2024',
    '00:00:00,02-29-2023',
    '0:00:00,01-01-2024',
  ])('%s names no moment', (text) => {
    expect(parseTimestamp(text)).toBeNull();
  });
});

describe('the window', () => {
  it.each([
    [-40_000, true],
    [-40_001, false],
    [20_000, true],
    [20_001, false],
    [0, true],
  ])('takes a message of %i ms from now: %s', (offsetMs, taken) => {
    expect(checkTimeWindow(nowMs + offsetMs, nowMs)).toBe(taken);
  });
});
