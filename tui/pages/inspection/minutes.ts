/** What a minute of the drill-down means: held, missing, still to come, or not wanted. */
import type { InspectionHourDetail } from '../../../src/contract/index.ts';
import type { Tone } from '../../format/line.ts';
import { reasonWords } from '../../format/words.ts';

export type Minute = InspectionHourDetail['minutes'][number];

export interface MinuteCell {
  text: string;
  tone: Tone;
  words: string;
}

const minuteMs = 60_000;

/** `nowMs` is the node's clock: a minute that has not ended cannot miss anything yet. */
export function minuteCell(minute: Minute, hourStartMs: number, nowMs: number): MinuteCell {
  const startMs = hourStartMs + minute.minute * minuteMs;
  const held = `${minute.seconds} s held`;
  if (minute.seconds === 60) return { text: '60', tone: 'good', words: 'complete' };
  if (startMs > nowMs && minute.seconds === 0) return { text: '-', tone: 'dim', words: 'still to come' };
  if (minute.reason !== null) {
    const words = `${held}, ${60 - minute.seconds} s missing: ${reasonWords(minute.reason)}`;
    return { text: String(minute.seconds), tone: 'cell-bad', words };
  }
  if (startMs + minuteMs > nowMs)
    return { text: String(minute.seconds), tone: 'good', words: `${held} so far` };
  if (!minute.planned && minute.seconds === 0) return { text: '.', tone: 'dim', words: 'no plan' };
  if (minute.seconds === 0) return { text: '0', tone: 'cell-bad', words: 'nothing held' };
  return { text: String(minute.seconds), tone: 'good', words: `${held}; the plan wanted no more` };
}

/** The first minute that misses something, else the first that holds something. */
export function firstOfInterest(data: InspectionHourDetail, nowMs: number): number {
  const bad = data.minutes.findIndex((minute) => minuteCell(minute, data.startMs, nowMs).tone === 'cell-bad');
  return Math.max(0, bad >= 0 ? bad : data.minutes.findIndex(({ seconds }) => seconds > 0));
}
