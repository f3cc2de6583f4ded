/** Control and guard: one JSON document a line over a local socket; requests carry an id and are answered once. */
import { z } from 'zod';
import {
  decisionSchema,
  linkStatusSchema,
  operationPlanSchema,
  pairConfigSchema,
  pairRoleSchema,
  pairStatusSchema,
  resourceStatusSchema,
} from '../../../../src/contract/standby.ts';
import { wireErrorSchema, wireEventSchema } from '../../../recorder/protocol/schema.ts';

/** What the guard keeps a service alive with; its secrets are open here and never written down. */
export const guardConfigSchema = z.object({
  nodeId: z.string(),
  pair: pairConfigSchema,
  /** Key of the pair, base64. */
  key: z.string(),
  recorderSocketPath: z.string(),
  watchdogDevice: z.string().nullable(),
});
export type GuardConfig = z.infer<typeof guardConfigSchema>;

export const operationSchema = z.enum([
  'bring-in',
  'bring-out',
  'switch',
  'take-over',
  'hand-over',
  'maintenance-on',
  'maintenance-off',
  'standalone-on',
  'standalone-off',
]);
export type GuardOperation = z.infer<typeof operationSchema>;

/** What the peer said last, by heartbeat. */
export const guardPeerSchema = z.object({
  role: pairRoleSchema,
  epoch: z.number().int(),
  configVersion: z.number().int(),
  maintenance: z.boolean(),
  ageMs: z.number(),
});

export const guardPairSchema = z.object({
  pairId: z.string(),
  role: pairRoleSchema,
  wanted: z.enum(['in', 'out']),
  epoch: z.number().int(),
  highestEpoch: z.number().int(),
  maintenance: z.boolean(),
  standalone: z.boolean(),
  problem: z.string().nullable(),
  configVersion: z.number().int(),
  peer: guardPeerSchema.nullable(),
  arbiter: pairStatusSchema.shape.arbiter,
  lease: pairStatusSchema.shape.lease,
  links: z.array(linkStatusSchema),
  resources: z.array(resourceStatusSchema),
  forecast: z.string(),
  explanation: z.object({ summary: z.string(), lines: z.array(z.string()) }),
});
export type GuardPair = z.infer<typeof guardPairSchema>;

export const guardStatusSchema = z.object({
  pid: z.number().int(),
  startedAtMs: z.number(),
  rssBytes: z.number(),
  /** The guard's own lateness over the last second: what its deadlines must bear. */
  loopDelayMaxMs: z.number(),
  /** `real-time`, `high` or `normal`, as the system allowed. */
  priority: z.string(),
  /** `armed`, `idle`, or why there is none. */
  watchdog: z.string(),
  /** Null while no pair is configured. */
  pair: guardPairSchema.nullable(),
});
export type GuardStatus = z.infer<typeof guardStatusSchema>;

export const nodeHealthSchema = z.object({
  storage: z.string().max(1024).nullable(),
  process: z.string().max(1024).nullable(),
});
export type NodeHealth = z.infer<typeof nodeHealthSchema>;

export const guardRequestSchema = z.discriminatedUnion('method', [
  z.object({ id: z.number().int(), method: z.literal('configure'), config: guardConfigSchema.nullable() }),
  z.object({
    id: z.number().int(),
    method: z.literal('operate'),
    operation: operationSchema,
    confirm: z.string().optional(),
    dryRun: z.boolean(),
  }),
  z.object({ id: z.number().int(), method: z.literal('status') }),
  /** Once a second: what the agent finds wrong with its own storage and processes; null where all is well. */
  z.object({ id: z.number().int(), method: z.literal('health'), health: nodeHealthSchema }),
  /** Hand over what runs, stop it, exit 0. */
  z.object({ id: z.number().int(), method: z.literal('stop') }),
]);
export type GuardRequest = z.infer<typeof guardRequestSchema>;

export const guardMessageSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('reply'),
    id: z.number().int(),
    error: wireErrorSchema.nullable(),
    plan: operationPlanSchema.optional(),
  }),
  /** Four times a second, and sooner when the role changed. */
  z.object({ kind: z.literal('status'), status: guardStatusSchema }),
  wireEventSchema,
]);
export type GuardMessage = z.infer<typeof guardMessageSchema>;

/** Subject of the events that carry a decision in their details. */
export const decisionSubject = 'standby-decision';
export const newDecisionSchema = decisionSchema.omit({ id: true });
