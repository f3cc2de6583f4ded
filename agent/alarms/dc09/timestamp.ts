/** Timestamps of DC-09, `HH:MM:SS,MM-DD-YYYY` in UTC (section 5.5.1.9), and the window in which an encrypted message is taken. */

export interface Timestamp {
  /** As it stands in the frame, without the underscore. */
  text: string;
  utcMs: number;
}

/** A message may be this much older than our clock ... */
export const timestampAgeMaxMs = 40_000;
/** ... and this much ahead of it. */
export const timestampLeadMaxMs = 20_000;

const form = /^(\d\d):(\d\d):(\d\d),(\d\d)-(\d\d)-(\d{4})$/;

/** Null for what names no moment, such as month 13. */
export function parseTimestamp(text: string): Timestamp | null {
  const match = form.exec(text);
  if (match === null) return null;
  const [hour = 0, minute = 0, second = 0, month = 0, day = 0, year = 0] = match.slice(1).map(Number);
  const utcMs = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC carries over what is out of range; then the text comes back different.
  return timestampAt(utcMs).text === text ? { text, utcMs } : null;
}

export function timestampAt(utcMs: number): Timestamp {
  const date = new Date(utcMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  const year = String(date.getUTCFullYear()).padStart(4, '0');
  const text = `${time},${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}-${year}`;
  return { text, utcMs: Math.floor(utcMs / 1000) * 1000 };
}

/** Whether a message with this time may be taken now: at most 40 s old, at most 20 s ahead. */
export function checkTimeWindow(timestampUtcMs: number, nowMs: number): boolean {
  const ageMs = nowMs - timestampUtcMs;
  return ageMs <= timestampAgeMaxMs && ageMs >= -timestampLeadMaxMs;
}
