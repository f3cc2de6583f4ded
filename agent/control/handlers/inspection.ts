/** Handlers of `inspection` and `export`: passed on to the reader, which works in a thread of its own. */
import { AppError } from '../../../src/errors.ts';
import { api } from '../api/implementer.ts';
import type { Services } from '../services.ts';

export function inspectionHandlers({ reader }: Services) {
  return {
    day: api.inspection.day.handler(({ input }) => reader.day(input)),
    month: api.inspection.month.handler(({ input }) => reader.month(input)),
    hour: api.inspection.hour.handler(({ input }) => reader.hour(input)),
    gaps: api.inspection.gaps.handler(({ input }) => reader.gaps(input)),
  };
}

export function exportHandlers({ reader, settings }: Services) {
  const isKnown = (camera: string) =>
    settings.current().cameras.some(({ id, name }) => id === camera || name === camera);
  return {
    plan: api.export.plan.handler(async ({ input }) => {
      requireRange(input);
      try {
        return await reader.exportPlan(input);
      } catch (error) {
        // A removed camera is still found by its id, as long as there is video of it.
        if (!(error instanceof AppError) || error.code !== 'not_found' || isKnown(input.camera)) throw error;
        throw new AppError(
          'not_found',
          `there is no camera ${input.camera}, and no video of one that was removed`,
          {
            hint: 'See: holdfast camera list.',
          },
        );
      }
    }),
  };
}

/** @throws AppError `invalid_input` when a range is empty. */
export function requireRange(range: { fromMs: number; toMs: number }): void {
  if (range.fromMs < range.toMs) return;
  throw new AppError('invalid_input', 'toMs: the end must be after the start', {
    hint: 'Give two moments, the earlier one first.',
    details: { field: 'toMs' },
  });
}
