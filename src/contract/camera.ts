/** Cameras: source, plan and pool, with live connection and recording status. */
import { z } from 'zod';
import {
  byIdSchema,
  bytesSchema,
  connectionStatusSchema,
  gapReasonSchema,
  idSchema,
  nameSchema,
  okSchema,
  operator,
  recordingStatusSchema,
  utcMsSchema,
  viewer,
} from './common.ts';

/** 7 days, Monday first, of 96 quarter hours: `.` nothing, `T` timed. */
export const weeklyPlanSchema = z
  .array(z.string().regex(/^[.T]{96}$/, '96 quarter hours, each T or .'))
  .length(7);
export const planSchema = z.union([z.literal('always'), z.literal('never'), weeklyPlanSchema]);
export type RecordingPlan = z.infer<typeof planSchema>;

export const cameraUrlSchema = z
  .string()
  .max(2048)
  .regex(/^rtsps?:\/\/[^\s]+$/, 'an address like rtsp://user:password@host:554/path');

export const cameraTransportSchema = z.enum(['tcp', 'udp']);

export const mediaInfoSchema = z.object({
  videoCodec: z.enum(['h264', 'h265']).nullable(),
  audioCodec: z.enum(['aac', 'pcma', 'pcmu']).nullable(),
  width: z.number().int().nullable(),
  height: z.number().int().nullable(),
  framesPerSecond: z.number().nullable(),
  /** Notes such as "audio G.726 is not supported: video only". */
  notes: z.array(z.string()),
});
export type MediaInfo = z.infer<typeof mediaInfoSchema>;

export const cameraSchema = z.object({
  id: idSchema,
  name: nameSchema,
  channel: z.number().int().min(1).max(1024),
  /** Without user and password: those never leave the node. */
  url: z.string(),
  hasCredentials: z.boolean(),
  transport: cameraTransportSchema,
  poolId: idSchema.nullable(),
  plan: planSchema,
  enabled: z.boolean(),
  connection: connectionStatusSchema,
  recording: recordingStatusSchema,
  /** Reason of the present outage, and since when; null when all is well. */
  reason: gapReasonSchema.nullable(),
  /** The reason in words, with what to do. */
  problem: z.string().nullable(),
  sinceMs: utcMsSchema.nullable(),
  media: mediaInfoSchema.nullable(),
  bitsPerSecond: z.number(),
  recordedBytes: bytesSchema,
  packetsLost: z.number().int(),
  partsLost: z.number().int(),
  reconnects: z.number().int(),
  lastFrameMs: utcMsSchema.nullable(),
});
export type Camera = z.infer<typeof cameraSchema>;

export const cameraAddSchema = z.object({
  id: idSchema.optional(),
  name: nameSchema,
  channel: z.number().int().min(1).max(1024).default(1),
  url: cameraUrlSchema,
  transport: cameraTransportSchema.default('tcp'),
  /** Pool id or name. */
  pool: z.string().max(64),
  plan: planSchema.default('always'),
  /** Basic authentication over plain RTSP sends the password readable: allowed only when asked for. */
  allowBasicAuth: z.boolean().default(false),
});

export const probeResultSchema = z.object({
  ok: z.boolean(),
  media: mediaInfoSchema.nullable(),
  reason: gapReasonSchema.nullable(),
  problem: z.string().nullable(),
  hint: z.string().nullable(),
  elapsedMs: z.number(),
});

export const camera = {
  list: viewer.route({ method: 'GET', path: '/cameras' }).output(z.array(cameraSchema)),
  /** `id` may also be the camera's name. */
  show: viewer
    .route({ method: 'GET', path: '/cameras/{id}' })
    .input(z.object({ id: z.string().max(64) }))
    .output(cameraSchema),
  /** Connects, plays until the first key frame or 8 s, and says what it found. Nothing is recorded. */
  probe: operator
    .route({ method: 'POST', path: '/cameras/probe' })
    .input(
      z.object({
        url: cameraUrlSchema,
        transport: cameraTransportSchema.default('tcp'),
        allowBasicAuth: z.boolean().default(false),
      }),
    )
    .output(probeResultSchema),
  add: operator
    .route({ method: 'POST', path: '/cameras', successStatus: 201 })
    .input(cameraAddSchema)
    .output(cameraSchema),
  edit: operator
    .route({ method: 'PATCH', path: '/cameras/{id}' })
    .input(
      z.object({
        id: idSchema,
        name: nameSchema.optional(),
        channel: z.number().int().min(1).max(1024).optional(),
        url: cameraUrlSchema.optional(),
        transport: cameraTransportSchema.optional(),
        pool: z.string().max(64).optional(),
        plan: planSchema.optional(),
        enabled: z.boolean().optional(),
        allowBasicAuth: z.boolean().optional(),
      }),
    )
    .output(cameraSchema),
  /** Recording stops; what is recorded stays until it is overwritten. */
  remove: operator.route({ method: 'DELETE', path: '/cameras/{id}' }).input(byIdSchema).output(okSchema),
};
