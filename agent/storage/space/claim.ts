/** Writes a space's marker as this node's, and never over that of a node of a higher epoch (I4). */
import { type Disk, DiskError } from '../disk.ts';
import { readMarker, type SpaceMarker, writeMarker } from './marker.ts';
import { heldByAnother, type Owner, ownershipOf } from './ownership.ts';

/** Returns what was written; rejects with `left` when the space was taken over meanwhile. */
export async function claimSpace(
  disk: Disk,
  path: string,
  marker: SpaceMarker,
  self: Owner,
): Promise<SpaceMarker> {
  const there = await readMarker(disk, path);
  if (there !== 'absent' && there !== 'damaged' && ownershipOf(there, self) === 'held')
    throw new DiskError('left', heldByAnother(path, there, self).problem);
  const claimed = { ...marker, ownerNode: self.nodeId, ownerEpoch: self.epoch };
  await writeMarker(disk, path, claimed);
  return claimed;
}
