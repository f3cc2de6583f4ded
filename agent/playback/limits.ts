/** The bounds of an export, and the checks of its range. */
import { AppError } from '../../src/errors.ts';
import type { ExportInput } from '../inspection/types.ts';

const exportSpanMsMax = 48 * 3_600_000;
/** Exports under way at once. */
export const exportSessionsMax = 4;
/** An export that nobody reads from for this long is given up. */
export const exportIdleMs = 120_000;
/** How far before the start the group of pictures may begin. */
export const lookBackMs = 120_000;
/** Media time may run this much behind or before arrival time. */
export const clockSlackMs = 2_000;

export function checkRange(input: ExportInput): void {
  const { fromMs, toMs } = input;
  if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(toMs) || fromMs < 0 || toMs <= fromMs) {
    throw new AppError('invalid_input', 'the end of the range is not behind its start', {
      hint: 'Give two moments, the earlier one first.',
    });
  }
  if (toMs - fromMs > exportSpanMsMax) {
    throw new AppError('invalid_input', `an export spans at most ${exportSpanMsMax / 3_600_000} hours`, {
      hint: 'Export day by day.',
    });
  }
}

export function noVideo(cameraName: string): AppError {
  return new AppError('not_found', `no video of ${cameraName} in this range`, {
    hint: 'See with `holdfast inspect` which hours hold video.',
  });
}
