/** Sizes as people type and read them: decimal units (GB) and binary ones (GiB), whole bytes inside. */
import { AppError } from '../errors.ts';

const unitBytes: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  pb: 1e15,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  pib: 2 ** 50,
};

/**
 * Bytes of a text like `20GB`, `1.5 TiB`, `4096` (a bare number is bytes); letter case does not matter.
 * @throws AppError `invalid_input` when it is not a size, is negative, or exceeds 2^53 bytes.
 */
export function parseSize(text: string): number {
  const match = /^\s*(\d{1,16}(?:\.\d{1,9})?)\s*([a-z]{0,3})\s*$/i.exec(text);
  const factor = match ? unitBytes[(match[2] ?? '').toLowerCase() || 'b'] : undefined;
  if (!match || factor === undefined) {
    throw new AppError('invalid_input', `not a size: "${text.slice(0, 40)}"`, {
      hint: 'Write a number with a unit, for example 20GB or 1.5TiB (B, KB, MB, GB, TB, PB, KiB, MiB, GiB, TiB, PiB).',
    });
  }
  const bytes = Math.round(Number(match[1]) * factor);
  if (!Number.isSafeInteger(bytes)) {
    throw new AppError('invalid_input', `too large a size: "${text.slice(0, 40)}"`, {
      hint: 'The largest size is 9 PB.',
    });
  }
  return bytes;
}

const decimalUnits = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Three significant digits in decimal units: `0 B`, `999 B`, `1.5 GB`, `20 GB`, `12.3 TB`. What it shows can be read back. */
export function formatSize(bytes: number): string {
  const magnitude = Math.abs(bytes);
  let unit = 0;
  let value = magnitude;
  while (unit < decimalUnits.length - 1 && Number(value.toPrecision(3)) >= 1000) {
    value /= 1000;
    unit += 1;
  }
  // Rounded up, the very largest would be more than `parseSize` takes.
  if (unit === decimalUnits.length - 1 && magnitude <= Number.MAX_SAFE_INTEGER) value = Math.min(value, 9);
  const digits = unit === 0 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
  return `${bytes < 0 ? '-' : ''}${digits} ${decimalUnits[unit] ?? 'B'}`;
}
