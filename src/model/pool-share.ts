/** What a smaller share of a pool costs, so that video never goes without a person having said so. */

/** What a pool holds of one space. */
export interface HeldShare {
  readonly bytes: number;
  readonly blocks: number;
  readonly free: number;
}

/** Bytes of video, the oldest, that must go when the share becomes `nextBytes`; whole blocks. */
export function videoBytesLost(share: HeldShare | undefined, nextBytes: number): number {
  if (share === undefined || share.blocks === 0) return 0;
  const blockBytes = share.bytes / share.blocks;
  const held = share.blocks - share.free;
  return Math.max(0, held - Math.floor(nextBytes / blockBytes)) * blockBytes;
}
