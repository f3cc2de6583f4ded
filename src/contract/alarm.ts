/** Alarms: what came in, where it went, and the outputs to the alarm receiving centre (ARC). */
import { eventIterator } from '@orpc/contract';
import { z } from 'zod';
import { admin, idSchema, nameSchema, okSchema, operator, utcMsSchema, viewer } from './common.ts';

/** DC-09 account of a device: 3 to 16 letters and digits, upper case. */
export const alarmAccountSchema = z.string().regex(/^[0-9A-Z]{3,16}$/, '3 to 16 letters and digits');

/**
 * `shared`: handed to the group's queue, where the working receiver forwards it. `kept`: stored and shown, and not to be
 * forwarded: its event mapping says so, or the account is unknown.
 */
export const alarmStates = ['waiting', 'shared', 'acknowledged', 'refused', 'kept'] as const;
export const alarmStateSchema = z.enum(alarmStates);
export type AlarmState = z.infer<typeof alarmStateSchema>;

export const alarmCategories = [
  'burglary',
  'fire',
  'panic',
  'medical',
  'access',
  'trouble',
  'bypass',
  'open-close',
  'test',
  'supervision',
  'other',
] as const;
export const alarmCategorySchema = z.enum(alarmCategories);
export type AlarmCategory = z.infer<typeof alarmCategorySchema>;

/** How an event reached us: straight from the device, through the hub, or made here (supervision). */
export const alarmWays = ['direct', 'hub', 'local'] as const;
export const alarmWaySchema = z.enum(alarmWays);

/** What a frame says, whichever format it has. Unknown fields are null. */
export const alarmContentSchema = z.object({
  /** SIA code such as `BA`, or Contact ID event code such as `130`. */
  code: z.string().max(8).nullable(),
  qualifier: z.enum(['new', 'restore', 'previous']).nullable(),
  area: z.string().max(16).nullable(),
  zone: z.string().max(16).nullable(),
  user: z.string().max(16).nullable(),
  /** Free text that the device sent. */
  text: z.string().max(512).nullable(),
});
export type AlarmContent = z.infer<typeof alarmContentSchema>;

export const alarmSchema = alarmContentSchema.extend({
  /** Row of this node; grows with each event. */
  number: z.number().int().positive(),
  /** The same on every receiver of the group. */
  id: z.string().max(64),
  account: z.string().max(16),
  /** Name of the device; null for an unknown account. */
  device: z.string().nullable(),
  kind: z.enum(['device', 'supervision']),
  /** `SIA-DCS`, `ADM-CID`… */
  format: z.string().max(16),
  /** The code in words. */
  words: z.string(),
  category: alarmCategorySchema,
  receivedMs: utcMsSchema,
  /** The device's own time stamp. */
  deviceTimeMs: utcMsSchema.nullable(),
  way: alarmWaySchema,
  /** Address it came from. */
  source: z.string().max(64),
  encrypted: z.boolean(),
  /** Verification links and other extended data, as `[V…]` says. */
  video: z.array(z.string()),
  /** The frame as received (decrypted where it was encrypted), without line feed and carriage return. */
  raw: z.string(),
  state: alarmStateSchema,
  attempts: z.number().int(),
  /** Output that acknowledged it. */
  output: z.string().nullable(),
  arcAckMs: utcMsSchema.nullable(),
  problem: z.string().nullable(),
  /** The operator who has seen it. */
  acknowledgedBy: z.string().nullable(),
  acknowledgedMs: utcMsSchema.nullable(),
});
export type Alarm = z.infer<typeof alarmSchema>;

export const alarmQuerySchema = z.object({
  account: z.string().max(16).optional(),
  code: z.string().max(8).optional(),
  category: alarmCategorySchema.optional(),
  state: alarmStateSchema.optional(),
  /** Substring of device name, words, text or raw frame. */
  text: z.string().max(128).optional(),
  fromMs: utcMsSchema.optional(),
  toMs: utcMsSchema.optional(),
  /** Only those that no operator has acknowledged. */
  unacknowledged: z.boolean().default(false),
  /** Only rows below this number: how to go on. */
  before: z.number().int().positive().optional(),
  limit: z.number().int().min(1).max(1_000).default(50),
});
export type AlarmQuery = z.infer<typeof alarmQuerySchema>;

