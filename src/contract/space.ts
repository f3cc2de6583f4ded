/** Storage spaces: browse folders, add with a quota, initialise with progress, health, delete, restore. */
import { z } from 'zod';
import {
  admin,
  byIdSchema,
  bytesSchema,
  idSchema,
  nameSchema,
  okSchema,
  spaceStateSchema,
  utcMsSchema,
  viewer,
} from './common.ts';

export const pathSchema = z.string().min(1).max(4096);

export const progressSchema = z.object({
  /** 0 to 100, one decimal. */
  percent: z.number().min(0).max(100),
  doneBytes: bytesSchema,
  totalBytes: bytesSchema,
  bytesPerSecond: z.number().nonnegative(),
  secondsLeft: z.number().nonnegative().nullable(),
});
export type Progress = z.infer<typeof progressSchema>;

export const spaceSchema = z.object({
  id: idSchema,
  name: nameSchema,
  path: z.string(),
  deviceType: z.enum(['ssd', 'hdd', 'nas', 'memory', 'unknown']),
  state: spaceStateSchema,
  /** Present while `initializing` or `restoring`. */
  progress: progressSchema.nullable(),
  quotaBytes: bytesSchema,
  blockBytes: bytesSchema,
  blocks: z.object({
    total: z.number(),
    free: z.number(),
    open: z.number(),
    sealed: z.number(),
    bad: z.number(),
  }),
  /** Bytes of blocks that hold video. */
  usedBytes: bytesSchema,
  /** Bytes given to pools. */
  allocatedBytes: bytesSchema,
  /** Latency of the last small synced write. */
  latencyMs: z.number().nullable(),
  checkedAtMs: utcMsSchema.nullable(),
  /** Why the space is not `normal`, in words, and what to do. */
  problem: z.string().nullable(),
  hint: z.string().nullable(),
});
export type Space = z.infer<typeof spaceSchema>;

export const folderEntrySchema = z.object({
  path: z.string(),
  name: z.string(),
  kind: z.enum(['mount', 'folder']),
  totalBytes: bytesSchema.nullable(),
  freeBytes: bytesSchema.nullable(),
  deviceType: z.enum(['ssd', 'hdd', 'nas', 'memory', 'unknown']),
  /** On the operating system's own disk: refused unless asked for expressly. */
  systemDisk: z.boolean(),
  writable: z.boolean(),
  empty: z.boolean(),
  /** A Holdfast marker was found: which space, and whose. */
  holdfast: z.object({ spaceId: z.string(), ownerNode: z.string(), ours: z.boolean() }).nullable(),
});
export type FolderEntry = z.infer<typeof folderEntrySchema>;

export const space = {
  list: viewer.route({ method: 'GET', path: '/spaces' }).output(z.array(spaceSchema)),
  /** Without a path: the mounts of the node. With one: its folders. */
  browse: admin
    .meta({ role: 'admin', audited: false })
    .route({ method: 'GET', path: '/spaces/browse' })
    .input(z.object({ path: pathSchema.optional() }))
    .output(
      z.object({
        path: z.string().nullable(),
        parent: z.string().nullable(),
        entries: z.array(folderEntrySchema),
      }),
    ),
  makeFolder: admin
    .route({ method: 'POST', path: '/spaces/folders' })
    .input(z.object({ path: pathSchema }))
    .output(okSchema),
  /**
   * Register a folder and start initialising it. Errors: `conflict` when the folder holds anything (needs `confirm`,
   * the folder's path typed again), belongs to another space, or lies on the system disk (needs `allowSystemDisk`);
   * `disk_full` when the quota exceeds what is free; `invalid_input` for a relative path or a quota under 64 MiB.
   * A folder that carries the marker of a space of this node unknown to its settings is taken up as
   * `waiting-for-recovery` and must be restored instead.
   */
  add: admin
    .route({ method: 'POST', path: '/spaces', successStatus: 201 })
    .input(
      z.object({
        path: pathSchema,
        name: nameSchema.optional(),
        quotaBytes: bytesSchema,
        confirm: z.string().optional(),
        allowSystemDisk: z.boolean().default(false),
      }),
    )
    .output(spaceSchema),
  /** Initialise again: destroys what is recorded there. `confirm` is the space's name. */
  initialize: admin
    .route({ method: 'POST', path: '/spaces/{id}/initialize' })
    .input(z.object({ id: idSchema, confirm: z.string() }))
    .output(spaceSchema),
  cancel: admin.route({ method: 'POST', path: '/spaces/{id}/cancel' }).input(byIdSchema).output(okSchema),
  /** Only a `lost`, `error`, or cancelled space, or one that no pool uses; files on disk stay. */
  delete: admin
    .route({ method: 'DELETE', path: '/spaces/{id}' })
    .input(z.object({ id: idSchema, confirm: z.string() }))
    .output(okSchema),
  /**
   * Rebuild the index from the blocks; nothing is recorded there meanwhile. A `normal` space, which records, needs its
   * name as `confirm`: `conflict` without.
   */
  restore: admin
    .route({ method: 'POST', path: '/spaces/{id}/restore' })
    .input(z.object({ id: idSchema, confirm: z.string().optional() }))
    .output(spaceSchema),
};
