/** Control and recorder: one JSON document a line over a local socket; requests carry an id and are answered once. */
import { z } from 'zod';
import {
  cameraTransportSchema,
  connectionStatusSchema,
  gapReasonSchema,
  idSchema,
  mediaInfoSchema,
  planSchema,
  poolSchema,
  probeResultSchema,
  recordingStatusSchema,
  spaceSchema,
  strategySchema,
  utcMsSchema,
} from '../../../src/contract/index.ts';

export const spaceConfigSchema = z.object({
  id: idSchema,
  name: z.string(),
  path: z.string(),
  quotaBytes: z.number().int().positive(),
  blockBytes: z.number().int().positive(),
});
export type SpaceConfig = z.infer<typeof spaceConfigSchema>;

export const poolConfigSchema = z.object({
  id: idSchema,
  name: z.string(),
  strategy: strategySchema,
  cycleDays: z.number().int().nullable(),
  maxLockedPercent: z.number(),
  syncIntervalMs: z.number().int().min(100).max(60_000),
  /** Bytes are multiples of the space's block size. */
  shares: z.array(z.object({ spaceId: idSchema, bytes: z.number().int().nonnegative() })),
});
export type PoolConfig = z.infer<typeof poolConfigSchema>;

export const cameraConfigSchema = z.object({
  id: idSchema,
  name: z.string(),
  /** Without credentials. */
  url: z.string(),
  user: z.string().nullable(),
  password: z.string().nullable(),
  transport: cameraTransportSchema,
  allowBasicAuth: z.boolean(),
  poolId: idSchema.nullable(),
  plan: planSchema,
  enabled: z.boolean(),
});
export type CameraConfig = z.infer<typeof cameraConfigSchema>;

/** A stretch of a camera that is not to be overwritten, ends in UTC ms, `toMs` excluded; from `expiresAtMs` on it holds nothing. */
export const lockConfigSchema = z.object({
  id: idSchema,
  cameraId: idSchema,
  fromMs: utcMsSchema,
  toMs: utcMsSchema,
  expiresAtMs: utcMsSchema.nullable().optional(),
});
export type LockConfig = z.infer<typeof lockConfigSchema>;

/** What one lock holds, by space and pool; `poolId` is null, or not configured, for blocks that no pool owns now. */
const lockWeightSchema = z.object({
  id: idSchema,
  /** Video in the stretch by whole minutes; 0 when it was not asked for. */
  presentMs: z.number(),
  held: z.array(
    z.object({
      spaceId: idSchema,
      poolId: z.string().nullable(),
      blocks: z.number().int(),
      bytes: z.number(),
      /** Of `bytes`, what no lock of the configuration holds. */
      addedBytes: z.number(),
    }),
  ),
});
export type LockWeight = z.infer<typeof lockWeightSchema>;

const lockUseSchema = z.object({
  weights: z.array(lockWeightSchema),
  /** What each pool has of each space at that moment, and what the configured locks hold of it. */
  shares: z.array(
    z.object({ poolId: idSchema, spaceId: idSchema, totalBytes: z.number(), lockedBytes: z.number() }),
  ),
});
export type LockUse = z.infer<typeof lockUseSchema>;

export const recorderConfigSchema = z.object({
  nodeId: z.string(),
  epoch: z.number().int(),
  timeZone: z.string(),
  /** Directory that holds `index/` and `catalog.db`. */
  dataDir: z.string(),
  spaces: z.array(spaceConfigSchema),
  pools: z.array(poolConfigSchema),
  cameras: z.array(cameraConfigSchema),
  /** Left out: nothing is locked. */
  locks: z.array(lockConfigSchema).optional(),
  /** The cameras belong to a pair with a `recording` resource: they record only while its guard says that this node is active. */
  followsPair: z.boolean().optional(),
  /** What to write into the ledger for the time in which no recorder ran. */
  startReason: z.enum(['agent-down', 'recorder-restarted']),
});
export type RecorderConfig = z.infer<typeof recorderConfigSchema>;

export const cameraLiveSchema = z.object({
  id: idSchema,
  connection: connectionStatusSchema,
  recording: recordingStatusSchema,
  reason: gapReasonSchema.nullable(),
  problem: z.string().nullable(),
  sinceMs: utcMsSchema.nullable(),
  media: mediaInfoSchema.nullable(),
  bitsPerSecond: z.number(),
  recordedBytes: z.number(),
  packetsLost: z.number().int(),
  partsLost: z.number().int(),
  reconnects: z.number().int(),
  lastFrameMs: utcMsSchema.nullable(),
});
export type CameraLive = z.infer<typeof cameraLiveSchema>;

export const recorderStatusSchema = z.object({
  pid: z.number().int(),
  startedAtMs: utcMsSchema,
  rssBytes: z.number(),
  cpuPercent: z.number(),
  bitsPerSecond: z.number(),
  partsLost: z.number().int(),
  spaces: z.array(spaceSchema),
  pools: z.array(poolSchema),
  cameras: z.array(cameraLiveSchema),
});
export type RecorderStatus = z.infer<typeof recorderStatusSchema>;

/** Control to recorder. */
export const requestSchema = z.discriminatedUnion('method', [
  z.object({ id: z.number().int(), method: z.literal('configure'), config: recorderConfigSchema }),
  z.object({ id: z.number().int(), method: z.literal('initializeSpace'), spaceId: idSchema }),
  z.object({ id: z.number().int(), method: z.literal('restoreSpace'), spaceId: idSchema }),
  z.object({ id: z.number().int(), method: z.literal('cancelJob'), spaceId: idSchema }),
  /** What stretches hold, or would hold, of the blocks that there are. */
  z.object({
    id: z.number().int(),
    method: z.literal('weighLocks'),
    locks: z.array(lockConfigSchema),
    /** Count the video in each as well: a question to the index for each. */
    presence: z.boolean(),
  }),
  z.object({
    id: z.number().int(),
    method: z.literal('probe'),
    camera: cameraConfigSchema.pick({
      url: true,
      user: true,
      password: true,
      transport: true,
      allowBasicAuth: true,
    }),
  }),
  /** From the guard: whether this node is active, and since which epoch; a lower one than known is refused. */
  z.object({
    id: z.number().int(),
    method: z.literal('follow'),
    active: z.boolean(),
    epoch: z.number().int().nonnegative(),
  }),
  /** Ask for the status at once, besides the one that comes every second. */
  z.object({ id: z.number().int(), method: z.literal('status') }),
  /** Flush, sync, commit, close, exit 0. */
  z.object({ id: z.number().int(), method: z.literal('stop') }),
]);
export type RecorderRequest = z.infer<typeof requestSchema>;

export const wireErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});

/** For the journal. */
export const wireEventSchema = z.object({
  kind: z.literal('event'),
  timeMs: utcMsSchema,
  level: z.enum(['info', 'warning', 'error']),
  event: z.string(),
  subject: z.string(),
  text: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});

/** Recorder to control. */
export const messageSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('reply'),
    id: z.number().int(),
    error: wireErrorSchema.nullable(),
    probe: probeResultSchema.optional(),
    lockUse: lockUseSchema.optional(),
  }),
  /** Every second, and sooner when a state changed. */
  z.object({ kind: z.literal('status'), status: recorderStatusSchema }),
  wireEventSchema,
]);
export type RecorderMessage = z.infer<typeof messageSchema>;