const portSchema = z.number().int().min(1).max(65_535);
const outputCommon = {
  id: idSchema,
  name: nameSchema,
  enabled: z.boolean().default(true),
  /** Receiver number, 1 to 6 hex digits. */
  receiver: z
    .string()
    .regex(/^[0-9A-F]{1,6}$/)
    .default('1'),
  /** Line card number, 1 to 6 hex digits. */
  line: z
    .string()
    .regex(/^[0-9A-F]{1,6}$/)
    .default('0'),
  responseTimeoutMs: z.number().int().min(500).max(60_000).default(20_000),
  attemptsMax: z.number().int().min(1).max(10).default(3),
  /** 0: no heartbeat. */
  heartbeatSeconds: z.number().int().min(0).max(3_600).default(30),
};

/** An ARC's automation. The first that is enabled is used; the next ones are its alternates, in order. */
export const alarmOutputSchema = z.discriminatedUnion('kind', [
  z.object({
    ...outputCommon,
    kind: z.literal('dc09'),
    host: z.string().min(1).max(253),
    port: portSchema.default(1025),
    transport: z.enum(['tcp', 'udp']).default('tcp'),
    /** Account of this receiver in its own heartbeats. */
    account: alarmAccountSchema.default('0000'),
    /** AES key, 32, 48 or 64 hex digits; `''` in answers stands for one that is set; null: none. */
    key: z
      .string()
      .regex(/^([0-9A-Fa-f]{32}|[0-9A-Fa-f]{48}|[0-9A-Fa-f]{64})?$/, '32, 48 or 64 hex digits')
      .nullable()
      .default(null),
    format: z.enum(['as-received', 'SIA-DCS', 'ADM-CID']).default('as-received'),
    /** Connections side by side; the order of each account is kept. */
    lanes: z.number().int().min(1).max(16).default(4),
    videoLinks: z.boolean().default(true),
  }),
  z.object({
    ...outputCommon,
    kind: z.literal('surgard-client'),
    host: z.string().min(1).max(253),
    port: portSchema.default(1025),
  }),
  z.object({
    ...outputCommon,
    kind: z.literal('surgard-server'),
    /** Where the automation connects to. */
    listenHost: z.string().max(253).default('0.0.0.0'),
    port: portSchema.default(1025),
    /** Addresses that may connect, or `any`; empty: only from the receiver's own machine. */
    clients: z.array(z.string().max(64)).max(16).default([]),
  }),
]);
export type AlarmOutput = z.infer<typeof alarmOutputSchema>;

export const outputStatusSchema = z.object({
  id: idSchema,
  name: nameSchema,
  /** `idle`: an alternate that is not needed, or a receiver that does not forward now. */
  state: z.enum(['connected', 'connecting', 'failing', 'idle', 'disabled']),
  active: z.boolean(),
  acknowledged: z.number().int(),
  failedAttempts: z.number().int(),
  lastAckMs: utcMsSchema.nullable(),
  roundTripMs: z.number().nullable(),
  problem: z.string().nullable(),
});
export type OutputStatus = z.infer<typeof outputStatusSchema>;

export const receiverStatusSchema = z.object({
  enabled: z.boolean(),
  /** `host:port`, null while not listening. */
  listen: z.string().nullable(),
  problem: z.string().nullable(),
  /** Whether this receiver forwards: alone, or as the working one of its group. */
  forwarding: z.boolean(),
  queue: z.object({
    waiting: z.number().int(),
    oldestMs: utcMsSchema.nullable(),
    /** Stored here and not yet in the group's queue. */
    unshared: z.number().int(),
  }),
  counts: z.object({
    received: z.number().int(),
    acknowledged: z.number().int(),
    duplicates: z.number().int(),
    refusedFrames: z.number().int(),
    unknownAccounts: z.number().int(),
    eventsPerSecond: z.number(),
  }),
  devices: z.object({ total: z.number().int(), online: z.number().int(), lost: z.number().int() }),
  /** Events that no operator has acknowledged. */
  unacknowledged: z.number().int(),
  lastNumber: z.number().int(),
  outputs: z.array(outputStatusSchema),
  rssBytes: z.number(),
});
export type ReceiverStatus = z.infer<typeof receiverStatusSchema>;

