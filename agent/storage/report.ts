/** Spaces and pools as the API shows them, measured from the block table. */
import type { Pool, Space } from '../../src/contract/index.ts';
import type { LockUse } from '../recorder/protocol/schema.ts';
import { reserveBlocks } from './allocate/plan.ts';
import type { PoolStore } from './pool/pool-store.ts';
import type { SpaceStore } from './space/space-store.ts';

const rateWindowMs = 60_000;

/** Written bytes a second over the last minute. */
export class RateMeter {
  readonly #samples: { bytes: number; atMs: number }[] = [];

  sample(bytes: number, atMs: number): void {
    // The time before the first byte would only thin out those that follow.
    if (this.#samples[0]?.bytes === bytes) this.#samples.length = 0;
    this.#samples.push({ bytes, atMs });
    while (this.#samples.length > 2 && (this.#samples[1]?.atMs ?? atMs) < atMs - rateWindowMs)
      this.#samples.shift();
  }

  get bytesPerSecond(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
    return Math.round(((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs));
  }
}

export function describeSpace(space: SpaceStore, isPool: (id: string) => boolean): Space {
  const blocks = { total: space.rows.length, free: 0, open: 0, sealed: 0, bad: 0 };
  let allocated = 0;
  for (const row of space.rows) {
    blocks[row.state] += 1;
    if (row.poolId !== null && isPool(row.poolId)) allocated += 1;
  }
  const { config, trouble } = space;
  return {
    id: space.id,
    name: config.name,
    path: space.path,
    deviceType: space.deviceType,
    state: space.state,
    progress: space.progress,
    quotaBytes: config.quotaBytes,
    blockBytes: config.blockBytes,
    blocks,
    usedBytes: (blocks.open + blocks.sealed) * config.blockBytes,
    allocatedBytes: allocated * config.blockBytes,
    latencyMs: space.latencyMs,
    checkedAtMs: space.checkedAtMs,
    problem: trouble?.problem ?? null,
    hint: trouble?.hint ?? null,
  };
}

export function describePool(pool: PoolStore, cameras: number, bytesPerSecond: number): Pool {
  const { config } = pool;
  const sums = { total: 0, free: 0, locked: 0, blocks: 0, oldestMs: Number.POSITIVE_INFINITY };
  const shares = config.shares.map((share) => {
    const space = pool.space(share.spaceId);
    const held = { blocks: 0, free: 0 };
    let locked = 0;
    for (const row of space?.rows ?? []) {
      // A bad block is no capacity: the pool has another one in its place.
      if (row.poolId !== pool.id || row.state === 'bad') continue;
      held.blocks += 1;
      if (row.state === 'free') held.free += 1;
      else if (pool.isLocked(row)) locked += 1;
      if (row.firstMs !== null) sums.oldestMs = Math.min(sums.oldestMs, row.firstMs);
    }
    const blockBytes = space?.blockBytes ?? 0;
    sums.blocks += held.blocks;
    sums.total += held.blocks * blockBytes;
    sums.free += held.free * blockBytes;
    sums.locked += locked * blockBytes;
    return { ...share, ...held };
  });
  const largestBlock = Math.max(
    0,
    ...config.shares.map((share) => pool.space(share.spaceId)?.blockBytes ?? 0),
  );
  return {
    id: config.id,
    name: config.name,
    strategy: config.strategy,
    cycleDays: config.cycleDays,
    maxLockedPercent: config.maxLockedPercent,
    syncIntervalMs: config.syncIntervalMs,
    ...statusOf(pool),
    shares,
    totalBytes: sums.total,
    freeBytes: sums.free,
    usedBytes: sums.total - sums.free,
    lockedBytes: sums.locked,
    reserveBytes: reserveBlocks(sums.blocks) * largestBlock,
    cameras,
    writeBytesPerSecond: bytesPerSecond,
    oldestVideoMs: Number.isFinite(sums.oldestMs) ? sums.oldestMs : null,
    retentionSeconds: bytesPerSecond > 0 ? Math.round(sums.total / bytesPerSecond) : null,
  };
}

/** What locks hold of a pool, space by space. */
export function lockedShares(pool: PoolStore): LockUse['shares'] {
  return pool.spaces.map((space) => {
    const mine = space.rows.filter((row) => row.poolId === pool.id && row.state !== 'bad');
    return {
      poolId: pool.id,
      spaceId: space.id,
      totalBytes: mine.length * space.blockBytes,
      lockedBytes: mine.filter((row) => pool.isLocked(row)).length * space.blockBytes,
    };
  });
}

function statusOf(pool: PoolStore): Pick<Pool, 'status' | 'problem'> {
  const troubled = pool.config.shares.filter((share) => !pool.space(share.spaceId)?.usable);
  const said = troubled.map((share) => {
    const space = pool.space(share.spaceId);
    return `space ${space?.config.name ?? share.spaceId}: ${space?.trouble?.problem ?? space?.state ?? 'not configured'}`;
  });
  if (troubled.length === pool.config.shares.length)
    return { status: 'lost', problem: said.join('; ') || 'the pool has no space' };
  if (pool.refused === 'locked') {
    const problem = 'every block is locked or being written: expand the pool, or remove a lock';
    return { status: 'no-space', problem };
  }
  if (pool.refused) return { status: 'no-space', problem: 'every block is being written: expand the pool' };
  return troubled.length > 0
    ? { status: 'degraded', problem: said.join('; ') }
    : { status: 'normal', problem: null };
}
