/** Inspection: which minutes of which hours hold video, and why the others do not; and export of a range. */
import { z } from 'zod';
import {
  bytesSchema,
  daySchema,
  gapReasonSchema,
  gapStateSchema,
  idSchema,
  utcMsSchema,
  viewer,
} from './common.ts';

export const hourStateSchema = z.enum(['no-plan', 'normal', 'exception', 'event-plan', 'unchecked']);
export type HourState = z.infer<typeof hourStateSchema>;

export const hourSchema = z.object({
  /** Local hour of the day, 0-23; with daylight saving a day has 23 or 25 cells and one number may repeat. */
  hour: z.number().int().min(0).max(23),
  startMs: utcMsSchema,
  state: hourStateSchema,
  /** Minutes of this hour that hold video. */
  minutes: z.number().int().min(0).max(60),
  /** Seconds that the plan wanted, that have passed, and that are not held. */
  missingSeconds: z.number().int().nonnegative(),
  /** The reason of most missing seconds. */
  reason: gapReasonSchema.nullable(),
  /** Seconds present, one number per minute; left out with `detail: hours`. */
  seconds: z.array(z.number().int().min(0).max(60)).length(60).optional(),
});
export type InspectionHour = z.infer<typeof hourSchema>;

export const inspectionRowSchema = z.object({
  id: idSchema,
  name: z.string(),
  channel: z.number().int(),
  hours: z.array(hourSchema),
});

export const inspectionDaySchema = z.object({
  day: daySchema,
  timeZone: z.string(),
  /** Until when the cells are final: the clock, at the time of the answer. */
  checkedToMs: utcMsSchema,
  cameras: z.array(inspectionRowSchema),
});
export type InspectionDay = z.infer<typeof inspectionDaySchema>;

export const inspectionMonthSchema = z.object({
  month: z.string(),
  timeZone: z.string(),
  cameras: z.array(
    z.object({
      id: idSchema,
      name: z.string(),
      channel: z.number().int(),
      days: z.array(
        z.object({
          day: daySchema,
          state: hourStateSchema,
          /** Minutes that hold video, and how many the plan wanted so far. */
          minutes: z.number().int(),
          plannedMinutes: z.number().int(),
        }),
      ),
    }),
  ),
});
export type InspectionMonth = z.infer<typeof inspectionMonthSchema>;

export const gapSchema = z.object({
  cameraId: idSchema,
  fromMs: utcMsSchema,
  /** Null while the outage lasts. */
  toMs: utcMsSchema.nullable(),
  reason: gapReasonSchema,
  /** The error of that moment in words: address, status, what was expected. */
  detail: z.string().nullable(),
  state: gapStateSchema,
});
export type Gap = z.infer<typeof gapSchema>;

export const inspectionHourDetailSchema = z.object({
  cameraId: idSchema,
  startMs: utcMsSchema,
  timeZone: z.string(),
  minutes: z
    .array(
      z.object({
        minute: z.number().int().min(0).max(59),
        seconds: z.number().int().min(0).max(60),
        planned: z.boolean(),
        reason: gapReasonSchema.nullable(),
      }),
    )
    .length(60),
  gaps: z.array(gapSchema),
});
export type InspectionHourDetail = z.infer<typeof inspectionHourDetailSchema>;

const filter = {
  /** Camera id, name, or part of a name. */
  camera: z.string().max(64).optional(),
  exceptionsOnly: z.boolean().default(false),
  worstFirst: z.boolean().default(false),
};

export const inspection = {
  /** Without `day`: today, up to the present minute. */
  day: viewer
    .route({ method: 'GET', path: '/inspection/day' })
    .input(
      z.object({
        day: daySchema.optional(),
        detail: z.enum(['hours', 'minutes']).default('hours'),
        ...filter,
      }),
    )
    .output(inspectionDaySchema),
  month: viewer
    .route({ method: 'GET', path: '/inspection/month' })
    .input(z.object({ month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month as YYYY-MM'), ...filter }))
    .output(inspectionMonthSchema),
  hour: viewer
    .route({ method: 'GET', path: '/inspection/hour' })
    .input(z.object({ cameraId: idSchema, startMs: utcMsSchema }))
    .output(inspectionHourDetailSchema),
  gaps: viewer
    .route({ method: 'GET', path: '/gaps' })
    .input(
      z.object({
        camera: z.string().max(64).optional(),
        fromMs: utcMsSchema.optional(),
        toMs: utcMsSchema.optional(),
        limit: z.number().int().min(1).max(10_000).default(200),
      }),
    )
    .output(z.array(gapSchema)),
};

export const exportPlanSchema = z.object({
  cameraId: idSchema,
  fromMs: utcMsSchema,
  toMs: utcMsSchema,
  /** Video in the range, and what the file will be about. */
  presentSeconds: z.number(),
  estimatedBytes: bytesSchema,
  parts: z.number().int(),
  gaps: z.array(gapSchema),
  /** Path of the download on the API port and on the local socket; needs the session like any call. */
  downloadPath: z.string(),
});
export type ExportPlan = z.infer<typeof exportPlanSchema>;

export const exportClip = {
  /** What an export of this range would hold. `not_found` when there is no video in it. */
  plan: viewer
    .route({ method: 'GET', path: '/export/plan' })
    .input(z.object({ camera: z.string().max(64), fromMs: utcMsSchema, toMs: utcMsSchema }))
    .output(exportPlanSchema),
};