/** What a code is sent as, and how it is shown. From `130` (Contact ID) or `BA` (SIA). */
export const eventMappingSchema = z.object({
  code: z.string().regex(/^([0-9A-F]{3}|[A-Z]{2})$/),
  words: z.string().max(64).nullable().default(null),
  category: alarmCategorySchema.nullable().default(null),
  sia: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .nullable()
    .default(null),
  contactId: z
    .string()
    .regex(/^[0-9A-F]{3}$/)
    .nullable()
    .default(null),
  /** False: kept and shown, not forwarded. */
  forward: z.boolean().default(true),
});
export type EventMapping = z.infer<typeof eventMappingSchema>;

export const receiverSettingsSchema = z.object({
  enabled: z.boolean(),
  listenHost: z.string().max(253),
  port: portSchema,
  /** Unknown accounts are always kept and flagged; whether they are forwarded too. */
  forwardUnknown: z.boolean(),
  /** Encrypted messages outside -40/+20 s are refused with NAK. */
  checkTime: z.boolean(),
  /** Devices are acknowledged, and their events wait, while there is neither an output nor a group; else they are not answered. */
  keepWithoutOutput: z.boolean(),
});
export type ReceiverSettings = z.infer<typeof receiverSettingsSchema>;

export const alarm = {
  status: viewer.route({ method: 'GET', path: '/alarms/status' }).output(receiverStatusSchema),
  /** Newest first. */
  list: viewer
    .route({ method: 'GET', path: '/alarms' })
    .input(alarmQuerySchema)
    .output(z.object({ alarms: z.array(alarmSchema), nextBefore: z.number().int().nullable() })),
  show: viewer
    .route({ method: 'GET', path: '/alarms/{number}' })
    .input(z.object({ number: z.coerce.number().int().positive() }))
    .output(alarmSchema),
  /** Events as they come, from the row after `after`; a slow reader gets them in batches, never loses one that is still kept. */
  watch: viewer
    .route({ method: 'GET', path: '/alarms/watch' })
    .input(z.object({ after: z.number().int().nonnegative().optional() }))
    .output(eventIterator(z.array(alarmSchema))),
  /** Puts events into the queue once more, by hand. */
  resend: operator
    .route({ method: 'POST', path: '/alarms/resend' })
    .input(z.object({ numbers: z.array(z.number().int().positive()).min(1).max(1_000) }))
    .output(z.object({ queued: z.number().int() })),
  acknowledge: operator
    .route({ method: 'POST', path: '/alarms/acknowledge' })
    .input(z.object({ numbers: z.array(z.number().int().positive()).min(1).max(1_000) }))
    .output(z.object({ acknowledged: z.number().int() })),
  /** Walks the hash chain of everything that was stored. */
  verify: viewer.route({ method: 'GET', path: '/alarms/verify' }).output(
    z.object({
      ok: z.boolean(),
      checked: z.number().int(),
      firstBad: z.number().int().nullable(),
      head: z.string(),
    }),
  ),
  settings: viewer.route({ method: 'GET', path: '/alarms/settings' }).output(receiverSettingsSchema),
  configure: admin
    .route({ method: 'PATCH', path: '/alarms/settings' })
    .input(receiverSettingsSchema.partial())
    .output(receiverSettingsSchema),
  outputs: viewer.route({ method: 'GET', path: '/alarms/outputs' }).output(z.array(alarmOutputSchema)),
  /** Adds, or replaces the one of the same id. A key of `''` keeps the one that is set. */
  setOutput: admin
    .route({ method: 'PUT', path: '/alarms/outputs' })
    .input(alarmOutputSchema)
    .output(alarmOutputSchema),
  removeOutput: admin
    .route({ method: 'DELETE', path: '/alarms/outputs/{id}' })
    .input(z.object({ id: idSchema }))
    .output(okSchema),
  mappings: viewer.route({ method: 'GET', path: '/alarms/mappings' }).output(z.array(eventMappingSchema)),
  setMappings: admin
    .route({ method: 'PUT', path: '/alarms/mappings' })
    .input(
      z.object({ mappings: z.array(eventMappingSchema).max(1_000), replace: z.boolean().default(false) }),
    )
    .output(z.object({ added: z.number().int(), changed: z.number().int(), removed: z.number().int() })),
};
