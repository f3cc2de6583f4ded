/** How a quota is cut into blocks, and how long one block may span. */
import { AppError } from '../../../src/errors.ts';

const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;
export const quotaBytesMin = 64 * mebibyte;
const blocksMin = 64;
const blockBytesMin = 16 * mebibyte;
const blockBytesMax = gibibyte;
/** Quotas under 1 GiB serve trials and tests: smaller blocks keep them at 64 blocks. */
const smallQuotaBytes = gibibyte;
const smallBlockBytesMin = mebibyte;
const hourMs = 3_600_000;
const smallPoolBlocks = 64;

export interface SpacePlan {
  readonly blockBytes: number;
  readonly blocks: number;
  /** `blocks` x `blockBytes`: the quota rounded down. */
  readonly quotaBytes: number;
}

/** The largest power of two from 16 MiB (1 MiB under 1 GiB of quota) to 1 GiB that makes at least 64 blocks. */
export function planSpace(quotaBytes: number): SpacePlan {
  if (!Number.isSafeInteger(quotaBytes) || quotaBytes < quotaBytesMin) {
    throw new AppError('invalid_input', 'the quota is under 64 MiB', {
      hint: 'Give the space at least 64 MiB.',
    });
  }
  const smallest = quotaBytes < smallQuotaBytes ? smallBlockBytesMin : blockBytesMin;
  let blockBytes = blockBytesMax;
  while (blockBytes > smallest && quotaBytes / blockBytes < blocksMin) blockBytes /= 2;
  const blocks = Math.floor(quotaBytes / blockBytes);
  return { blockBytes, blocks, quotaBytes: blocks * blockBytes };
}

/** Longest time from the first to the last part of a block: a day, an hour in a pool so small that a block is much of it. */
export function blockSpanMs(poolBlocks: number): number {
  return poolBlocks < smallPoolBlocks ? hourMs : 24 * hourMs;
}
