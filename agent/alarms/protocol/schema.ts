/** Control and the alarm receiver: one JSON document a line over a local socket; requests carry an id and are answered once. */
import { z } from 'zod';
import {
  arcIdSchema,
  groupStatusSchema,
  groupStoreSchema,
  nameSchema,
  receiverStatusSchema,
} from '../../../src/contract/index.ts';
import { wireErrorSchema, wireEventSchema } from '../../recorder/protocol/schema.ts';

/** The event by which a receiver says that its group (the subject: its ARC ID) ended, or that the host removed it. */
export const groupEndedEvent = 'group.ended';

/** What the receiver runs with; its secrets are open here and never written down. */
export const receiverConfigSchema = z.object({
  nodeId: z.string(),
  nodeName: nameSchema,
  version: z.string(),
  enabled: z.boolean(),
  listenHost: z.string(),
  port: z.number().int(),
  forwardUnknown: z.boolean(),
  checkTime: z.boolean(),
  keepWithoutOutput: z.boolean(),
  group: z
    .object({
      store: groupStoreSchema,
      arcId: arcIdSchema,
      backupKey: z.string().max(256).nullable(),
    })
    .nullable(),
});
export type ReceiverConfig = z.infer<typeof receiverConfigSchema>;

export const receiverProcessStatusSchema = z.object({
  pid: z.number().int(),
  startedAtMs: z.number(),
  rssBytes: z.number(),
  loopDelayMaxMs: z.number(),
  receiver: receiverStatusSchema,
  group: groupStatusSchema,
});
export type ReceiverProcessStatus = z.infer<typeof receiverProcessStatusSchema>;

export const receiverRequestSchema = z.discriminatedUnion('method', [
  z.object({ id: z.number().int(), method: z.literal('configure'), config: receiverConfigSchema }),
  /** One procedure of the contract's `alarm`, `device` or `group`, by its name (`device.add`), with its input. */
  z.object({
    id: z.number().int(),
    method: z.literal('call'),
    procedure: z.string().max(64),
    input: z.unknown(),
    /** Who asks; null for the local console without an account. */
    user: z.string().max(64).nullable(),
  }),
  z.object({ id: z.number().int(), method: z.literal('status') }),
  /** Finish what is acknowledged, hand over, exit 0. */
  z.object({ id: z.number().int(), method: z.literal('stop') }),
]);
export type ReceiverRequest = z.infer<typeof receiverRequestSchema>;

export const receiverMessageSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('reply'),
    id: z.number().int(),
    error: wireErrorSchema.nullable(),
    /** What the procedure returned, as the contract says. */
    output: z.unknown().optional(),
  }),
  /** Twice a second, and sooner when something that a person waits for changed. */
  z.object({ kind: z.literal('status'), status: receiverProcessStatusSchema }),
  wireEventSchema,
]);
export type ReceiverMessage = z.infer<typeof receiverMessageSchema>;
