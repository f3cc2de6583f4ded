/** Moments as people type them in a form, in the node's time zone: a day with a time, or a time alone. Pure. */
import { localDayHours } from '../../../src/model/zone.ts';
import { isDay } from '../../format/time.ts';

const minuteMs = 60_000;

/** UTC ms at which `2026-11-20` ends; null when it is no day. */
export function endOfDay(text: string, timeZone: string): number | null {
  if (!isDay(text)) return null;
  const last = localDayHours(text, timeZone).at(-1);
  return last ? last.startMs + last.minutes * minuteMs : null;
}

/**
 * UTC ms of `2026-11-20 14:30[:05]`, or of `14:30[:05]` on `day`; null when it is no time, or none of that day. An hour
 * that a change of the clocks repeats is taken the first time.
 */
export function localToUtc(text: string, day: string, timeZone: string): number | null {
  const match = /^(?:(\d{4}-\d\d-\d\d)[ T])?(\d\d):([0-5]\d)(?::([0-5]\d))?$/.exec(text.trim());
  const wanted = match?.[1] ?? day;
  if (!match || !isDay(wanted)) return null;
  const [hour, minute, second] = [Number(match[2]), Number(match[3]), Number(match[4] ?? 0)];
  const found = localDayHours(wanted, timeZone).find(
    (each) => each.hour === hour && minute >= each.firstMinute && minute < each.firstMinute + each.minutes,
  );
  return found ? found.startMs + (minute - found.firstMinute) * minuteMs + second * 1_000 : null;
}
