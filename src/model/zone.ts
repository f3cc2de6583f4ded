/** Days of a time zone as UTC: which local hours a day has (23, 24 or 25), and which day a moment belongs to. Pure. */
import { AppError } from '../errors.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** No zone changes its offset twice within this span, so probing at its step misses nothing. */
const probeStepMs = 3 * hourMs;
const zonesMax = 64;

/** One local hour of a day. A change of the clock inside an hour cuts it: then `minutes` is less than 60. */
export interface LocalHour {
  /** 0-23; a number may be missing or repeat on a day with a clock change. */
  readonly hour: number;
  /** First moment, UTC ms, on a whole minute. */
  readonly startMs: number;
  /** How many minutes it lasts, 1-60. */
  readonly minutes: number;
  /** Local minute of the hour at `startMs`: not 0 only behind a clock change (Lord Howe: 30). */
  readonly firstMinute: number;
}

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly offsetMs: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  if (formats.size >= zonesMax) formats.clear();
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
    formats.set(timeZone, format);
    return format;
  } catch (cause) {
    throw new AppError('invalid_input', `unknown time zone ${JSON.stringify(timeZone.slice(0, 64))}`, {
      hint: 'Use a name of the IANA list, for example Europe/Berlin or UTC.',
      cause,
    });
  }
}

const wallClock = /^(\d\d)\/(\d\d)\/(\d+), (\d\d):(\d\d)$/;

/** Local wall clock minus UTC, in ms, whole minutes. `utcMs` must be on a whole minute. */
function offsetAt(utcMs: number, timeZone: string): number {
  const match = wallClock.exec(formatOf(timeZone).format(utcMs));
  if (!match) throw new AppError('internal', `no wall clock for ${timeZone}`);
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute) - utcMs;
}

/** The first minute at which the offset is no longer that of `fromMs`, given that it differs at `toMs`. */
function findChange(fromMs: number, toMs: number, timeZone: string): number {
  const offset = offsetAt(fromMs, timeZone);
  let before = fromMs / minuteMs;
  let after = toMs / minuteMs;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle * minuteMs, timeZone) === offset) before = middle;
    else after = middle;
  }
  return after * minuteMs;
}

/** Cut a stretch of UTC time where the zone's offset changes. */
function stretches(fromMs: number, toMs: number, timeZone: string): Stretch[] {
  const found: Stretch[] = [];
  let startMs = fromMs;
  let offsetMs = offsetAt(fromMs, timeZone);
  for (let atMs = fromMs; atMs < toMs; atMs += probeStepMs) {
    const nextMs = Math.min(atMs + probeStepMs, toMs);
    if (offsetAt(nextMs, timeZone) === offsetMs) continue;
    const changeMs = findChange(Math.max(atMs, startMs), nextMs, timeZone);
    found.push({ fromMs: startMs, toMs: changeMs, offsetMs });
    startMs = changeMs;
    offsetMs = offsetAt(changeMs, timeZone);
  }
  found.push({ fromMs: startMs, toMs, offsetMs });
  return found;
}

function parseDay(day: string): number {
  const ms = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day) {
    throw new AppError('invalid_input', `there is no day ${JSON.stringify(day.slice(0, 16))}`, {
      hint: 'Give a day of the calendar as YYYY-MM-DD.',
    });
  }
  return ms;
}

function hoursOfStretch(stretch: Stretch, fromLocalMs: number, toLocalMs: number): LocalHour[] {
  const hours: LocalHour[] = [];
  const endMs = Math.min(stretch.toMs + stretch.offsetMs, toLocalMs);
  let atMs = Math.max(stretch.fromMs + stretch.offsetMs, fromLocalMs);
  while (atMs < endMs) {
    const hourStartMs = Math.floor(atMs / hourMs) * hourMs;
    const nextMs = Math.min(hourStartMs + hourMs, endMs);
    hours.push({
      hour: (hourStartMs - fromLocalMs) / hourMs,
      startMs: atMs - stretch.offsetMs,
      minutes: (nextMs - atMs) / minuteMs,
      firstMinute: (atMs - hourStartMs) / minuteMs,
    });
    atMs = nextMs;
  }
  return hours;
}

/**
 * The local hours of `day` (YYYY-MM-DD) in order of time; together they cover the day without hole or overlap. A day
 * that the zone skipped has none. Throws `invalid_input` for a day or a zone that does not exist.
 */
export function localDayHours(day: string, timeZone: string): LocalHour[] {
  const fromLocalMs = parseDay(day);
  const toLocalMs = fromLocalMs + dayMs;
  return stretches(fromLocalMs - dayMs, toLocalMs + dayMs, timeZone).flatMap((stretch) =>
    hoursOfStretch(stretch, fromLocalMs, toLocalMs),
  );
}

/** The day (YYYY-MM-DD) to which a moment belongs in a zone. */
export function localDay(utcMs: number, timeZone: string): string {
  const wholeMs = Math.floor(utcMs / minuteMs) * minuteMs;
  return new Date(wholeMs + offsetAt(wholeMs, timeZone)).toISOString().slice(0, 10);
}

/** The days of a month (`YYYY-MM`), first to last. */
export function monthDays(month: string): string[] {
  const firstMs = parseDay(`${month}-01`);
  const first = new Date(firstMs);
  const count = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  return Array.from({ length: count }, (_, index) => `${month}-${String(index + 1).padStart(2, '0')}`);
}

/** Day of the week of a calendar day: 0 is Monday, as in weekly plans. */
export function weekdayOf(day: string): number {
  return (new Date(parseDay(day)).getUTCDay() + 6) % 7;
}
