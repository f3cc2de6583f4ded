/** What the nodes of a pair share: its settings and, when it records, the cameras with their pools by name. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  cameraTransportSchema,
  idSchema,
  nameSchema,
  type PairConfig,
  pairConfigSchema,
  planSchema,
} from '../../../src/contract/index.ts';
import {
  type CameraSettings,
  type LockSettings,
  lockSettingsSchema,
  locksMax,
  type PairSettings,
  type Settings,
} from '../../../src/settings/schema.ts';
import { credentialsSchema, type Sealer, sealContext } from '../../settings/seal.ts';
import { maskPair, secretsOf, unmaskPair } from './secrets.ts';

const sharedCameraSchema = z.object({
  id: idSchema,
  name: nameSchema,
  channel: z.number().int(),
  url: z.string().max(2048),
  credentials: credentialsSchema.nullable(),
  transport: cameraTransportSchema,
  allowBasicAuth: z.boolean(),
  /** Name of the pool; each node has its own of that name. */
  pool: nameSchema.nullable(),
  plan: planSchema,
  enabled: z.boolean(),
  createdAtMs: z.number(),
});

/** Where a version stands: a later epoch wins over a higher version, as its maker was active later. */
export const shareHeadSchema = z.object({
  epoch: z.number().int().nonnegative(),
  version: z.number().int().nonnegative(),
  hash: z.string().max(128),
});
export type ShareHead = z.infer<typeof shareHeadSchema>;

export const shareSchema = z.object({
  head: shareHeadSchema,
  config: pairConfigSchema,
  /** Null when the pair does not record. */
  cameras: z.array(sharedCameraSchema).max(2_000).nullable(),
  /** What is locked of their video: the volume that holds it may move. Left out by a node that knows no locks. */
  locks: z.array(lockSettingsSchema).max(locksMax).optional(),
});
export type Share = z.infer<typeof shareSchema>;

export function records(config: PairConfig | null | undefined): boolean {
  return config?.resources.some((resource) => resource.kind === 'recording') ?? false;
}

export function isNewer(one: ShareHead, other: ShareHead | null): boolean {
  if (other === null) return true;
  return one.epoch === other.epoch ? one.version > other.version : one.epoch > other.epoch;
}

/** Both changed the same version at the same time. */
export function isRival(one: ShareHead, other: ShareHead | null): boolean {
  return (
    other !== null && one.epoch === other.epoch && one.version === other.version && one.hash !== other.hash
  );
}

const configContext = (pairId: string) => `pair ${pairId}`;
export const keyContext = (pairId: string) => `key of pair ${pairId}`;

/** The pair's settings with their secrets. Null before the first apply. */
export function openPairConfig(pair: PairSettings | null, sealer: Sealer): PairConfig | null {
  if (!pair?.config) return null;
  if (pair.sealedSecrets === null) return pair.config;
  const secrets = z
    .record(z.string(), z.string())
    .parse(JSON.parse(sealer.openText(pair.sealedSecrets, configContext(pair.pairId))));
  return unmaskPair(pair.config, secrets);
}

/** Into a draft of the settings: masked, with the secrets sealed beside it. */
export function storePairConfig(pair: PairSettings, config: PairConfig, sealer: Sealer): void {
  const secrets = secretsOf(config);
  pair.config = maskPair(config);
  pair.sealedSecrets =
    Object.keys(secrets).length === 0
      ? null
      : sealer.sealText(JSON.stringify(secrets), configContext(pair.pairId));
}

/** Null before the first apply. */
export function buildShare(settings: Settings, sealer: Sealer): Share | null {
  const config = openPairConfig(settings.pair, sealer);
  if (!settings.pair || !config) return null;
  const cameras = records(config)
    ? settings.cameras.map((camera) => shareCamera(camera, settings, sealer))
    : null;
  const { configEpoch: epoch } = settings.pair;
  const locks = cameras === null ? [] : settings.locks;
  const head = { epoch, version: config.version, hash: hashOf(config, cameras, locks) };
  return { head, config, cameras, ...(cameras === null ? {} : { locks }) };
}

function shareCamera(
  camera: CameraSettings,
  settings: Settings,
  sealer: Sealer,
): z.infer<typeof sharedCameraSchema> {
  const { sealedCredentials, poolId, ...rest } = camera;
  return {
    ...rest,
    credentials: sealedCredentials === null ? null : sealer.open(sealedCredentials, sealContext(camera.id)),
    pool: settings.pools.find((pool) => pool.id === poolId)?.name ?? null,
  };
}

/** Takes the peer's newer share into a draft. Returns the names of pools that this node lacks. */
export function adoptShare(draft: Settings, share: Share, sealer: Sealer): string[] {
  const { pair } = draft;
  if (!pair) return [];
  storePairConfig(pair, share.config, sealer);
  pair.configEpoch = share.head.epoch;
  pair.sharedHash = share.head.hash;
  const missing = new Set<string>();
  if (share.cameras !== null) {
    draft.cameras = share.cameras.map(({ credentials, pool, ...camera }) => {
      const poolId = draft.pools.find(({ name }) => name === pool)?.id ?? null;
      if (pool !== null && poolId === null) missing.add(pool);
      const sealedCredentials = credentials && sealer.seal(credentials, sealContext(camera.id));
      return { ...camera, poolId, sealedCredentials };
    });
    draft.counters.camera = Math.max(draft.counters.camera, ...share.cameras.map(({ id }) => numberOf(id)));
  }
  if (share.locks !== undefined) {
    draft.locks = share.locks;
    draft.counters.lock = Math.max(draft.counters.lock, ...share.locks.map(({ id }) => lockNumberOf(id)));
  }
  pair.localHash = buildShare(draft, sealer)?.head.hash ?? null;
  return [...missing];
}

function numberOf(cameraId: string): number {
  return Number(/^c(\d{1,9})$/.exec(cameraId)?.[1] ?? 0);
}

function lockNumberOf(lockId: string): number {
  return Number(/^lock-(\d{1,9})$/.exec(lockId)?.[1] ?? 0);
}

/** Everything that counts but the version; the order of keys does not, and no locks are as none were ever. */
function hashOf(config: PairConfig, cameras: Share['cameras'], locks: readonly LockSettings[]): string {
  const { version: _, ...content } = config;
  return createHash('sha256')
    .update(canonical({ content, cameras, locks: locks.length === 0 ? undefined : locks }))
    .digest('base64url');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`);
  return `{${entries.join(',')}}`;
}
