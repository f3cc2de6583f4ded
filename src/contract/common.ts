/** Schemas that several nouns of the API share: ids, times, the error body, the vocabulary's closed word lists. */
import { oc } from '@orpc/contract';
import { z } from 'zod';

/** Object ids are short and typed by people: `s1`, `p1`, `c12`, or what the operator chose. */
export const idSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'lower-case letters, digits and dashes, at most 32 characters');

/** Nothing that drives a terminal, and no mark that reorders what stands beside a name. */
export const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+$/u, 'no control characters');

/** Milliseconds since 1970-01-01 UTC. */
export const utcMsSchema = z.number().int().nonnegative();

/** Bytes, up to 2^53. */
export const bytesSchema = z.number().int().nonnegative();

/** Calendar day in the appliance's time zone, `YYYY-MM-DD`. */
export const daySchema = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'a day as YYYY-MM-DD');

export const spaceStates = [
  'initializing',
  'normal',
  'lost',
  'waiting-for-recovery',
  'restoring',
  'error',
] as const;
export const spaceStateSchema = z.enum(spaceStates);
export type SpaceState = z.infer<typeof spaceStateSchema>;

export const strategySchema = z.enum(['capacity', 'cycle']);

/** Why planned video is missing. Stored by name in the gap ledger and by index in hour rows: append only. */
export const gapReasons = [
  'camera-unreachable',
  'auth-failed',
  'stream-not-found',
  'unsupported-codec',
  'protocol-error',
  'stream-stalled',
  'stream-ended',
  'packet-loss',
  'no-space',
  'space-lost',
  'write-error',
  'overloaded',
  'recorder-restarted',
  'agent-down',
  'time-step',
  'not-configured',
  'overwritten',
  'node-standby',
  'locked',
] as const;
export const gapReasonSchema = z.enum(gapReasons);
export type GapReason = z.infer<typeof gapReasonSchema>;

export const gapStateSchema = z.enum(['open', 'filling', 'filled', 'absent-at-source', 'given-up']);

export const recordingStatusSchema = z.enum(['normal', 'streaming-error', 'recording-error', 'off-plan']);
export const connectionStatusSchema = z.enum(['connected', 'connecting', 'disconnected', 'disabled']);
export const serviceStateSchema = z.enum(['running', 'starting', 'stopped', 'failed']);
export const roleSchema = z.enum(['viewer', 'operator', 'admin']);
export type Role = z.infer<typeof roleSchema>;

/** What an AppError looks like on the wire: oRPC error code in upper case, this as its data. */
export const errorDataSchema = z.object({
  code: z.string(),
  hint: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
});

/** Procedure metadata: the least role that may call it; `null` needs no session. */
export interface ProcedureMeta {
  role: Role | null;
  /** Changes something, so it is audited with the input (secrets masked). */
  audited?: boolean;
  /** Allowed while the session's password must be changed first. */
  allowedBeforePasswordChange?: boolean;
}

/** The builder that every noun starts from. */
export const procedure = oc.$meta<ProcedureMeta>({ role: 'admin' });
export const viewer = procedure.meta({ role: 'viewer' });
export const operator = procedure.meta({ role: 'operator', audited: true });
export const admin = procedure.meta({ role: 'admin', audited: true });
export const anyone = procedure.meta({ role: null, allowedBeforePasswordChange: true });

export const okSchema = z.object({ ok: z.literal(true) });
export const byIdSchema = z.object({ id: idSchema });
