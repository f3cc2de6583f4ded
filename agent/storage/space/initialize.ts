/** Makes a folder a storage space: marker first, every block's room really taken, resumable after a crash. */
import { AppError } from '../../../src/errors.ts';
import { blockFilePath, blocksPerFolder, encodeFreeHeader, freeHeaderBytes } from '../block/codec.ts';
import { type Disk, DiskError } from '../disk.ts';
import type { BlockRow, IndexClient } from '../index/rows.ts';
import { claimSpace } from './claim.ts';
import { forgetIndex, type Job } from './job.ts';
import { readMarker, type SpaceMarker } from './marker.ts';
import { emptyBlock, type SpaceStore } from './space-store.ts';

const zerosBytes = 4 * 1024 * 1024;
/** Files reserved by one program: its start costs a process of this size milliseconds, in which no camera is read. */
const batchBlocks = 64;

export interface InitializeDeps {
  readonly disk: Disk;
  readonly index: IndexClient;
  readonly clock: { utcMs(): number };
  readonly nodeId: string;
  readonly epoch: number;
}

/**
 * Refuses what must not be begun: a folder that is not there or belongs to another space; and a folder without the
 * marker of a space whose index is here, because then its disk is merely not mounted (I3).
 */
export async function checkInitializable(
  space: SpaceStore,
  deps: InitializeDeps,
): Promise<SpaceMarker | null> {
  const folder = await deps.disk.stat(space.path);
  if (folder?.kind !== 'folder') {
    throw new AppError('not_found', `the folder ${space.path} is not there`, {
      hint: 'Mount the disk or make the folder.',
    });
  }
  const marker = await readMarker(deps.disk, space.path);
  if (marker !== 'absent' && marker !== 'damaged') {
    if (marker.spaceId === space.id) return marker;
    throw new AppError('conflict', `${space.path} belongs to space ${marker.spaceId}`, {
      hint: 'Choose another folder, or remove its holdfast-space.json and blocks folder when its video is not needed.',
    });
  }
  if (marker === 'absent' && (await deps.index.openSpace(space.id)) !== null) {
    throw new AppError(
      'unavailable',
      `${space.path} does not carry the marker of this space: its disk is not mounted`,
      {
        hint: 'Mount the disk. For a replaced disk, delete the space and add it again.',
      },
    );
  }
  if (marker === 'absent') await checkRoom(space, deps.disk);
  return null;
}

async function checkRoom(space: SpaceStore, disk: Disk): Promise<void> {
  const freeBytes = await disk.freeBytes(space.path);
  const { quotaBytes } = space.config;
  if (freeBytes >= quotaBytes) return;
  throw new AppError('disk_full', `${space.path} has ${freeBytes} bytes free, the quota is ${quotaBytes}`, {
    hint: 'Give the space a smaller quota, or free space on the disk.',
    details: { freeBytes, quotaBytes },
  });
}

/** Rejects with the disk's error, or returns early when the job is cancelled. What is already reserved is not done again. */
export async function initializeSpace(
  space: SpaceStore,
  deps: InitializeDeps,
  job: Job,
  found: SpaceMarker | null,
): Promise<void> {
  const { config } = space;
  const blocks = Math.floor(config.quotaBytes / config.blockBytes);
  const resuming = found?.state === 'initializing' && found.blockBytes === config.blockBytes;
  const marker: SpaceMarker = {
    formatVersion: 1,
    spaceId: space.id,
    name: config.name,
    quotaBytes: blocks * config.blockBytes,
    blockBytes: config.blockBytes,
    blocks,
    ownerNode: deps.nodeId,
    ownerEpoch: deps.epoch,
    createdMs: resuming ? found.createdMs : Math.round(deps.clock.utcMs()),
    state: 'initializing',
  };
  space.indexed = false;
  await forgetIndex(space.id, deps.index);
  await deps.index.closeSpace(space.id, { remove: true });
  await space.gate.run('job', () => claimSpace(deps.disk, space.path, marker, deps));
  await removeSurplus(space, deps.disk, blocks);
  await reserveBlocks(space, deps.disk, blocks, job);
  if (job.cancelled) return;
  await space.gate.run('job', () => deps.disk.syncAll(space.path));
  const rows = Array.from({ length: blocks }, (_, number): BlockRow => freeRow(number));
  await deps.index.createSpace(space.id, rows);
  await deps.index.completeSpace(space.id, marker.createdMs);
  space.setRows(rows);
  const ready: SpaceMarker = { ...marker, state: 'ready' };
  await space.gate.run('job', () => claimSpace(deps.disk, space.path, ready, deps));
}

