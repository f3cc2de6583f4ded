/** Hot standby: the pair, its links, lease, resources, and the operations on it; every one explains itself. */
import { z } from 'zod';
import { admin, idSchema, nameSchema, okSchema, operator, utcMsSchema, viewer } from './common.ts';
import { nodeFactsSchema } from './standby-facts.ts';

export const pairRoleSchema = z.enum([
  'out',
  'standby',
  'candidate',
  'activating',
  'active',
  'deactivating',
  'fault',
]);
export type PairRole = z.infer<typeof pairRoleSchema>;

export const resourceKinds = ['ip', 'volume', 'script', 'ocf', 'service', 'process', 'recording'] as const;
export const resourceStateSchema = z.enum([
  'stopped',
  'starting',
  'running',
  'stopping',
  'failed',
  'unknown',
]);
export type ResourceState = z.infer<typeof resourceStateSchema>;

const secondsSchema = z.number().min(0.1).max(3600);
const commandSchema = z.array(z.string().min(1).max(1024)).min(1).max(64);
const common = {
  id: idSchema,
  name: nameSchema,
  /** Ids of resources that must run before this one. */
  after: z.array(idSchema).max(32).default([]),
  startTimeoutSeconds: secondsSchema.default(20),
  stopTimeoutSeconds: secondsSchema.default(20),
  monitorIntervalSeconds: secondsSchema.default(1),
  monitorTimeoutSeconds: secondsSchema.default(5),
  /** Failed monitors that are answered by a restart in place, before the pair fails over. */
  restartTriesMax: z.number().int().min(0).max(10).default(1),
};

/** A resource's settings by kind. Commands are argument lists, never shell text. */
export const resourceConfigSchema = z.discriminatedUnion('kind', [
  z.object({
    ...common,
    kind: z.literal('ip'),
    /** IPv4 or IPv6 address with prefix length: `192.0.2.10/24`. */
    address: z.string().max(64),
    /** Network interface by its name on each host, keyed by node id; `*` for both. */
    interfaces: z.record(z.string().max(64), z.string().max(64)),
    virtualMac: z
      .string()
      .regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
      .nullable()
      .default(null),
  }),
  z.object({ ...common, kind: z.literal('service'), unit: z.string().regex(/^[\w@.:-]{1,128}$/) }),
  z.object({ ...common, kind: z.literal('process'), command: commandSchema }),
  z.object({
    ...common,
    kind: z.literal('script'),
    start: commandSchema,
    stop: commandSchema,
    monitor: commandSchema,
  }),
  z.object({
    ...common,
    kind: z.literal('ocf'),
    /** `provider:type`, found below /usr/lib/ocf/resource.d. */
    agent: z.string().regex(/^[\w-]+:[\w-]+$/),
    parameters: z.record(z.string().regex(/^\w+$/), z.string().max(4096)).default({}),
  }),
  z.object({
    ...common,
    kind: z.literal('volume'),
    device: z.string().max(1024),
    mountPoint: z.string().max(1024),
    fileSystem: z.string().regex(/^[\w.-]{1,32}$/),
    options: z
      .string()
      .regex(/^[\w=.,:/-]{0,512}$/)
      .default(''),
    user: z.string().max(128).nullable().default(null),
    password: z.string().max(256).nullable().default(null),
  }),
  /** The cameras of the pair are recorded where it is active. */
  z.object({ ...common, kind: z.literal('recording') }),
]);
export type ResourceConfig = z.infer<typeof resourceConfigSchema>;

export const linkConfigSchema = z.object({
  id: idSchema,
  /** `host` per node id, and one UDP port for both. */
  addresses: z.record(z.string().max(64), z.string().max(64)),
  port: z.number().int().min(1).max(65_535).default(7340),
  intervalMs: z.number().int().min(50).max(10_000).default(250),
  lostPacketsMax: z.number().int().min(1).max(100).default(4),
});
export type LinkConfig = z.infer<typeof linkConfigSchema>;

