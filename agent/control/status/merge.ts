/** Settings and the recorder's last word made one: what was never reported, or is stale, says so instead of looking well. Pure. */
import type { Camera, Pool, Space } from '../../../src/contract/index.ts';
import type { CameraSettings, PoolSettings, Settings, SpaceSettings } from '../../../src/settings/schema.ts';
import type { CameraLive, RecorderStatus } from '../../recorder/protocol/schema.ts';

/** A status older than this is stale. */
export const staleAfterMs = 5_000;

export type RecorderHealth = 'running' | 'starting' | 'failed';

export interface RecorderView {
  /** Null until it has ever reported. */
  status: RecorderStatus | null;
  health: RecorderHealth;
}

const problems: Readonly<Record<Exclude<RecorderHealth, 'running'>, string>> = {
  starting: 'the recorder is starting',
  failed: 'the recorder process is not running; it is being restarted',
};

export function mergeSpaces(settings: Settings, view: RecorderView): Space[] {
  return settings.spaces.map((space) => {
    const live = view.status?.spaces.find((candidate) => candidate.id === space.id);
    if (!live) return unreportedSpace(space, settings, view.health);
    return { ...live, name: space.name, path: space.path };
  });
}

function unreportedSpace(space: SpaceSettings, settings: Settings, health: RecorderHealth): Space {
  const allocated = settings.pools.flatMap((pool) =>
    pool.shares.filter((share) => share.spaceId === space.id),
  );
  return {
    id: space.id,
    name: space.name,
    path: space.path,
    deviceType: 'unknown',
    state: health === 'starting' ? 'initializing' : 'error',
    progress: null,
    quotaBytes: space.quotaBytes,
    blockBytes: space.blockBytes,
    blocks: { total: Math.floor(space.quotaBytes / space.blockBytes), free: 0, open: 0, sealed: 0, bad: 0 },
    usedBytes: 0,
    allocatedBytes: allocated.reduce((sum, share) => sum + share.bytes, 0),
    latencyMs: null,
    checkedAtMs: null,
    problem: health === 'running' ? 'the recorder has not reported this space yet' : problems[health],
    hint: 'Wait a few seconds; look at the log when it stays so.',
  };
}

export function mergePools(settings: Settings, view: RecorderView): Pool[] {
  return settings.pools.map((pool) => {
    const cameras = settings.cameras.filter((camera) => camera.poolId === pool.id).length;
    const live = view.status?.pools.find((candidate) => candidate.id === pool.id);
    if (!live) return unreportedPool(pool, cameras, view.health);
    const { name, strategy, cycleDays, maxLockedPercent } = pool;
    return { ...live, name, strategy, cycleDays, maxLockedPercent, cameras };
  });
}

function unreportedPool(pool: PoolSettings, cameras: number, health: RecorderHealth): Pool {
  const { createdAtMs: _, ...shown } = pool;
  return {
    ...shown,
    status: 'degraded',
    problem: health === 'running' ? 'the recorder has not reported this pool yet' : problems[health],
    shares: pool.shares.map((share) => ({ ...share, blocks: 0, free: 0 })),
    totalBytes: pool.shares.reduce((sum, share) => sum + share.bytes, 0),
    freeBytes: 0,
    usedBytes: 0,
    lockedBytes: 0,
    reserveBytes: 0,
    cameras,
    writeBytesPerSecond: 0,
    oldestVideoMs: null,
    retentionSeconds: null,
  };
}

export function mergeCameras(settings: Settings, view: RecorderView): Camera[] {
  return settings.cameras.map((camera) => {
    const live = view.status?.cameras.find((candidate) => candidate.id === camera.id);
    const { createdAtMs: _, sealedCredentials, allowBasicAuth: __, ...shown } = camera;
    const fresh = live && view.health === 'running' ? live : downCamera(camera, live ?? null, view.health);
    return { ...shown, hasCredentials: sealedCredentials !== null, ...fresh };
  });
}

/** A camera of which nothing fresh is known: never shown as recording. */
function downCamera(camera: CameraSettings, last: CameraLive | null, health: RecorderHealth): CameraLive {
  const wanted = camera.enabled && camera.plan !== 'never';
  const down = health === 'failed';
  return {
    id: camera.id,
    connection: !camera.enabled ? 'disabled' : down ? 'disconnected' : 'connecting',
    recording: wanted ? 'recording-error' : 'off-plan',
    reason: wanted && down ? 'recorder-restarted' : null,
    problem: wanted
      ? health === 'running'
        ? 'the recorder has not reported this camera yet'
        : problems[health]
      : null,
    sinceMs: last?.sinceMs ?? null,
    media: last?.media ?? null,
    bitsPerSecond: 0,
    recordedBytes: last?.recordedBytes ?? 0,
    packetsLost: last?.packetsLost ?? 0,
    partsLost: last?.partsLost ?? 0,
    reconnects: last?.reconnects ?? 0,
    lastFrameMs: last?.lastFrameMs ?? null,
  };
}
