/** The receiver group: up to four receivers of one account, of which exactly one works. */
import { z } from 'zod';
import { admin, nameSchema, okSchema, operator, utcMsSchema, viewer } from './common.ts';
import { arbiterConfigSchema } from './standby.ts';

export const groupRoles = ['host', 'spare-1', 'spare-2', 'spare-3'] as const;
export const groupRoleSchema = z.enum(groupRoles);
export type GroupRole = z.infer<typeof groupRoleSchema>;

export const groupMembersMax = 4;

/** Working status, as operators know it. */
export const workingStatusSchema = z.enum(['working', 'standby', 'offline']);
export type WorkingStatus = z.infer<typeof workingStatusSchema>;

export const backupStateSchema = z.enum(['none', 'updating', 'updated', 'failed']);
export type BackupState = z.infer<typeof backupStateSchema>;

/** Where the registry, the backups and the queue are: a hub (account: the ARC ID, key: the ARC key) or NATS JetStream. */
export const groupStoreSchema = z.discriminatedUnion('kind', [
  arbiterConfigSchema.options[0],
  arbiterConfigSchema.options[2],
]);
export type GroupStoreConfig = z.infer<typeof groupStoreSchema>;

/** The ARC ID: names the group, and the hub's account where the store is a hub. */
export const arcIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'lower-case letters, digits and dashes, at most 32 characters');

export const groupBackupSchema = z.object({
  /** `HF_Backup_<account>_<receiver id>`; null before the first. */
  name: z.string().nullable(),
  version: z.number().int().nonnegative(),
  /** When the host published it. */
  publishedMs: utcMsSchema.nullable(),
  /** When this receiver last took it over. */
  updatedMs: utcMsSchema.nullable(),
  state: backupStateSchema,
  bytes: z.number().int().nonnegative(),
  devices: z.number().int().nonnegative(),
  problem: z.string().nullable(),
});
export type GroupBackup = z.infer<typeof groupBackupSchema>;

export const groupMemberSchema = z.object({
  /** Receiver id: the node's id. */
  id: z.string().max(64),
  name: nameSchema,
  role: groupRoleSchema,
  status: workingStatusSchema,
  self: z.boolean(),
  /** Since it was last heard, null when never. */
  ageMs: z.number().nullable(),
  version: z.string().nullable(),
  backupVersion: z.number().int().nullable(),
  backupState: backupStateSchema.nullable(),
  /** Events stored there that are not yet in the group's queue. */
  unshared: z.number().int().nullable(),
  problem: z.string().nullable(),
});
export type GroupMember = z.infer<typeof groupMemberSchema>;

/** One decision of the role machine. */
export const groupDecisionSchema = z.object({
  timeMs: utcMsSchema,
  rule: z.string().max(64),
  outcome: z.string().max(512),
});
export type GroupDecision = z.infer<typeof groupDecisionSchema>;

export const groupStatusSchema = z.object({
  enabled: z.boolean(),
  arcId: z.string().nullable(),
  store: z.object({
    kind: z.enum(['hub', 'nats', 'none']),
    address: z.string().nullable(),
    state: z.enum(['reachable', 'unreachable', 'none']),
    roundTripMs: z.number().nullable(),
    problem: z.string().nullable(),
  }),
  self: z.object({
    id: z.string(),
    name: nameSchema,
    role: groupRoleSchema.nullable(),
    status: workingStatusSchema,
  }),
  members: z.array(groupMemberSchema).max(groupMembersMax),
  lease: z.object({
    holder: z.string().nullable(),
    epoch: z.number().int(),
    validForMs: z.number().nullable(),
  }),
  backup: groupBackupSchema,
  queue: z.object({ waiting: z.number().int().nullable(), oldestMs: utcMsSchema.nullable() }),
  /** One line: who would take over if the working one died now, and after how long. */
  forecast: z.string(),
  problem: z.string().nullable(),
  decisions: z.array(groupDecisionSchema).max(50),
});
export type GroupStatus = z.infer<typeof groupStatusSchema>;

const clearingSchema = z.object({
  /** What is cleared, a line each; nothing was done with `dryRun`. */
  clears: z.array(z.string()),
  keeps: z.array(z.string()),
  done: z.boolean(),
});
export type GroupClearing = z.infer<typeof clearingSchema>;

export const group = {
  status: viewer.route({ method: 'GET', path: '/group' }).output(groupStatusSchema),
  /**
   * Joins the group of an account: the first receiver becomes host, the next ones spare 1 to 3. Tries the connection first.
   * `backupKey`: seals backups between members; left out, the hub's key or the NATS password does.
   */
  connect: admin
    .route({ method: 'POST', path: '/group/connect' })
    .input(
      z.object({
        store: groupStoreSchema,
        arcId: arcIdSchema,
        backupKey: z.string().min(8).max(256).nullable().default(null),
        /** Takes over the store although this node has devices of its own: they are replaced when it becomes a spare. */
        replaceOwn: z.boolean().default(false),
      }),
    )
    .output(z.object({ role: groupRoleSchema, members: z.array(groupMemberSchema) })),
  /** Leaves the group. A host's leaving disables the whole group. Says what it clears; `confirm` is the ARC ID. */
  disable: admin
    .route({ method: 'POST', path: '/group/disable' })
    .input(z.object({ dryRun: z.boolean().default(false), confirm: z.string().max(64).optional() }))
    .output(clearingSchema),
  /** On the host: the order of the spares, and removal of one that will not come back. */
  order: admin
    .route({ method: 'POST', path: '/group/order' })
    .input(z.object({ members: z.array(z.string().max(64)).min(1).max(groupMembersMax) }))
    .output(okSchema),
  removeMember: admin
    .route({ method: 'POST', path: '/group/remove' })
    .input(z.object({ member: z.string().max(64), confirm: z.string().max(64) }))
    .output(okSchema),
  /** Asks the working receiver to hand over to `to` (default: this one). It goes back to the highest in priority when `hold` seconds have passed. */
  handOver: operator
    .route({ method: 'POST', path: '/group/hand-over' })
    .input(
      z.object({
        to: z.string().max(64).optional(),
        holdSeconds: z.number().int().min(0).max(86_400).default(300),
      }),
    )
    .output(okSchema),
  explain: viewer
    .route({ method: 'GET', path: '/group/explain' })
    .output(
      z.object({ summary: z.string(), lines: z.array(z.string()), decisions: z.array(groupDecisionSchema) }),
    ),
};