export const arbiterConfigSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('hub'),
    url: z.string().max(512),
    account: z.string().max(64),
    key: z.string().max(256),
    fingerprint: z.string().max(128),
  }),
  z.object({
    kind: z.literal('etcd'),
    endpoints: z.array(z.string().max(512)).min(1).max(7),
    user: z.string().max(64).nullable().default(null),
    password: z.string().max(256).nullable().default(null),
    /** PEM of the authority behind https endpoints; without it those that the system trusts. */
    ca: z.string().max(16_384).optional(),
  }),
  z.object({
    kind: z.literal('nats'),
    servers: z.array(z.string().max(512)).min(1).max(7),
    user: z.string().max(64).nullable().default(null),
    password: z.string().max(256).nullable().default(null),
    ca: z.string().max(16_384).optional(),
    /** What the key-value bucket's name begins with, before the pair's id; `holdfast` when it is left out. */
    bucket: z
      .string()
      .regex(/^[\w-]{1,32}$/)
      .optional(),
    /** Copies of a bucket that is made; 3 in a cluster and else 1 when it is left out. */
    replicas: z.union([z.literal(1), z.literal(3), z.literal(5)]).optional(),
  }),
  z.object({ kind: z.literal('manual') }),
  z.object({ kind: z.literal('fence-agent'), command: commandSchema }),
  z.object({ kind: z.literal('availability-first') }),
]);
export type ArbiterConfig = z.infer<typeof arbiterConfigSchema>;

/** The names of `05-standby`'s rule 4, all milliseconds; `plan` checks the inequality. */
export const leaseTimingSchema = z.object({
  renewIntervalMs: z.number().int(),
  leaseMs: z.number().int(),
  stopMs: z.number().int(),
  takeOverAfterMs: z.number().int(),
  rpcTimeoutMs: z.number().int(),
  storeFailoverMs: z.number().int(),
});
export type LeaseTiming = z.infer<typeof leaseTimingSchema>;

/** What both nodes of a pair must agree on; travels with `version`, the higher wins on bring-in. */
export const pairConfigSchema = z.object({
  pairId: z.string().min(8).max(64),
  version: z.number().int().nonnegative(),
  application: nameSchema,
  nodes: z
    .array(
      z.object({
        id: z.string().max(64),
        name: nameSchema,
        address: z.string().max(256),
        fingerprint: z.string().max(128),
        alias: nameSchema.nullable().default(null),
      }),
    )
    .length(2),
  links: z.array(linkConfigSchema).min(1).max(4),
  arbiter: arbiterConfigSchema,
  profile: z.enum(['default', 'fast', 'custom']).default('default'),
  timing: leaseTimingSchema.nullable().default(null),
  resources: z.array(resourceConfigSchema).max(64),
  consistency: z.enum(['complete', 'logic', 'unconditional']).default('complete'),
  isolationAddresses: z.array(z.string().max(64)).max(4).default([]),
  failback: z.enum(['never', 'ask', 'when-stable']).default('never'),
  defaultNodeId: z.string().max(64).nullable().default(null),
  waitAfterStartSeconds: z.number().min(0).max(3600).default(60),
  triggers: z
    .object({
      peerLost: z.boolean(),
      network: z.boolean(),
      resource: z.boolean(),
      process: z.boolean(),
      storage: z.boolean(),
    })
    .default({ peerLost: true, network: true, resource: true, process: true, storage: true }),
});
export type PairConfig = z.infer<typeof pairConfigSchema>;

export const resourceStatusSchema = z.object({
  id: idSchema,
  name: nameSchema,
  kind: z.enum(resourceKinds),
  state: resourceStateSchema,
  after: z.array(idSchema),
  problem: z.string().nullable(),
  restarts: z.number().int(),
  sinceMs: utcMsSchema.nullable(),
});

export const linkStatusSchema = z.object({
  id: idSchema,
  state: z.enum(['up', 'down', 'unknown']),
  roundTripMs: z.number().nullable(),
  lossPercent: z.number(),
  lastReceivedMs: utcMsSchema.nullable(),
  /** Packets refused: wrong key, replayed, of another pair. */
  refused: z.number().int(),
});

/** One decision of a guard: what it knew, which rule, what it did. Kept, and shown by `explain` and `history`. */
export const decisionSchema = z.object({
  id: z.number().int(),
  timeMs: utcMsSchema,
  nodeId: z.string(),
  rule: z.string(),
  outcome: z.string(),
  inputs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type Decision = z.infer<typeof decisionSchema>;

export const pairStatusSchema = z.object({
  configured: z.boolean(),
  application: z.string().nullable(),
  epoch: z.number().int(),
  arbiter: z.object({
    kind: z.string(),
    state: z.enum(['reachable', 'unreachable', 'none']),
    problem: z.string().nullable(),
    unsafe: z.boolean(),
  }),
  lease: z.object({
    holder: z.string().nullable(),
    epoch: z.number().int(),
    validForMs: z.number().nullable(),
  }),
  nodes: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      alias: z.string().nullable(),
      self: z.boolean(),
      role: pairRoleSchema.nullable(),
      maintenance: z.boolean(),
      standalone: z.boolean(),
      /** Age of what is known about it; null for the node itself. */
      ageMs: z.number().nullable(),
      configVersion: z.number().int().nullable(),
    }),
  ),
  settingsAgree: z.boolean().nullable(),
  links: z.array(linkStatusSchema),
  resources: z.array(resourceStatusSchema),
  lastDecisions: z.array(decisionSchema),
  /** One line: what would happen if the active node died now. */
  forecast: z.string(),
});
export type PairStatus = z.infer<typeof pairStatusSchema>;

