/** The journal: events, audit and log entries with search and download. */
import { z } from 'zod';
import { admin, utcMsSchema, viewer } from './common.ts';

export const logTypes = ['event', 'audit', 'system'] as const;
export const logLevels = ['debug', 'info', 'warning', 'error'] as const;

export const logEntrySchema = z.object({
  id: z.number().int(),
  timeMs: utcMsSchema,
  type: z.enum(logTypes),
  level: z.enum(logLevels),
  /** What it is about, `noun.what-happened`: `camera.lost`, `space.back`, `session.login-failed`. */
  event: z.string().max(64),
  /** Id of the object concerned. */
  subject: z.string().nullable(),
  /** Who did it, for audit entries. */
  user: z.string().nullable(),
  /** Client address, `local` for the console. */
  ip: z.string().nullable(),
  text: z.string(),
  details: z.record(z.string(), z.unknown()).nullable(),
});
export type LogEntry = z.infer<typeof logEntrySchema>;

export const logQuerySchema = z.object({
  text: z.string().max(256).optional(),
  type: z.enum(logTypes).optional(),
  /** This level and worse. */
  level: z.enum(logLevels).optional(),
  fromMs: utcMsSchema.optional(),
  toMs: utcMsSchema.optional(),
  ip: z.string().max(64).optional(),
  subject: z.string().max(64).optional(),
  /** Only entries with a smaller id: how to go on from `nextBeforeId`. */
  beforeId: z.number().int().positive().optional(),
  page: z.number().int().min(1).default(1),
  pageSize: z.number().int().min(1).max(1000).default(50),
});

export const log = {
  /** Newest first. */
  search: viewer
    .route({ method: 'GET', path: '/log' })
    .input(logQuerySchema)
    .output(
      z.object({
        /** Exact, or with `more` at least so many. */
        total: z.number().int(),
        page: z.number().int(),
        pages: z.number().int(),
        more: z.boolean().optional(),
        /** For the next call's `beforeId`; null when nothing older matches. A page may be short and still lead on. */
        nextBeforeId: z.number().int().nullable().optional(),
        entries: z.array(logEntrySchema),
      }),
    ),
  /** Removes entries before `beforeMs` (default: all but audit). `confirm` is the word `clear`. The clearing itself is audited. */
  clear: admin
    .route({ method: 'POST', path: '/log/clear' })
    .input(z.object({ beforeMs: utcMsSchema.optional(), confirm: z.literal('clear') }))
    .output(z.object({ removed: z.number().int() })),
};
