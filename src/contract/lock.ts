/** Locks: stretches of a camera that are evidence and not overwritten until somebody unlocks them, or they expire. */
import { z } from 'zod';
import {
  admin,
  byIdSchema,
  bytesSchema,
  idSchema,
  okSchema,
  operator,
  utcMsSchema,
  viewer,
} from './common.ts';

/** Why it is locked, in one line: a case number, a name. */
export const lockNoteSchema = z
  .string()
  .trim()
  .max(200)
  .regex(
    /^[^\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]*$/u,
    'one line, no control characters',
  );

export const lockSchema = z.object({
  id: idSchema,
  cameraId: idSchema,
  /** Null when the camera is not configured any more. */
  cameraName: z.string().nullable(),
  /** The end is excluded. */
  fromMs: utcMsSchema,
  toMs: utcMsSchema,
  note: z.string(),
  createdBy: z.string(),
  createdAtMs: utcMsSchema,
  /** When it ends by itself; null: when somebody unlocks. */
  expiresAtMs: utcMsSchema.nullable(),
  /** What it keeps from being overwritten, in whole blocks; null while the recorder does not say. */
  blocks: z.number().int().nullable(),
  bytes: bytesSchema.nullable(),
});
export type Lock = z.infer<typeof lockSchema>;

export const lockAddSchema = z.object({
  /** Id or name. */
  camera: z.string().max(64),
  fromMs: utcMsSchema,
  /** An end in the future is cut at the present. */
  toMs: utcMsSchema,
  note: lockNoteSchema.default(''),
  /** In the future; left out or null: until somebody unlocks. */
  expiresAtMs: utcMsSchema.nullable().default(null),
});

export const lock = {
  /** Oldest stretch first; without what has expired. */
  list: viewer
    .route({ method: 'GET', path: '/locks' })
    .input(z.object({ camera: z.string().max(64).optional() }))
    .output(z.array(lockSchema)),
  /**
   * Holds from the answer on. At most 1,000 a node. `not_found` when nothing of the stretch is recorded, `disk_full`
   * when more of a pool would be locked than its `maxLockedPercent`: `details` has the figures.
   */
  add: operator
    .route({ method: 'POST', path: '/locks', successStatus: 201 })
    .input(lockAddSchema)
    .output(lockSchema),
  /** From now on what it held may be overwritten, oldest first. */
  remove: admin.route({ method: 'DELETE', path: '/locks/{id}' }).input(byIdSchema).output(okSchema),
};
