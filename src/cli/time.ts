/** Moments and durations as people type and read them; the node's UTC milliseconds inside. */
import { AppError } from '../errors.ts';

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/**
 * UTC milliseconds of `now`, `-10m` (s, m, h, d before now), `14:30[:05]` (today), `2026-11-19`,
 * `2026-11-19T14:30[:05[.5]]` (also with a blank for the T), local unless `Z` or an offset ends it.
 * @throws AppError `invalid_input`
 */
export function parseTime(text: string, nowMs: number): number {
  const trimmed = text.trim();
  if (trimmed === 'now') return nowMs;
  const relative = /^-(\d{1,6})([smhd])$/.exec(trimmed);
  if (relative) return nowMs - Number(relative[1]) * (unitSeconds[relative[2] ?? ''] ?? 0) * 1_000;
  const absolute = localTime(trimmed, nowMs) ?? isoTime(trimmed);
  if (absolute === undefined || !Number.isFinite(absolute) || absolute < 0) {
    throw new AppError('invalid_input', `not a time: ${text}`, {
      hint: 'write 2026-11-19T14:30:00 (local), 2026-11-19T14:30:00Z, 14:30 (today), -10m or now',
    });
  }
  return absolute;
}

/**
 * A moment to come, UTC milliseconds: `90d` (m, h, d from now), or as `parseTime` reads it.
 * @throws AppError `invalid_input` also for what is past
 */
export function parseFuture(text: string, nowMs: number): number {
  const ahead = /^\+?(\d{1,5})([mhd])$/.exec(text.trim());
  const atMs = ahead
    ? nowMs + Number(ahead[1]) * (unitSeconds[ahead[2] ?? ''] ?? 0) * 1_000
    : parseTime(text, nowMs);
  if (atMs > nowMs) return atMs;
  throw new AppError('invalid_input', `not in the future: ${text}`, {
    hint: 'write 90d (m, h, d from now) or 2027-03-31',
  });
}

/** Two moments that `--from` and `--to` name, as `parseTime` reads them. @throws AppError `invalid_input` also when nothing lies between. */
export function parseStretch(
  given: { from: string; to: string },
  nowMs: number,
): { fromMs: number; toMs: number } {
  const [fromMs, toMs] = [parseTime(given.from, nowMs), parseTime(given.to, nowMs)];
  if (fromMs < toMs) return { fromMs, toMs };
  throw new AppError(
    'invalid_input',
    `--from (${formatTime(fromMs)}) is not before --to (${formatTime(toMs)})`,
    { hint: 'give the earlier moment first' },
  );
}

function localTime(text: string, nowMs: number): number | undefined {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text);
  if (!match) return undefined;
  return new Date(nowMs).setHours(Number(match[1]), Number(match[2]), Number(match[3] ?? 0), 0);
}

const isoPattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(\.\d{1,3})?)?(Z|[+-]\d\d:?\d\d)?)?$/;

function isoTime(text: string): number | undefined {
  const match = isoPattern.exec(text);
  if (!match) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4] ?? 0), Number(match[5] ?? 0), Number(match[6] ?? 0)];
  const ms = Math.round(Number(match[7] ?? 0) * 1_000);
  const calendar = new Date(Date.UTC(year, month - 1, day));
  if (calendar.getUTCMonth() !== month - 1 || calendar.getUTCDate() !== day) return undefined;
  const zone = match[8];
  if (zone === undefined) return new Date(year, month - 1, day, hour, minute, second, ms).getTime();
  return Date.UTC(year, month - 1, day, hour, minute, second, ms) - offsetMs(zone);
}

function offsetMs(zone: string): number {
  if (zone === 'Z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** `2026-11-19 14:30:05` in local time. */
export function formatTime(utcMs: number): string {
  const at = new Date(utcMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `45 s`, `12 min`, `3 h 20 min`, `5 d 4 h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.round(whole / 60)} min`;
  const hours = Math.floor(whole / 3_600);
  if (hours < 48) {
    const minutes = Math.floor((whole % 3_600) / 60);
    return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
  }
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}
