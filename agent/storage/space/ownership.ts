/** Whose a space is: the node that holds it in the highest epoch, and nobody else writes there (I4). */
import type { Trouble } from './health.ts';
import type { SpaceMarker } from './marker.ts';

/** This node, and the epoch in which it was last active; nodes that were never active in a pair are all in the first. */
export interface Owner {
  readonly nodeId: string;
  readonly epoch: number;
}

const firstEpoch = 1;

/**
 * `ours`; `older`: to be claimed before anything else is written; `held`: never written by us; `unknown`: of another node
 * without a pair, which a person may take over.
 */
export type Ownership = 'ours' | 'older' | 'held' | 'unknown';

/** A node's own mark counts whatever its epoch: a recorder that was just started learns the epoch a moment later. */
export function ownershipOf(marker: Pick<SpaceMarker, 'ownerNode' | 'ownerEpoch'>, self: Owner): Ownership {
  if (marker.ownerNode === self.nodeId) return marker.ownerEpoch < self.epoch ? 'older' : 'ours';
  if (marker.ownerEpoch < self.epoch) return 'older';
  return marker.ownerEpoch === firstEpoch && self.epoch === firstEpoch ? 'unknown' : 'held';
}

export function heldByAnother(path: string, marker: SpaceMarker, self: Owner): Trouble {
  const { ownerNode, ownerEpoch } = marker;
  return {
    state: 'error',
    problem: `${path} is held by node ${ownerNode} since epoch ${ownerEpoch}, and this node is of epoch ${self.epoch}`,
    hint: 'This node takes it over by itself when it becomes active. If that node never comes back and there is no pair, delete the space here, copy the MP4 files away, empty the folder and add it again.',
  };
}
