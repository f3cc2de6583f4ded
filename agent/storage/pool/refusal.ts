/** What a pool says when it has no block to give, and what helps. */
import type { NoBlockReason } from '../allocate/plan.ts';

export function refusalText(reason: NoBlockReason, pool: string, blocks: number): string {
  switch (reason) {
    case 'space-lost':
      return `no space of pool ${pool} can be reached. See the Storage page for each space's trouble.`;
    case 'locked':
      return (
        `pool ${pool} has ${blocks} blocks and each is locked or being written: nothing may be overwritten. ` +
        'Expand the pool, or remove a lock (see: holdfast lock list).'
      );
    case 'no-space':
      return (
        `pool ${pool} has ${blocks} blocks and all are being written: each stream needs one and one more is ` +
        'needed to overwrite. Expand the pool, or use a space with smaller blocks.'
      );
  }
}
