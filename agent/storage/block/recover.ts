/** Finds what a crash left behind the last committed part of an open block, and cuts off what is torn (I2). */
import { MinuteTally } from '../coverage.ts';
import type { DiskFile } from '../disk.ts';
import type { BlockRow, MinuteSpan } from '../index/rows.ts';
import { type BlockHead, encodeFreeHeader, freeHeaderBytes } from './codec.ts';
import { type FoundPart, firstPart, partIsWhole, readBlockHead, walkHeaders } from './walk.ts';

export type Recovery =
  /** The head never reached the disk: nothing was recorded in this generation. */
  | { readonly kind: 'unused' }
  /** Committed video can no longer be proven: the head is gone. */
  | { readonly kind: 'damaged' }
  | {
      readonly kind: 'recovered';
      readonly head: BlockHead;
      readonly row: BlockRow;
      readonly minutes: readonly MinuteSpan[];
      /** Parts found behind the committed ones. */
      readonly parts: number;
    };

export interface RecoverOptions {
  readonly spaceId: string;
  readonly blockBytes: number;
  /** Newest minutes that the index holds of the block. */
  readonly known: readonly MinuteSpan[];
  /** Parts that begin here or later were written again elsewhere meanwhile. */
  readonly cutFromMs: number;
}

/** The file is synced and its tail cut when this returns; the index is the caller's to commit, after. */
export async function recoverBlock(
  file: DiskFile,
  row: Readonly<BlockRow>,
  options: RecoverOptions,
): Promise<Recovery> {
  const head = await readBlockHead(file);
  if (head === null || !isHeadOf(head, row, options.spaceId)) {
    return row.usedBytes === 0 ? { kind: 'unused' } : { kind: 'damaged' };
  }
  const start =
    row.usedBytes === 0
      ? firstPart(head)
      : { offsetBytes: row.usedBytes, generation: row.generation, sequence: row.parts, chain: row.chain };
  const found = await wholeParts(file, await walkHeaders(file, start, options.blockBytes), options.cutFromMs);
  const endBytes = found.at(-1)?.endBytes ?? start.offsetBytes;
  await cutTail(file, endBytes, options.blockBytes);
  const last = found.at(-1)?.header;
  return {
    kind: 'recovered',
    head,
    minutes: minutesOf(found, row, options.known),
    parts: found.length,
    row: {
      ...row,
      firstMs: found.reduce<number | null>(
        (first, { header }) => Math.min(first ?? header.startMs, header.startMs),
        row.firstMs,
      ),
      lastMs: found.reduce<number | null>((last, part) => Math.max(last ?? 0, part.header.endMs), row.lastMs),
      usedBytes: endBytes,
      parts: last === undefined ? start.sequence : last.sequence + 1,
      chain: last?.headerCrc ?? start.chain,
    },
  };
}

/** Parts up to the first that is torn or no longer wanted. */
async function wholeParts(
  file: DiskFile,
  walked: readonly FoundPart[],
  cutFromMs: number,
): Promise<FoundPart[]> {
  const whole: FoundPart[] = [];
  for (const part of walked) {
    if (part.header.startMs >= cutFromMs || !(await partIsWhole(file, part))) break;
    whole.push(part);
  }
  return whole;
}

export function isHeadOf(head: BlockHead, row: Readonly<BlockRow>, spaceId: string): boolean {
  const { header } = head;
  return (
    header.spaceId === spaceId && header.blockNumber === row.number && header.generation === row.generation
  );
}

/** A `free` header right behind the last whole part, whatever stood there. */
export async function cutTail(file: DiskFile, endBytes: number, blockBytes: number): Promise<void> {
  const free = new Uint8Array(freeHeaderBytes);
  encodeFreeHeader(free, 0, blockBytes - endBytes);
  await file.write([free], endBytes);
  await file.sync();
}

function minutesOf(
  parts: readonly FoundPart[],
  row: Readonly<BlockRow>,
  known: readonly MinuteSpan[],
): MinuteSpan[] {
  const tally = new MinuteTally();
  tally.resume(known, row.lastMs ?? 0);
  for (const { header, offsetBytes, endBytes } of parts) {
    tally.add({
      startMs: header.startMs,
      endMs: header.endMs,
      offsetBytes,
      lengthBytes: endBytes - offsetBytes,
    });
  }
  return tally.takeDirty();
}
