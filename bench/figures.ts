/** Small sums over measured values. */

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** To two decimals. */
export const round = (value: number): number => Math.round(value * 100) / 100;
