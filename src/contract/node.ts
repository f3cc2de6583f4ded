/** The node itself: one status document that answers the three questions, a live stream of it, and the doctor. */
import { eventIterator } from '@orpc/contract';
import { z } from 'zod';
import { cameraSchema } from './camera.ts';
import { anyone, bytesSchema, roleSchema, serviceStateSchema, utcMsSchema, viewer } from './common.ts';
import { groupRoleSchema, workingStatusSchema } from './group.ts';
import { logEntrySchema } from './log.ts';
import { poolSchema } from './pool.ts';
import { spaceSchema } from './space.ts';

export const serviceNames = [
  'storage-management',
  'data-storage',
  'access-management',
  'video-access',
] as const;

export const serviceSchema = z.object({
  name: z.enum(serviceNames),
  state: serviceStateSchema,
  detail: z.string().nullable(),
});
export type Service = z.infer<typeof serviceSchema>;

/** One line of "what must I do now": the worst first. */
export const concernSchema = z.object({
  level: z.enum(['ok', 'warning', 'error']),
  question: z.enum(['recorded', 'service', 'todo']),
  text: z.string(),
  hint: z.string().nullable(),
  /** Page of the TUI that leads there. */
  page: z.enum(['home', 'storage', 'recording', 'inspection', 'standby', 'receivers', 'log', 'system']),
});
export type Concern = z.infer<typeof concernSchema>;

/** The alarm receiver in a few figures, for what every page shows. */
export const alarmSummarySchema = z.object({
  listen: z.string().nullable(),
  forwarding: z.boolean(),
  problem: z.string().nullable(),
  /** Not yet with the ARC: here, or in the queue of the group. */
  waiting: z.number().int(),
  /** Events that no operator has acknowledged. */
  unacknowledged: z.number().int(),
  devices: z.number().int(),
  devicesLost: z.number().int(),
  group: z
    .object({
      arcId: z.string(),
      role: groupRoleSchema.nullable(),
      status: workingStatusSchema,
      members: z.number().int(),
      offline: z.number().int(),
    })
    .nullable(),
});
export type AlarmSummary = z.infer<typeof alarmSummarySchema>;

export const statusSchema = z.object({
  node: z.object({
    id: z.string(),
    name: z.string(),
    role: z.enum(['single', 'active', 'standby']),
    startedAtMs: utcMsSchema,
    timeZone: z.string(),
    platform: z.string(),
    /** SHA-256 of the TLS certificate, to compare at first contact. */
    fingerprint: z.string().nullable(),
    listen: z.string().nullable(),
  }),
  version: z.string(),
  timeMs: utcMsSchema,
  /** False until the first account's password was changed and a space, a pool and a camera exist. */
  setup: z.object({
    passwordChanged: z.boolean(),
    hasSpace: z.boolean(),
    hasPool: z.boolean(),
    hasCamera: z.boolean(),
  }),
  services: z.array(serviceSchema),
  concerns: z.array(concernSchema),
  capacity: z.object({ totalBytes: bytesSchema, usedBytes: bytesSchema, freeBytes: bytesSchema }),
  counts: z.object({
    cameras: z.number().int(),
    recording: z.number().int(),
    liveSchedules: z.number().int(),
    historicalSchedules: z.number().int(),
    pools: z.number().int(),
    uninitializedSpaces: z.number().int(),
  }),
  recorder: z.object({
    pid: z.number().int().nullable(),
    restarts: z.number().int(),
    bitsPerSecond: z.number(),
    partsLost: z.number().int(),
    rssBytes: bytesSchema,
    cpuPercent: z.number(),
  }),
  spaces: z.array(spaceSchema),
  pools: z.array(poolSchema),
  cameras: z.array(cameraSchema),
  /** Left out while this node receives no alarms. */
  alarms: alarmSummarySchema.optional(),
  lastEvents: z.array(logEntrySchema),
});
export type NodeStatus = z.infer<typeof statusSchema>;

export const doctorCheckSchema = z.object({
  name: z.string(),
  result: z.enum(['pass', 'warn', 'fail', 'skip']),
  evidence: z.string(),
  fix: z.string().nullable(),
});
export type DoctorCheck = z.infer<typeof doctorCheckSchema>;

export const node = {
  status: viewer.route({ method: 'GET', path: '/status' }).output(statusSchema),
  /** The status at once and then every `intervalMs`, sooner when something changed state. */
  watch: viewer
    .route({ method: 'GET', path: '/status/watch' })
    .input(z.object({ intervalMs: z.number().int().min(200).max(60_000).default(1_000) }))
    .output(eventIterator(statusSchema)),
  doctor: viewer.route({ method: 'GET', path: '/doctor' }).output(z.array(doctorCheckSchema)),
  /** Name, version and API version without a session; nothing else. */
  hello: anyone.route({ method: 'GET', path: '/hello' }).output(
    z.object({
      product: z.literal('holdfast'),
      version: z.string(),
      api: z.number().int(),
      local: z.boolean(),
      role: roleSchema.nullable(),
    }),
  ),
};
