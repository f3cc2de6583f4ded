/** The node's settings: every durable choice of the operator, versioned, with its unit in the key; unknown keys are refused. */
import { z } from 'zod';
import {
  arcIdSchema,
  cameraTransportSchema,
  groupStoreSchema,
  idSchema,
  lockNoteSchema,
  nameSchema,
  pairConfigSchema,
  pathSchema,
  planSchema,
  roleSchema,
  strategySchema,
  userNameSchema,
  utcMsSchema,
} from '../contract/index.ts';

/** Raised with each change of form; `migrate.ts` brings older files forward. */
export const settingsVersion = 1;

export const poolsMax = 20;
export const spacesMax = 64;
export const camerasMax = 2_000;
export const locksMax = 1_000;
export const usersMax = 200;

const timeZoneSchema = z.string().max(64).refine(isTimeZone, 'an IANA time zone such as Europe/Berlin');

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const nodeSettingsSchema = z.strictObject({
  id: z.string().min(1).max(64).describe('Identity of this node, written into every space it owns.'),
  name: nameSchema.describe('Name shown in the header of every screen.'),
  timeZone: timeZoneSchema.describe('IANA zone of days, plans and reports; storage is always UTC.'),
  createdAtMs: utcMsSchema.describe('When these settings were first made, UTC milliseconds.'),
});

const apiSettingsSchema = z.strictObject({
  sessionIdleTimeoutMs: z
    .number()
    .int()
    .min(60_000)
    .max(86_400_000)
    .default(1_800_000)
    .describe('A session without a call for so long ends; an open stream keeps it alive.'),
  connectionsMax: z
    .number()
    .int()
    .min(8)
    .max(4_096)
    .default(256)
    .describe('Most connections that the network port holds at once.'),
  connectionsPerAddressMax: z
    .number()
    .int()
    .min(2)
    .max(1_024)
    .default(32)
    .describe('Most connections from one address, so that one client cannot shut out the others.'),
  tlsCertFile: pathSchema
    .nullable()
    .default(null)
    .describe("PEM certificate chain to use in place of the node's own; needs tlsKeyFile."),
  tlsKeyFile: pathSchema.nullable().default(null).describe('PEM private key that belongs to tlsCertFile.'),
});

const journalSettingsSchema = z.strictObject({
  entriesMax: z
    .number()
    .int()
    .min(1_000)
    .max(10_000_000)
    .default(1_000_000)
    .describe('Most journal entries kept; beyond it the oldest that are not audit entries go.'),
});

const recordingSettingsSchema = z.strictObject({
  syncIntervalMs: z
    .number()
    .int()
    .min(100)
    .max(60_000)
    .default(1_000)
    .describe('Interval of the group sync of a pool made now: what a power cut may cost at most.'),
});

const userSettingsSchema = z.strictObject({
  name: userNameSchema.describe('Log-in name.'),
  role: roleSchema.describe('viewer reads, operator runs cameras, admin does everything.'),
  passwordHash: z.string().max(512).describe('scrypt hash with its parameters and salt; never the password.'),
  previousHashes: z
    .array(z.string().max(512))
    .max(5)
    .default([])
    .describe('Last passwords, refused as new ones.'),
  mustChangePassword: z
    .boolean()
    .default(false)
    .describe('Set with a one-time password, cleared by the first change.'),
  disabled: z.boolean().default(false).describe('A disabled account cannot log in and holds no session.'),
  createdAtMs: utcMsSchema.describe('UTC milliseconds.'),
  lastLoginAtMs: utcMsSchema.nullable().default(null).describe('Last successful log-in, UTC milliseconds.'),
});
export type UserSettings = z.infer<typeof userSettingsSchema>;

const spaceSettingsSchema = z.strictObject({
  id: idSchema.describe('Given by the node, never used again.'),
  name: nameSchema.describe('Shown name; the folder name unless chosen.'),
  path: pathSchema.describe('Absolute folder.'),
  quotaBytes: z.number().int().positive().describe('Bytes taken by blocks; a multiple of blockBytes.'),
  blockBytes: z.number().int().positive().describe('Size of one block, chosen from the quota when added.'),
  createdAtMs: utcMsSchema.describe('UTC milliseconds.'),
});
export type SpaceSettings = z.infer<typeof spaceSettingsSchema>;

