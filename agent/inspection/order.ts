/** Which rows of a grid are shown and in which order, and the cells of those rows. Pure. */
import type { RowHead } from './columns.ts';
import type { GridFilter, ReaderCamera } from './types.ts';

type Column = Uint8Array | Uint16Array;

/** Row numbers to show. `badness`: how bad each row is, 0 when it has no exception; equals keep their order. */
export function orderRows(badness: Float64Array, rowCount: number, filter: GridFilter): number[] {
  const bad = (row: number): number => badness[row] ?? 0;
  const rows = Array.from({ length: rowCount }, (_, row) => row);
  const shown = filter.exceptionsOnly ? rows.filter((row) => bad(row) > 0) : rows;
  return filter.worstFirst ? shown.sort((left, right) => bad(right) - bad(left)) : shown;
}

export function headsOf(cameras: readonly ReaderCamera[], rows: readonly number[]): RowHead[] {
  return rows.flatMap((row) =>
    cameras.slice(row, row + 1).map(({ id, name, channel }) => ({ id, name, channel })),
  );
}

/** Copies the cells of `rows` out of `column` (`width` cells a row) into `into`, and returns that. */
export function takeRows<T extends Column>(column: T, rows: readonly number[], width: number, into: T): T {
  rows.forEach((row, place) => {
    into.set(column.subarray(row * width, (row + 1) * width), place * width);
  });
  return into;
}
