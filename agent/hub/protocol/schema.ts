/** What a hub and its clients say to each other, and how much of it: every message is checked against this on both sides. */
import { z } from 'zod';
import { type ErrorCode, exitCodes } from '../../../src/errors.ts';
import { appendEventsMax, pullEventsMax } from '../../alarms/types.ts';
import { backupBytesMax, ingressTableSchema } from '../../spare/types.ts';

export const hubProtocolVersion = 1;
export const hubDefaultPort = 6070;

/** Bytes of a frame before and after the account is known. */
export const helloBytesMax = 1_024;
export const frameBytesMax = 524_288;
const valueLengthMax = 8_192;

/** Of one event as text. */
export const eventLengthMax = 98_304;
/** Of the events of one frame, in UTF-8; as text within text they grow to twice as much at worst. */
export const eventBytesPerFrameMax = 204_800;
export const settlePositionsMax = 2_048;
export const pullWaitMsMax = 30_000;
/** Of an object, in each of its parts but the last. */
export const partBytesMax = 262_144;
export const ingressAccountsPerPartMax = 500;

/** Names of accounts are typed by people. */
export const accountNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits and dashes, at most 64 characters');

const bootSchema = z.string().regex(/^[0-9a-f]{16}$/);
const revisionSchema = z.number().int().positive();
const registerSchema = z.string().regex(/^[a-z]{1,16}\/[\w-]{1,64}$/);
const requestIdSchema = z.number().int().nonnegative();
const counterSchema = z.number().int().nonnegative();
const epochSchema = counterSchema;
const partNumberSchema = z
  .number()
  .int()
  .min(0)
  .max(Math.ceil(backupBytesMax / partBytesMax));
/** Names an upload while its parts come; the client chooses it at random. */
const uploadSchema = z.string().regex(/^[0-9a-f]{16}$/);
const objectNameSchema = z.string().regex(/^[\w.-]{1,128}$/);
const partBodySchema = z.string().max(Math.ceil(partBytesMax / 3) * 4);

const objectSchema = z.object({
  name: objectNameSchema,
  version: counterSchema,
  publishedMs: counterSchema,
  bytes: z.number().int().min(0).max(backupBytesMax),
  /** SHA-256 of the whole, in hex. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});
export type HubObject = z.infer<typeof objectSchema>;

/** An event as the hub keeps it: it does not look into the body. */
const eventSchema = z.object({
  fingerprint: z.string().regex(/^[0-9a-f]{32}$/),
  receivedMs: counterSchema,
  body: z.string().max(eventLengthMax),
});
export type HubEvent = z.infer<typeof eventSchema>;

const ingressAccountSchema = ingressTableSchema.shape.accounts.element;
export type IngressAccount = z.infer<typeof ingressAccountSchema>;
export const ingressPartSchema = z.array(ingressAccountSchema).max(ingressAccountsPerPartMax);

/**
 * Which write made a value: its number in the order of all writes, and the run of the hub that made it. After an older
 * database was put back the same numbers are given again, but never by the same run.
 */
export const positionSchema = z.object({ boot: bootSchema, revision: revisionSchema });
export type Position = z.infer<typeof positionSchema>;

/** The first message of a client. `seen`: the latest position it knows, so that the hub can tell that it went back. */
export const helloSchema = z.object({
  op: z.literal('hello'),
  version: z.literal(hubProtocolVersion),
  account: accountNameSchema,
  key: z.string().min(1).max(256),
  seen: positionSchema.nullable(),
});

export const requestSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('read'), id: requestIdSchema, register: registerSchema }),
  z.object({
    op: z.literal('write'),
    id: requestIdSchema,
    register: registerSchema,
    /** Written only when the register was last written there; null: when nothing is stored. */
    expected: positionSchema.nullable(),
    value: z.string().max(valueLengthMax),
  }),
  z.object({
    op: z.literal('alarm-append'),
    id: requestIdSchema,
    events: z.array(eventSchema).min(1).max(appendEventsMax),
  }),
  z.object({ op: z.literal('alarm-open'), id: requestIdSchema, epoch: epochSchema }),
  z.object({
    op: z.literal('alarm-pull'),
    id: requestIdSchema,
    epoch: epochSchema,
    /** Only events behind this place. The client keeps the place, so that a lost answer loses no event. */
    after: counterSchema,
    limit: z.number().int().min(1).max(pullEventsMax),
    waitMs: z.number().int().min(0).max(pullWaitMsMax),
  }),
  z.object({
    op: z.literal('alarm-settle'),
    id: requestIdSchema,
    epoch: epochSchema,
    positions: z.array(counterSchema).max(settlePositionsMax),
  }),
  z.object({ op: z.literal('alarm-counts'), id: requestIdSchema }),
  /** The parts of one upload, in order, on one connection; with the last one it takes the place of the one before. */
  z.object({
    op: z.literal('object-put'),
    id: requestIdSchema,
    upload: uploadSchema,
    object: objectSchema,
    part: partNumberSchema,
    last: z.boolean(),
    /** Base64. */
    body: partBodySchema,
  }),
  z.object({ op: z.literal('object-head'), id: requestIdSchema, name: objectNameSchema }),
  z.object({
    op: z.literal('object-get'),
    id: requestIdSchema,
    name: objectNameSchema,
    version: counterSchema,
    part: partNumberSchema,
  }),
  z.object({ op: z.literal('object-remove'), id: requestIdSchema, name: objectNameSchema }),
  /** The accounts that the DC-09 ingress serves, in parts as objects are. */
  z.object({
    op: z.literal('ingress-put'),
    id: requestIdSchema,
    upload: uploadSchema,
    version: counterSchema,
    part: z.number().int().min(0).max(1_000),
    last: z.boolean(),
    accounts: ingressPartSchema,
  }),
]);

