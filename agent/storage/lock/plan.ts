/** Locked stretches of cameras: whether a block holds a part of one, asked when it is about to be overwritten. */
import type { LockConfig, LockWeight } from '../../recorder/protocol/schema.ts';
import type { BlockRow } from '../index/rows.ts';

/** The group of pictures that a stretch begins in may begin before it, in another block. */
const leadMs = 10_000;
/** Media time may run this much behind arrival time, by which blocks are known. */
const tailMs = 2_000;

type HeldVideo = Pick<BlockRow, 'cameraId' | 'firstMs' | 'lastMs'>;

export interface Locks {
  /** Such a block is never overwritten, freed or given back. A block that holds nothing is not held. */
  holds(block: HeldVideo): boolean;
}

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Those that hold at a moment, those that have expired by then, and when the next of them will have (infinite: never). */
export function locksAt(
  locks: readonly LockConfig[],
  nowMs: number,
): { holding: LockConfig[]; expired: LockConfig[]; untilMs: number } {
  const holding: LockConfig[] = [];
  const expired: LockConfig[] = [];
  let untilMs = Number.POSITIVE_INFINITY;
  for (const lock of locks) {
    const expiresAtMs = lock.expiresAtMs ?? Number.POSITIVE_INFINITY;
    (expiresAtMs > nowMs ? holding : expired).push(lock);
    if (expiresAtMs > nowMs) untilMs = Math.min(untilMs, expiresAtMs);
  }
  return { holding, expired, untilMs };
}

/** The cost of a question grows with the logarithm of one camera's stretches. */
export function locksOf(locks: readonly LockConfig[]): Locks {
  const byCamera = new Map<string, Stretch[]>();
  for (const [cameraId, stretches] of groupByCamera(locks)) byCamera.set(cameraId, merged(stretches));
  return {
    holds({ cameraId, firstMs, lastMs }) {
      if (cameraId === null || firstMs === null) return false;
      const stretches = byCamera.get(cameraId);
      return stretches !== undefined && touchesAny(stretches, firstMs, lastMs);
    },
  };
}

/** A block as the weighing sees it. */
export interface BlockPlace extends HeldVideo {
  readonly spaceId: string;
  readonly poolId: string | null;
  readonly blockBytes: number;
}

/** What each of `wanted` holds; `added` counts what `present` does not hold yet. `presentMs` is left 0. */
export function weighLocks(
  wanted: readonly LockConfig[],
  present: Locks,
  blocks: Iterable<BlockPlace>,
): LockWeight[] {
  const any = locksOf(wanted);
  const byCamera = groupByCamera(wanted);
  const held = new Map<string, Map<string, LockWeight['held'][number]>>();
  for (const block of blocks) {
    if (!any.holds(block)) continue;
    const addedBytes = present.holds(block) ? 0 : block.blockBytes;
    for (const { id, fromMs, toMs } of byCamera.get(block.cameraId ?? '') ?? []) {
      if (!touches(widened({ fromMs, toMs }), block.firstMs ?? 0, block.lastMs)) continue;
      const places = held.get(id) ?? new Map();
      held.set(id, places);
      add(places, block, addedBytes);
    }
  }
  return wanted.map(({ id }) => ({ id, presentMs: 0, held: [...(held.get(id)?.values() ?? [])] }));
}

function add(places: Map<string, LockWeight['held'][number]>, block: BlockPlace, addedBytes: number): void {
  const { spaceId, poolId, blockBytes } = block;
  const key = `${spaceId} ${poolId ?? ''}`;
  const known = places.get(key) ?? { spaceId, poolId, blocks: 0, bytes: 0, addedBytes: 0 };
  places.set(key, {
    ...known,
    blocks: known.blocks + 1,
    bytes: known.bytes + blockBytes,
    addedBytes: known.addedBytes + addedBytes,
  });
}

function groupByCamera(locks: readonly LockConfig[]): Map<string, LockConfig[]> {
  const byCamera = new Map<string, LockConfig[]>();
  for (const lock of locks) {
    const known = byCamera.get(lock.cameraId);
    if (known === undefined) byCamera.set(lock.cameraId, [lock]);
    else known.push(lock);
  }
  return byCamera;
}

function widened({ fromMs, toMs }: Stretch): Stretch {
  return { fromMs: fromMs - leadMs, toMs: toMs + tailMs };
}

/** In order of time, none touching another: of such a list one bisection finds the only candidate. */
function merged(stretches: readonly Stretch[]): Stretch[] {
  const sorted = stretches.map(widened).sort((a, b) => a.fromMs - b.fromMs);
  const result: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of sorted) {
    const last = result.at(-1);
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else result.push({ fromMs, toMs });
  }
  return result;
}

function touchesAny(stretches: readonly Stretch[], firstMs: number, lastMs: number | null): boolean {
  let low = 0;
  let high = stretches.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((stretches[middle]?.toMs ?? 0) > firstMs) high = middle;
    else low = middle + 1;
  }
  const candidate = stretches[low];
  return candidate !== undefined && touches(candidate, firstMs, lastMs);
}

/** Ends excluded; a block without an end, or that ends where it begins, counts as its first millisecond. */
function touches(stretch: Stretch, firstMs: number, lastMs: number | null): boolean {
  return stretch.toMs > firstMs && stretch.fromMs < Math.max(lastMs ?? 0, firstMs + 1);
}