const poolSettingsSchema = z.strictObject({
  id: idSchema.describe('Given by the node, never used again.'),
  name: nameSchema.describe('Unique among the pools.'),
  strategy: strategySchema.describe('capacity recycles the oldest when full, cycle keeps cycleDays.'),
  cycleDays: z
    .number()
    .int()
    .min(1)
    .max(3650)
    .nullable()
    .default(null)
    .describe('Days kept with strategy cycle.'),
  maxLockedPercent: z.number().min(0).max(90).default(20).describe('Share that locked evidence may hold.'),
  syncIntervalMs: z
    .number()
    .int()
    .min(100)
    .max(60_000)
    .default(1_000)
    .describe('Interval of the group sync.'),
  shares: z
    .array(
      z.strictObject({
        spaceId: idSchema.describe('Space that gives the capacity.'),
        bytes: z.number().int().nonnegative().describe("A multiple of the space's block size."),
      }),
    )
    .max(32)
    .describe('Where the capacity comes from.'),
  createdAtMs: utcMsSchema.describe('UTC milliseconds.'),
});
export type PoolSettings = z.infer<typeof poolSettingsSchema>;

const cameraSettingsSchema = z.strictObject({
  id: idSchema.describe('Given by the node or chosen by the operator.'),
  name: nameSchema.describe('Shown name.'),
  channel: z.number().int().min(1).max(1024).default(1).describe("The device's channel number."),
  url: z.string().max(2048).describe('RTSP address without any credentials.'),
  sealedCredentials: z
    .string()
    .max(8_192)
    .nullable()
    .default(null)
    .describe("User, password and secret address parts, AES-256-GCM under the node's key file."),
  transport: cameraTransportSchema.default('tcp').describe('How RTP travels.'),
  allowBasicAuth: z
    .boolean()
    .default(false)
    .describe('Whether the password may go readable over plain RTSP.'),
  poolId: idSchema.nullable().describe('Pool that it records into.'),
  plan: planSchema.default('always').describe('Weekly plan on a 15-minute grid of the time zone.'),
  enabled: z.boolean().default(true).describe('False stops recording without forgetting the camera.'),
  createdAtMs: utcMsSchema.describe('UTC milliseconds.'),
});
export type CameraSettings = z.infer<typeof cameraSettingsSchema>;

export const lockSettingsSchema = z.strictObject({
  id: idSchema.describe('Given by the node, never used again.'),
  cameraId: idSchema.describe('Camera whose video is held, also after it was removed.'),
  fromMs: utcMsSchema.describe('Start, UTC milliseconds.'),
  toMs: utcMsSchema.describe('End, excluded, UTC milliseconds.'),
  note: lockNoteSchema.default('').describe('Why, in one line.'),
  createdBy: z.string().max(64).describe('Who locked it.'),
  createdAtMs: utcMsSchema.describe('When, UTC milliseconds.'),
  expiresAtMs: utcMsSchema
    .nullable()
    .default(null)
    .describe('When it ends by itself, UTC milliseconds; null: when somebody unlocks.'),
});
export type LockSettings = z.infer<typeof lockSettingsSchema>;

const countersSchema = z.strictObject({
  space: z.number().int().nonnegative().default(0).describe('Highest number ever given to a space.'),
  pool: z.number().int().nonnegative().default(0).describe('Highest number ever given to a pool.'),
  camera: z.number().int().nonnegative().default(0).describe('Highest number ever given to a camera.'),
  lock: z.number().int().nonnegative().default(0).describe('Highest number ever given to a lock.'),
});