/** Asked on the local socket only, which file permissions guard. */
export const statusRequestSchema = z.object({ op: z.literal('status'), id: requestIdSchema });

export const hubStatusSchema = z.object({
  version: z.string(),
  listen: z.string(),
  fingerprint: z.string(),
  boot: bootSchema,
  bootNumber: z.number().int(),
  /** Of the last write, 0 before the first. */
  revision: z.number().int().nonnegative(),
  startedAtMs: z.number().int(),
  connections: z.number().int(),
  accounts: z.array(
    z.object({
      name: z.string(),
      connections: z.number().int(),
      /** Of the receiver group whose store this is, in order of priority. */
      members: z.array(z.object({ name: z.string(), role: z.string(), holdsLease: z.boolean() })),
      /** Alarms; appended, settled and duplicates since the start. */
      queue: z.object({
        waiting: z.number().int(),
        bytes: z.number().int(),
        oldestMs: z.number().int().nullable(),
        epoch: z.number().int(),
        appended: z.number().int(),
        settled: z.number().int(),
        duplicates: z.number().int(),
      }),
      objects: z.array(z.object({ name: z.string(), version: z.number().int(), bytes: z.number().int() })),
    }),
  ),
  ingress: z.array(
    z.object({
      /** Null while it does not listen. */
      listen: z.string().nullable(),
      problem: z.string().nullable(),
      account: z.string(),
      /** Of the table that the group's host published; null before the first. */
      tableVersion: z.number().int().nullable(),
      devices: z.number().int(),
      lost: z.number().int(),
      received: z.number().int(),
      refused: z.number().int(),
      unknownAccounts: z.number().int(),
    }),
  ),
  /** Since the start. */
  counts: z.object({
    reads: z.number().int(),
    writes: z.number().int(),
    conflicts: z.number().int(),
    refused: z.number().int(),
  }),
  /** Slowest write since the start: what its disk took to keep it. */
  slowestWriteMs: z.number(),
});
export type HubStatus = z.infer<typeof hubStatusSchema>;

const codes = Object.keys(exitCodes) as [ErrorCode, ...ErrorCode[]];

export const replySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('welcome'), boot: bootSchema, bootNumber: z.number().int().positive() }),
  z.object({
    kind: z.literal('value'),
    id: requestIdSchema,
    value: z.object({ text: z.string(), position: positionSchema }).nullable(),
  }),
  z.object({ kind: z.literal('written'), id: requestIdSchema, position: positionSchema }),
  /** `duplicates`: which events of the request were there already, by their place in it. */
  z.object({ kind: z.literal('appended'), id: requestIdSchema, duplicates: z.array(counterSchema) }),
  z.object({
    kind: z.literal('events'),
    id: requestIdSchema,
    events: z.array(z.object({ position: counterSchema, body: z.string() })),
  }),
  z.object({
    kind: z.literal('counts'),
    id: requestIdSchema,
    waiting: counterSchema,
    oldestMs: counterSchema.nullable(),
  }),
  z.object({ kind: z.literal('object'), id: requestIdSchema, object: objectSchema.nullable() }),
  z.object({ kind: z.literal('part'), id: requestIdSchema, body: partBodySchema }),
  z.object({ kind: z.literal('done'), id: requestIdSchema }),
  z.object({ kind: z.literal('status'), id: requestIdSchema, status: hubStatusSchema }),
  z.object({
    kind: z.literal('refused'),
    /** Null: the connection as a whole; it is closed after this. */
    id: requestIdSchema.nullable(),
    code: z.enum(codes),
    message: z.string().max(512),
    hint: z.string().max(512).nullable(),
  }),
]);
export type Reply = z.infer<typeof replySchema>;
export type Hello = z.infer<typeof helloSchema>;
export type Request = z.infer<typeof requestSchema>;
