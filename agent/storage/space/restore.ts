/** Rebuilds a space's index from its blocks alone: every head and part header is read, and the end of each block in full. */
import { blockFilePath } from '../block/codec.ts';
import { cutTail } from '../block/recover.ts';
import { type FoundPart, firstPart, partIsWhole, readBlockHead, walkHeaders } from '../block/walk.ts';
import { MinuteTally } from '../coverage.ts';
import { type Disk, type DiskFile, faultOf } from '../disk.ts';
import type { BlockRow, IndexClient, MinuteRow } from '../index/rows.ts';
import { claimSpace } from './claim.ts';
import { freeRow } from './initialize.ts';
import { forgetIndex, type Job } from './job.ts';
import type { SpaceMarker } from './marker.ts';
import type { SpaceStore } from './space-store.ts';

/** Longer than the longest sync interval: older parts of a block were synced before the next was written. */
const verifiedTailMs = 90_000;
const workers = 2;

export interface RestoreDeps {
  readonly disk: Disk;
  readonly index: IndexClient;
  readonly nodeId: string;
  readonly epoch: number;
}

/** Rejects with the disk's error, or returns early when cancelled; until it has ended the space keeps waiting for recovery. */
export async function restoreSpace(
  space: SpaceStore,
  deps: RestoreDeps,
  job: Job,
  marker: SpaceMarker,
): Promise<void> {
  space.indexed = false;
  await forgetIndex(space.id, deps.index);
  const rows = Array.from({ length: marker.blocks }, (_, number) => freeRow(number));
  await deps.index.createSpace(space.id, rows);
  let next = 0;
  const work = async () => {
    for (let row = rows[next++]; row !== undefined && !job.cancelled; row = rows[next++]) {
      const minutes = await space.gate.run('job', () => readBlock(space, deps.disk, row));
      if (row.state !== 'free') await space.commit({ blocks: [{ ...row }], minutes });
      job.advance(space.blockBytes);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  if (job.cancelled) return;
  await deps.index.completeSpace(space.id, marker.createdMs);
  space.setRows(rows);
  await space.gate.run('job', () => claimSpace(deps.disk, space.path, marker, deps));
}

/** Fills `row` from the block's file and returns its minutes. */
async function readBlock(space: SpaceStore, disk: Disk, row: BlockRow): Promise<MinuteRow[]> {
  const path = blockFilePath(space.path, row.number);
  try {
    const file = await disk.open(path, 'update');
    try {
      return await readParts(space, file, row);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (faultOf(thrown) !== 'gone' && faultOf(thrown) !== 'io') throw thrown;
    // A space that vanished meanwhile must not end as a space of bad blocks.
    if ((await disk.stat(space.path)) === null) throw thrown;
    row.state = 'bad';
    return [];
  }
}

async function readParts(space: SpaceStore, file: DiskFile, row: BlockRow): Promise<MinuteRow[]> {
  const head = await readBlockHead(file);
  if (head === null || head.header.spaceId !== space.id || head.header.blockNumber !== row.number) return [];
  const { header } = head;
  row.generation = header.generation;
  const start = firstPart(head);
  const parts = await wholeEnd(file, await walkHeaders(file, start, space.blockBytes));
  const last = parts.at(-1);
  await cutTail(file, last?.endBytes ?? start.offsetBytes, space.blockBytes);
  if (last === undefined) return [];
  const tally = new MinuteTally();
  const { cameraId, stream } = header;
  const minutes = new Map<number, MinuteRow>();
  for (const part of parts) {
    const { startMs, endMs } = part.header;
    tally.add({
      startMs,
      endMs,
      offsetBytes: part.offsetBytes,
      lengthBytes: part.endBytes - part.offsetBytes,
    });
    for (const span of tally.takeDirty()) {
      minutes.set(span.minute, { ...span, cameraId, stream, block: row.number, generation: row.generation });
    }
  }
  Object.assign(row, {
    state: 'sealed',
    poolId: header.poolId === '' ? null : header.poolId,
    cameraId,
    stream,
    firstMs: parts.reduce((first, part) => Math.min(first, part.header.startMs), last.header.startMs),
    lastMs: parts.reduce((latest, part) => Math.max(latest, part.header.endMs), 0),
    usedBytes: last.endBytes,
    parts: parts.length,
    chain: last.header.headerCrc,
  } satisfies Partial<BlockRow>);
  return [...minutes.values()];
}

/** Parts up to the first torn one among those that may never have been synced. */
async function wholeEnd(file: DiskFile, parts: readonly FoundPart[]): Promise<FoundPart[]> {
  const endMs = parts.at(-1)?.header.endMs ?? 0;
  const whole: FoundPart[] = [];
  for (const part of parts) {
    if (part.header.endMs > endMs - verifiedTailMs && !(await partIsWhole(file, part))) break;
    whole.push(part);
  }
  return whole;
}
