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

export function exportHandlers({ reader }: Services) {
  return {
    plan: api.export.plan.handler(({ input }) => {
      requireRange(input);
      return reader.exportPlan(input);
    }),
  };
}

/** @throws AppError `invalid_input` when a range is empty. */
export function requireRange(range: { fromMs: number; toMs: number }): void {
  if (range.fromMs < range.toMs) return;
  throw new AppError('invalid_input', 'toMs: the end must be after the start', {
    hint: 'Correct the times.',
    details: { field: 'toMs' },
  });
}