export const preflightCheckSchema = z.object({
  id: z.string(),
  title: z.string(),
  node: z.string(),
  result: z.enum(['pass', 'warn', 'fail', 'skip']),
  evidence: z.string(),
  fix: z.string().nullable(),
});
export type PreflightCheck = z.infer<typeof preflightCheckSchema>;

/** What an operation will do, step by step; with `dryRun` nothing is done. */
export const operationPlanSchema = z.object({
  operation: z.string(),
  possible: z.boolean(),
  refusal: z.string().nullable(),
  steps: z.array(z.object({ node: z.string(), action: z.string(), expectedMs: z.number().nullable() })),
  dataAtRisk: z.string(),
  outageMs: z.number().nullable(),
  done: z.boolean(),
});
export type OperationPlan = z.infer<typeof operationPlanSchema>;

/** `confirm` is the application's name, typed; `dryRun` needs none. */
const operation = (path: string) =>
  operator
    .route({ method: 'POST', path: `/standby/${path}` })
    .input(z.object({ dryRun: z.boolean().default(false), confirm: z.string().max(64).optional() }))
    .output(operationPlanSchema);

export const standby = {
  status: viewer.route({ method: 'GET', path: '/standby' }).output(pairStatusSchema),
  config: viewer.route({ method: 'GET', path: '/standby/config' }).output(pairConfigSchema.nullable()),
  preflight: viewer
    .route({ method: 'POST', path: '/standby/preflight' })
    .output(z.array(preflightCheckSchema)),
  /** This node's facts, and the peer's after them once both are paired. Gathered anew, within seconds. */
  facts: viewer.route({ method: 'GET', path: '/standby/facts' }).output(z.array(nodeFactsSchema).max(2)),
  explain: viewer
    .route({ method: 'GET', path: '/standby/explain' })
    .output(
      z.object({ summary: z.string(), lines: z.array(z.string()), decisions: z.array(decisionSchema) }),
    ),
  history: viewer
    .route({ method: 'GET', path: '/standby/history' })
    .input(z.object({ limit: z.number().int().min(1).max(1000).default(100) }))
    .output(z.array(decisionSchema)),
  /** Shows a code that the other node's operator types within ten minutes. */
  pairingCode: admin
    .route({ method: 'POST', path: '/standby/pairing-code' })
    .output(z.object({ code: z.string(), expiresAtMs: utcMsSchema, address: z.string() })),
  /** Joins the node at `address` with its code; both then trust each other's certificate. */
  join: admin
    .route({ method: 'POST', path: '/standby/join' })
    .input(z.object({ address: z.string().max(256), code: z.string().max(32) }))
    .output(z.object({ nodeId: z.string(), name: z.string(), fingerprint: z.string() })),
  /** Replaces the pair's settings while brought out (those marked live also while active). Refused with the reason otherwise. */
  apply: admin
    .route({ method: 'POST', path: '/standby/apply' })
    .input(z.object({ config: z.unknown(), dryRun: z.boolean().default(false) }))
    .output(z.object({ changes: z.array(z.string()), problems: z.array(z.string()), applied: z.boolean() })),
  remove: admin
    .route({ method: 'DELETE', path: '/standby' })
    .input(
      z.object({
        confirm: z.string(),
        /** On the other node too, which must answer; without it that node goes on knowing this one. */
        both: z.boolean().default(false),
      }),
    )
    .output(okSchema),
  bringIn: operation('bring-in'),
  bringOut: operation('bring-out'),
  switch: operation('switch'),
  takeOver: operation('take-over'),
  handOver: operation('hand-over'),
  maintenance: operator
    .route({ method: 'POST', path: '/standby/maintenance' })
    .input(z.object({ on: z.boolean() }))
    .output(okSchema),
  standalone: admin
    .route({ method: 'POST', path: '/standby/standalone' })
    .input(z.object({ on: z.boolean(), confirm: z.string().max(64).optional() }))
    .output(okSchema),
};