const pairSettingsSchema = z.strictObject({
  pairId: z.string().min(8).max(64).describe('Both nodes derived it from their pairing.'),
  peer: z
    .strictObject({
      nodeId: z.string().min(1).max(64).describe('Identity of the other node.'),
      name: nameSchema.describe('Its name when it was paired.'),
      host: z.string().min(1).max(256).describe('Where its peer link answers.'),
      port: z.number().int().min(1).max(65_535).describe('TCP port of its peer link.'),
      fingerprint: z.string().max(128).describe('SHA-256 of its certificate; no other is spoken to.'),
    })
    .describe('The other node of the pair.'),
  sealedKey: z.string().max(1_024).describe('Key that signs heartbeats, sealed.'),
  config: pairConfigSchema
    .nullable()
    .default(null)
    .describe('What both nodes agree on, its secrets replaced; null before the first apply.'),
  sealedSecrets: z.string().max(262_144).nullable().default(null).describe('Those secrets, sealed.'),
  configEpoch: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe('Highest epoch known when the configuration was made: the later one wins.'),
  sharedHash: z
    .string()
    .max(128)
    .nullable()
    .default(null)
    .describe('Digest of what both nodes agreed on at this version.'),
  localHash: z
    .string()
    .max(128)
    .nullable()
    .default(null)
    .describe('Digest of what this node made of it: an edit is seen by its change.'),
});
export type PairSettings = z.infer<typeof pairSettingsSchema>;

const standbySettingsSchema = z.strictObject({
  watchdogDevice: pathSchema
    .nullable()
    .default(null)
    .describe('Such as /dev/watchdog: resets the machine when the guard cannot stop in time.'),
});

const receiverSettingsOnDisk = z.strictObject({
  enabled: z.boolean().default(false).describe('Whether this node receives alarms.'),
  listenHost: z.string().max(253).default('0.0.0.0').describe('Address that DC-09 is taken in on.'),
  port: z.number().int().min(1).max(65_535).default(6_080).describe('TCP and UDP port of DC-09.'),
  forwardUnknown: z
    .boolean()
    .default(true)
    .describe('Whether events of accounts that nobody entered are forwarded; they are kept in any case.'),
  checkTime: z
    .boolean()
    .default(true)
    .describe('Encrypted messages more than 40 s old or 20 s ahead are refused, as DC-09 says.'),
  keepWithoutOutput: z
    .boolean()
    .default(true)
    .describe(
      'Whether devices are acknowledged, and their events wait, while there is neither an output nor a group to forward.',
    ),
});

const groupSettingsSchema = z.strictObject({
  arcId: arcIdSchema.describe('Names the group; the account where its store is a hub.'),
  store: groupStoreSchema.describe('Registry, backups and queue of the group, its secret replaced.'),
  sealedSecret: z.string().max(8_192).nullable().default(null).describe('That secret, sealed.'),
  sealedBackupKey: z
    .string()
    .max(8_192)
    .nullable()
    .default(null)
    .describe("Seals backups between members; null: the store's secret does."),
});
export type GroupSettings = z.infer<typeof groupSettingsSchema>;

export const settingsSchema = z.strictObject({
  version: z.literal(settingsVersion).describe('Form of this file.'),
  node: nodeSettingsSchema.describe('Who this node is.'),
  api: apiSettingsSchema.prefault({}).describe('The network API.'),
  journal: journalSettingsSchema.prefault({}).describe('The journal.'),
  recording: recordingSettingsSchema.prefault({}).describe('Defaults of recording.'),
  counters: countersSchema.prefault({}).describe('So that an id is never used twice.'),
  users: z.array(userSettingsSchema).max(usersMax).default([]).describe('Accounts.'),
  spaces: z.array(spaceSettingsSchema).max(spacesMax).default([]).describe('Storage spaces.'),
  pools: z.array(poolSettingsSchema).max(poolsMax).default([]).describe('Resource pools.'),
  cameras: z.array(cameraSettingsSchema).max(camerasMax).default([]).describe('Cameras.'),
  locks: z
    .array(lockSettingsSchema)
    .max(locksMax)
    .default([])
    .describe('Stretches that are not overwritten until they are unlocked.'),
  standby: standbySettingsSchema.prefault({}).describe('Hot standby on this node.'),
  pair: pairSettingsSchema.nullable().default(null).describe('The pair that this node belongs to.'),
  receiver: receiverSettingsOnDisk.prefault({}).describe('The alarm receiver.'),
  group: groupSettingsSchema.nullable().default(null).describe('The receiver group that it belongs to.'),
});
export type Settings = z.infer<typeof settingsSchema>;
