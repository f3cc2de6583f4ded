/** Devices: the panels and diallers that report to this receiver, with their areas, zones, channels and users. */
import { z } from 'zod';
import { alarmAccountSchema } from './alarm.ts';
import { nameSchema, okSchema, operator, utcMsSchema, viewer } from './common.ts';

/** How it reports: straight to the receiver, through the hub, or both ways with one event forwarded once. */
export const deviceModes = ['direct', 'hub', 'dual'] as const;

const shortSchema = z.string().trim().max(64);
const numberSchema = z.string().regex(/^[0-9A-Za-z]{1,16}$/);
const partSchema = z.object({ number: numberSchema, name: nameSchema });
export const deviceZoneSchema = partSchema.extend({
  area: numberSchema.nullable().default(null),
  /** Channel of the camera that verifies it. */
  channel: numberSchema.nullable().default(null),
});
export const deviceChannelSchema = partSchema.extend({
  /** Camera of this node that shows it. */
  camera: z.string().max(64).nullable().default(null),
});

/** AES key as 32, 48 or 64 hex digits; `''` in answers and edits: the one that is set. */
export const deviceKeySchema = z
  .string()
  .regex(/^([0-9A-Fa-f]{32}|[0-9A-Fa-f]{48}|[0-9A-Fa-f]{64})?$/, '32, 48 or 64 hex digits');

const deviceFields = {
  account: alarmAccountSchema,
  name: nameSchema,
  serial: shortSchema,
  model: shortSchema,
  version: shortSchema,
  mode: z.enum(deviceModes),
  key: deviceKeySchema.nullable(),
  /** Plain messages of this account are not acknowledged. */
  requireEncryption: z.boolean(),
  /** No message for so long makes an event; null: not supervised. */
  supervisionSeconds: z.number().int().min(5).max(604_800).nullable(),
  enabled: z.boolean(),
  areas: z.array(partSchema).max(999),
  zones: z.array(deviceZoneSchema).max(999),
  channels: z.array(deviceChannelSchema).max(256),
  users: z.array(partSchema).max(999),
};
export const deviceConfigSchema = z.object({
  ...deviceFields,
  serial: deviceFields.serial.default(''),
  model: deviceFields.model.default(''),
  version: deviceFields.version.default(''),
  mode: deviceFields.mode.default('direct'),
  key: deviceFields.key.default(null),
  requireEncryption: deviceFields.requireEncryption.default(false),
  supervisionSeconds: deviceFields.supervisionSeconds.default(null),
  enabled: deviceFields.enabled.default(true),
  areas: deviceFields.areas.default([]),
  zones: deviceFields.zones.default([]),
  channels: deviceFields.channels.default([]),
  users: deviceFields.users.default([]),
});
export type DeviceConfig = z.infer<typeof deviceConfigSchema>;

/** Without the defaults: what an edit leaves out stays as it is. */
export const deviceChangeSchema = z.object(deviceFields).partial();
export type DeviceChange = z.infer<typeof deviceChangeSchema>;

export const deviceStates = ['online', 'lost', 'never', 'unsupervised', 'disabled'] as const;
export const deviceSchema = z.object({
  ...deviceConfigSchema.omit({ areas: true, zones: true, channels: true, users: true, key: true }).shape,
  hasKey: z.boolean(),
  counts: z.object({
    areas: z.number().int(),
    zones: z.number().int(),
    channels: z.number().int(),
    users: z.number().int(),
  }),
  state: z.enum(deviceStates),
  lastHeardMs: utcMsSchema.nullable(),
  alarms: z.number().int(),
  firstAlarmMs: utcMsSchema.nullable(),
  lastAlarmMs: utcMsSchema.nullable(),
  /** First message ever. */
  activatedMs: utcMsSchema.nullable(),
});
export type Device = z.infer<typeof deviceSchema>;

export const deviceQuerySchema = z.object({
  /** Substring of account, name or serial. */
  text: z.string().max(64).optional(),
  state: z.enum(deviceStates).optional(),
  /** Only accounts after this one, in order of account. */
  after: z.string().max(16).optional(),
  limit: z.number().int().min(1).max(1_000).default(100),
});
export type DeviceQuery = z.infer<typeof deviceQuerySchema>;

export const devicesPerImportMax = 500;

const byAccount = z.object({ account: alarmAccountSchema });
export const device = {
  list: viewer
    .route({ method: 'GET', path: '/devices' })
    .input(deviceQuerySchema)
    .output(
      z.object({ devices: z.array(deviceSchema), total: z.number().int(), nextAfter: z.string().nullable() }),
    ),
  /** With areas, zones, channels and users; its key is `''` when one is set. */
  show: viewer
    .route({ method: 'GET', path: '/devices/{account}' })
    .input(byAccount)
    .output(z.object({ device: deviceSchema, config: deviceConfigSchema })),
  add: operator
    .route({ method: 'POST', path: '/devices', successStatus: 201 })
    .input(deviceConfigSchema)
    .output(deviceSchema),
  /** Fields that are left out stay as they are. */
  edit: operator
    .route({ method: 'PATCH', path: '/devices/{account}' })
    .input(byAccount.extend({ change: deviceChangeSchema }))
    .output(deviceSchema),
  remove: operator.route({ method: 'DELETE', path: '/devices/{account}' }).input(byAccount).output(okSchema),
  /** Adds and changes many at once, all or nothing per call; `dryRun` only says what it would do. */
  import: operator
    .route({ method: 'POST', path: '/devices/import' })
    .input(
      z.object({
        devices: z.array(deviceConfigSchema).min(1).max(devicesPerImportMax),
        dryRun: z.boolean().default(false),
      }),
    )
    .output(z.object({ added: z.number().int(), changed: z.number().int(), unchanged: z.number().int() })),
  /** On the host: publishes its backup now. On a spare: fetches the host's now. */
  synchronise: operator.route({ method: 'POST', path: '/devices/synchronise' }).output(okSchema),
};
