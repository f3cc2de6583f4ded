/** Numbers as operators read them: sizes, rates, shares, spans of time. */
import { AppError } from '../../src/errors.ts';
import { formatSize, parseSize } from '../../src/model/size.ts';

export { formatSize };

/** `4.2 Mb/s`; `-` when nothing flows. */
export function formatBitRate(bitsPerSecond: number): string {
  if (bitsPerSecond <= 0) return '-';
  if (bitsPerSecond >= 1e9) return `${(bitsPerSecond / 1e9).toFixed(2)} Gb/s`;
  if (bitsPerSecond >= 1e6) return `${(bitsPerSecond / 1e6).toFixed(1)} Mb/s`;
  return `${Math.round(bitsPerSecond / 1e3)} kb/s`;
}

/** `12 MB/s`. */
export function formatByteRate(bytesPerSecond: number): string {
  return bytesPerSecond <= 0 ? '-' : `${formatSize(bytesPerSecond)}/s`;
}

/** 0 to 100; 0 of 0 is 0. */
export function percentOf(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.min(100, Math.max(0, (part / whole) * 100));
}

/** `71 %`; more than nothing never reads as 0 and less than all never as 100. */
export function formatPercent(percent: number): string {
  const rounded = Math.round(percent);
  if (rounded === 0 && percent > 0) return '<1 %';
  if (rounded === 100 && percent < 100) return '99 %';
  return `${rounded} %`;
}

/** The two largest units: `45 s`, `3 min 5 s`, `2 h 10 min`, `12 d 4 h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return twoUnits(whole, 60, 'min', 1, 's');
  if (whole < 86_400) return twoUnits(whole, 3600, 'h', 60, 'min');
  return twoUnits(whole, 86_400, 'd', 3600, 'h');
}

function twoUnits(whole: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((whole % big) / small);
  const first = `${Math.floor(whole / big)} ${bigName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

/** One unit, for narrow columns: `45s`, `12m`, `3.5h`, `12d`. */
export function formatShortDuration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)}s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)}m`;
  if (seconds < 36_000) return `${(seconds / 3600).toFixed(1)}h`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}

/** `1 camera`, `2 cameras`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A size to start a form with: rounded down, so that it never asks for more than there is. */
export function sizeForField(bytes: number, digits = 3): string {
  if (bytes <= 0) return '0 B';
  const step = 10 ** Math.max(0, Math.floor(Math.log10(bytes)) - digits + 1);
  return formatSize(Math.floor(bytes / step) * step);
}

/** Bytes of what was typed, or null when it is not a size. */
export function sizeFromField(text: string): number | null {
  try {
    return parseSize(text);
  } catch (thrown) {
    if (thrown instanceof AppError) return null;
    throw thrown;
  }
}