export function freeRow(number: number): BlockRow {
  return { number, generation: 0, state: 'free', poolId: null, cameraId: null, stream: null, ...emptyBlock };
}

async function reserveBlocks(space: SpaceStore, disk: Disk, blocks: number, job: Job): Promise<void> {
  for (let number = 0; number < blocks; number += blocksPerFolder) {
    const path = blockFilePath(space.path, number);
    await space.gate.run('job', () => disk.makeFolder(path.slice(0, path.lastIndexOf('/'))));
  }
  for (let from = 0; from < blocks && !job.cancelled; from += batchBlocks) {
    const count = Math.min(batchBlocks, blocks - from);
    await reserveBatch(
      space,
      disk,
      Array.from({ length: count }, (_, i) => from + i),
      job,
    );
  }
}

/** Valid MP4 files of one `free` box; their old heads are gone, so that a restore never finds them. */
async function reserveBatch(
  space: SpaceStore,
  disk: Disk,
  numbers: readonly number[],
  job: Job,
): Promise<void> {
  const missing: string[] = [];
  for (const number of numbers) {
    const path = blockFilePath(space.path, number);
    const entry = await space.gate.run('job', () => disk.stat(path));
    const taken = entry?.sizeBytes === space.blockBytes && entry.allocatedBytes >= space.blockBytes;
    if (!taken) missing.push(path);
  }
  const reserved = await space.gate.run('job', () => disk.preallocate(missing, space.blockBytes));
  const toFill = new Set(missing.filter((_, at) => reserved[at] !== true));
  for (const number of numbers) {
    if (job.cancelled) return;
    const path = blockFilePath(space.path, number);
    await layFree(space, disk, path, toFill.has(path) ? job : null);
    if (!toFill.has(path)) job.advance(space.blockBytes);
  }
}

/** With `fill` the room is taken by writing zeros, which counts towards that job. */
async function layFree(space: SpaceStore, disk: Disk, path: string, fill: Job | null): Promise<void> {
  const file = await space.gate.run('job', () => disk.open(path, fill === null ? 'update' : 'create'));
  try {
    if (fill !== null) await writeZeros(space, file, fill);
    const free = new Uint8Array(freeHeaderBytes);
    encodeFreeHeader(free, 0, space.blockBytes);
    await space.gate.run('job', () => file.write([free], 0));
  } finally {
    space.closeFile(file);
  }
}

async function writeZeros(
  space: SpaceStore,
  file: Awaited<ReturnType<Disk['open']>>,
  job: Job,
): Promise<void> {
  const zeros = new Uint8Array(Math.min(zerosBytes, space.blockBytes));
  for (let done = 0; done < space.blockBytes; done += zeros.length) {
    if (job.cancelled) throw new DiskError('other', 'cancelled');
    await space.gate.run('job', () => file.write([zeros], done));
    job.advance(zeros.length);
  }
}

/** Blocks of an earlier, larger initialisation, and files of another block size. */
async function removeSurplus(space: SpaceStore, disk: Disk, blocks: number): Promise<void> {
  const root = `${space.path}/blocks`;
  for (const folder of await space.gate.run('job', () => disk.list(root))) {
    for (const name of await space.gate.run('job', () => disk.list(`${root}/${folder}`))) {
      const number = Number(/^blk-(\d{6,})\.mp4$/.exec(name)?.[1] ?? Number.NaN);
      if (Number.isNaN(number)) continue;
      const path = `${root}/${folder}/${name}`;
      const entry = await space.gate.run('job', () => disk.stat(path));
      if (number < blocks && entry?.sizeBytes === space.blockBytes) continue;
      await space.gate.run('job', () => disk.remove(path));
    }
  }
}
