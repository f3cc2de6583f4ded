/** Which block comes next and which are freed ahead: pure decisions of a pool over what its spaces hold. */
import type { AppendRefusal } from '../types.ts';

const reserveShare = 0.02;
const reserveBlocksMax = 32;
/** Under this many blocks a reserve would cost more video than the wait for a free block costs time. */
const reservePoolBlocksMin = 16;
const dayMs = 86_400_000;

/** What a pool holds in one space. */
export interface SpaceShare {
  readonly spaceId: string;
  /** Can be written now. */
  readonly usable: boolean;
  readonly total: number;
  readonly free: number;
  /** Blocks whose video may be overwritten (the oldest are enough), and blocks left open that no stream writes. */
  readonly sealed: readonly BlockAge[];
  readonly idle: readonly BlockAge[];
  /** Only locks keep a block from being in `sealed` or `idle`. */
  readonly locked: boolean;
}

export interface BlockAge {
  readonly spaceId: string;
  readonly number: number;
  /** End of its video, UTC ms. */
  readonly lastMs: number;
}

export type NoBlockReason = Extract<AppendRefusal, 'no-space' | 'locked' | 'space-lost'>;
export type NextBlock =
  | { readonly kind: 'free'; readonly spaceId: string }
  | { readonly kind: 'overwrite'; readonly block: BlockAge }
  | { readonly kind: 'refused'; readonly reason: NoBlockReason };

/**
 * A free block where the largest part of the share is free, so that load and age spread over the spaces; else the
 * pool's oldest sealed block; else the oldest one left open. A block that a stream writes, or a lock holds, is never taken.
 */
export function chooseBlock(shares: readonly SpaceShare[]): NextBlock {
  const usable = shares.filter((share) => share.usable && share.total > 0);
  const freest = most(usable, (share) => (share.free === 0 ? -1 : share.free / share.total));
  if (freest !== null && freest.free > 0) return { kind: 'free', spaceId: freest.spaceId };
  const oldest =
    most(
      usable.flatMap((share) => share.sealed),
      (block) => -block.lastMs,
    ) ??
    most(
      usable.flatMap((share) => share.idle),
      (block) => -block.lastMs,
    );
  if (oldest !== null) return { kind: 'overwrite', block: oldest };
  const allLost = usable.length === 0 && shares.some((share) => share.total > 0);
  if (allLost) return { kind: 'refused', reason: 'space-lost' };
  return { kind: 'refused', reason: usable.some((share) => share.locked) ? 'locked' : 'no-space' };
}

/** Free blocks to keep ready, so that a stream that needs one need not wait for the index. */
export function reserveBlocks(totalBlocks: number): number {
  if (totalBlocks < reservePoolBlocksMin) return 0;
  return Math.min(reserveBlocksMax, Math.max(1, Math.ceil(totalBlocks * reserveShare)));
}

export interface FreeingPlan {
  readonly free: readonly BlockAge[];
  /** Age of the video that must go before the cycle is over; null when the cycle's promise holds. */
  readonly retentionMs: number | null;
}

/** Blocks to free now, oldest first, at most `batchMax`: those past the cycle, and those that the reserve wants. */
export function planFreeing(options: {
  readonly shares: readonly SpaceShare[];
  readonly cycleDays: number | null;
  readonly nowMs: number;
  readonly batchMax: number;
}): FreeingPlan {
  const usable = options.shares.filter((share) => share.usable);
  const total = usable.reduce((sum, share) => sum + share.total, 0);
  const free = usable.reduce((sum, share) => sum + share.free, 0);
  const wanted = Math.max(0, reserveBlocks(total) - free);
  const keepFromMs =
    options.cycleDays === null ? Number.NEGATIVE_INFINITY : options.nowMs - options.cycleDays * dayMs;
  const sealed = usable.flatMap((share) => share.sealed);
  const expired = sealed.filter((block) => block.lastMs < keepFromMs);
  const forReserve = oldestOf(sealed, Math.min(wanted, options.batchMax));
  const chosen = expired.length >= forReserve.length ? oldestOf(expired, options.batchMax) : forReserve;
  const early = options.cycleDays === null ? undefined : chosen.find((block) => block.lastMs >= keepFromMs);
  return { free: chosen, retentionMs: early === undefined ? null : options.nowMs - early.lastMs };
}

/** The `count` oldest that may be taken, oldest first; cheap for a few out of many, as few are asked about. */
export function oldestOf(
  blocks: Iterable<BlockAge>,
  count: number,
  mayTake: (block: BlockAge) => boolean = () => true,
): BlockAge[] {
  const oldest: BlockAge[] = [];
  if (count <= 0) return oldest;
  for (const block of blocks) {
    const newest = oldest.at(-1);
    if (oldest.length === count && newest !== undefined && block.lastMs >= newest.lastMs) continue;
    if (!mayTake(block)) continue;
    const at = oldest.findIndex((known) => known.lastMs > block.lastMs);
    oldest.splice(at === -1 ? oldest.length : at, 0, block);
    if (oldest.length > count) oldest.pop();
  }
  return oldest;
}

/** What must change so that a pool has `wanted` blocks of a space. */
export interface ShareChange {
  /** Free blocks of no pool to take. */
  readonly take: number;
  /** Blocks to give back: free ones, then the oldest video, then open ones once they are sealed. */
  readonly giveFree: number;
  readonly giveOldest: readonly BlockAge[];
  readonly sealOpen: number;
}

export function planShare(options: {
  readonly wanted: number;
  readonly unassigned: number;
  readonly free: number;
  /** Without what locks hold. */
  readonly sealed: readonly BlockAge[];
  /** Sealed blocks that locks hold: they stay, though the share be smaller. */
  readonly locked: number;
  readonly open: number;
}): ShareChange {
  const { wanted, locked } = options;
  const have = options.free + options.sealed.length + locked + options.open;
  const excess = Math.max(0, have - wanted);
  const giveFree = Math.min(excess, options.free);
  const giveOldest = oldestOf(options.sealed, excess - giveFree);
  return {
    take: Math.min(Math.max(0, wanted - have), options.unassigned),
    giveFree,
    giveOldest,
    // Where locks alone fill the share, taking the open blocks too would only end the recording.
    sealOpen:
      wanted <= locked && locked > 0 ? 0 : Math.min(options.open, excess - giveFree - giveOldest.length),
  };
}

function most<T>(items: readonly T[], rank: (item: T) => number): T | null {
  let best: T | null = null;
  let bestRank = Number.NEGATIVE_INFINITY;
  for (const item of items) {
    const itemRank = rank(item);
    if (itemRank <= bestRank) continue;
    best = item;
    bestRank = itemRank;
  }
  return best;
}
