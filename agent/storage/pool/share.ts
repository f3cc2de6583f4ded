/** What a pool has in one space: counted from the block table, with the oldest blocks that may be overwritten. */
import type { InitSegment, Part } from '../../media/types.ts';
import { type BlockAge, oldestOf, type SpaceShare } from '../allocate/plan.ts';
import { fitsBlock } from '../block/append.ts';
import { blockHeadBytesMax, blockHeaderBytes } from '../block/codec.ts';
import type { BlockRow } from '../index/rows.ts';
import type { SpaceStore } from '../space/space-store.ts';

/** A block of the space can hold the part, behind the head of its stream. A head that is too long is refused for itself. */
export function canHold(
  space: SpaceStore,
  { ftyp, moov }: InitSegment,
  part: Pick<Part, 'lengthBytes'>,
): boolean {
  const headBytes = ftyp.length + blockHeaderBytes + moov.length;
  return headBytes > blockHeadBytesMax || fitsBlock(headBytes, part.lengthBytes, space.blockBytes);
}

/** Of the sealed blocks only the `oldestMax` oldest; no other than those that come into question is asked about locks. */
export function shareOf(
  space: SpaceStore,
  options: { poolId: string; oldestMax: number; nowMs: number; isLocked: (row: BlockRow) => boolean },
): SpaceShare {
  const { poolId, nowMs } = options;
  const idle: BlockAge[] = [];
  let free = 0;
  let total = 0;
  let locked = false;
  const mayTake = ({ number }: BlockAge) => {
    const row = space.rows[number];
    const held = row !== undefined && options.isLocked(row);
    locked ||= held;
    return !held;
  };
  for (const row of space.rows) {
    if (row.poolId !== poolId || row.state === 'bad') continue;
    total += 1;
    if (row.state === 'free') free += 1;
    if (row.state !== 'open' || space.active.has(row.number) || space.taking.has(row.number)) continue;
    const age = ageOf(space, row, nowMs);
    if (mayTake(age)) idle.push(age);
  }
  const sealed = oldestOf(sealedOf(space, poolId, nowMs), options.oldestMax, mayTake);
  return { spaceId: space.id, usable: space.usable, total, free, sealed, idle, locked };
}

function* sealedOf(space: SpaceStore, poolId: string, nowMs: number): Iterable<BlockAge> {
  for (const row of space.rows) {
    if (row.poolId === poolId && row.state === 'sealed') yield ageOf(space, row, nowMs);
  }
}

export function ageOf(space: SpaceStore, row: BlockRow, nowMs: number): BlockAge {
  return { spaceId: space.id, number: row.number, lastMs: space.ages.endMs(row, nowMs) };
}

/** Free blocks of no pool; then restored video whose pool is not here any more: a pool takes it over as its own. */
export function unassignedOf(space: SpaceStore, isPool: (id: string) => boolean): BlockRow[] {
  const given = (row: BlockRow) => row.poolId !== null && isPool(row.poolId);
  const free = space.rows.filter((row) => row.state === 'free' && !given(row));
  return [...free, ...space.rows.filter((row) => row.state === 'sealed' && !given(row))];
}
