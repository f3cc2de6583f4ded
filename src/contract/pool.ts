/** Resource pools: capacity from one or more spaces with an overwrite strategy. */
import { z } from 'zod';
import {
  admin,
  byIdSchema,
  bytesSchema,
  idSchema,
  nameSchema,
  okSchema,
  strategySchema,
  utcMsSchema,
  viewer,
} from './common.ts';

const shareSchema = z.object({ spaceId: idSchema, bytes: bytesSchema });

export const poolSchema = z.object({
  id: idSchema,
  name: nameSchema,
  strategy: strategySchema,
  cycleDays: z.number().int().min(1).max(3650).nullable(),
  maxLockedPercent: z.number().min(0).max(90),
  /** Interval of the group sync of this pool's blocks. */
  syncIntervalMs: z.number().int(),
  /** `normal`, or the worst of its spaces' troubles. */
  status: z.enum(['normal', 'degraded', 'no-space', 'lost']),
  problem: z.string().nullable(),
  shares: z.array(shareSchema.extend({ blocks: z.number(), free: z.number() })),
  totalBytes: bytesSchema,
  freeBytes: bytesSchema,
  usedBytes: bytesSchema,
  lockedBytes: bytesSchema,
  reserveBytes: bytesSchema,
  cameras: z.number().int(),
  writeBytesPerSecond: z.number(),
  oldestVideoMs: utcMsSchema.nullable(),
  /** Seconds of video that fit at the present rate; null until there is a rate. */
  retentionSeconds: z.number().nullable(),
});
export type Pool = z.infer<typeof poolSchema>;

export const poolAddSchema = z.object({
  name: nameSchema,
  shares: z.array(shareSchema).min(1).max(32),
  strategy: strategySchema.default('capacity'),
  cycleDays: z.number().int().min(1).max(3650).optional(),
  maxLockedPercent: z.number().min(0).max(90).default(20),
});

export const pool = {
  list: viewer.route({ method: 'GET', path: '/pools' }).output(z.array(poolSchema)),
  show: viewer.route({ method: 'GET', path: '/pools/{id}' }).input(byIdSchema).output(poolSchema),
  /** At most 20 a node. Share sizes round down to whole blocks; `disk_full` names what the space can still give. */
  add: admin
    .route({ method: 'POST', path: '/pools', successStatus: 201 })
    .input(poolAddSchema)
    .output(poolSchema),
  edit: admin
    .route({ method: 'PATCH', path: '/pools/{id}' })
    .input(
      z.object({
        id: idSchema,
        name: nameSchema.optional(),
        strategy: strategySchema.optional(),
        cycleDays: z.number().int().min(1).max(3650).optional(),
        maxLockedPercent: z.number().min(0).max(90).optional(),
      }),
    )
    .output(poolSchema),
  /** The most each space can give now, for the expand form. */
  expandable: viewer
    .route({ method: 'GET', path: '/pools/{id}/expandable' })
    .input(byIdSchema)
    .output(z.array(shareSchema)),
  /** Sets one space's share to `bytes` (grow or shrink; shrinking frees the oldest blocks first). */
  expand: admin
    .route({ method: 'POST', path: '/pools/{id}/expand' })
    .input(z.object({ id: idSchema, share: shareSchema }))
    .output(poolSchema),
  /** Refused with `conflict` while a camera points to it. `confirm` is the pool's name. Its video becomes free blocks. */
  delete: admin
    .route({ method: 'DELETE', path: '/pools/{id}' })
    .input(z.object({ id: idSchema, confirm: z.string() }))
    .output(okSchema),
};
