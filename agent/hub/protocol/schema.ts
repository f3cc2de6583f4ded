/** What a hub and its clients say to each other, and how much of it: every message is checked against this on both sides. */
import { z } from 'zod';
import { type ErrorCode, exitCodes } from '../../../src/errors.ts';

export const hubProtocolVersion = 1;
export const hubDefaultPort = 6070;

/** Bytes of a frame before and after the account is known. */
export const helloBytesMax = 1_024;
export const frameBytesMax = 16_384;
const valueLengthMax = 8_192;

/** Names of accounts are typed by people. */
export const accountNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits and dashes, at most 64 characters');

const bootSchema = z.string().regex(/^[0-9a-f]{16}$/);
const revisionSchema = z.number().int().positive();
const registerSchema = z.string().regex(/^[a-z]{1,16}\/[\w-]{1,64}$/);
const requestIdSchema = z.number().int().nonnegative();

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
  accounts: z.array(z.object({ name: z.string(), connections: z.number().int() })),
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
