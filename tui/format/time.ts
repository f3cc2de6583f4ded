/** Clock times and calendar days in the node's time zone; daylight saving is left to the platform's tables. */

interface Parts {
  day: string;
  time: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const options: Intl.DateTimeFormatOptions = {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  };
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-CA', { ...options, timeZone });
  } catch {
    format = new Intl.DateTimeFormat('en-CA', { ...options, timeZone: 'UTC' });
  }
  formats.set(timeZone, format);
  return format;
}

function partsOf(utcMs: number, timeZone: string): Parts {
  const parts: Record<string, string> = {};
  for (const { type, value } of formatFor(timeZone).formatToParts(utcMs)) parts[type] = value;
  return {
    day: `${parts.year}-${parts.month}-${parts.day}`,
    time: `${parts.hour}:${parts.minute}:${parts.second}`,
  };
}

/** `14:21:07`. */
export function clock(utcMs: number, timeZone: string): string {
  return partsOf(utcMs, timeZone).time;
}

/** `UTC+1`, `UTC+5:30`: what the zone's clocks show at that moment. */
export function zoneOffset(utcMs: number, timeZone: string): string {
  const { day, time } = partsOf(utcMs, timeZone);
  const wholeSecondsMs = Math.floor(utcMs / 1000) * 1000;
  const minutes = Math.round((Date.parse(`${day}T${time}Z`) - wholeSecondsMs) / 60_000);
  if (minutes === 0) return 'UTC';
  const hours = Math.floor(Math.abs(minutes) / 60);
  const rest = Math.abs(minutes) % 60;
  return `UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`;
}

/** `2026-11-20`. */
export function dayOf(utcMs: number, timeZone: string): string {
  return partsOf(utcMs, timeZone).day;
}

/** `2026-11-20 14:21:07`. */
export function dateTime(utcMs: number, timeZone: string): string {
  const { day, time } = partsOf(utcMs, timeZone);
  return `${day} ${time}`;
}

/** The clock time today, the date before today. */
export function recent(utcMs: number, nowMs: number, timeZone: string): string {
  const { day, time } = partsOf(utcMs, timeZone);
  return day === dayOf(nowMs, timeZone) ? time : day;
}

/** For lists of what happened, eleven cells: the clock time today, day and minute before, the date alone of another year. */
export function recentMinute(utcMs: number, nowMs: number, timeZone: string): string {
  const { day, time } = partsOf(utcMs, timeZone);
  const today = dayOf(nowMs, timeZone);
  if (day === today) return time;
  return day.slice(0, 4) === today.slice(0, 4) ? `${day.slice(5)} ${time.slice(0, 5)}` : day;
}

/** The calendar day `days` after `day`. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The month `months` after `month` (`YYYY-MM`). */
export function addMonths(month: string, months: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + months, 1)).toISOString().slice(0, 7);
}

/** `Fri`. */
export function weekday(day: string): string {
  return ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][new Date(`${day}T00:00:00Z`).getUTCDay()] ?? '';
}

/** True for a real calendar day written `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 10) === text;
}
