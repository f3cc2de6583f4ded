/**
 * What it costs to take an old block into use again, index and hours included, for blocks that held a minute, an hour and a
 * day of video; beside it deleting the same minutes kept as one MP4 file each, as segment recorders do.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { realDisk } from '../agent/adapters/disk.ts';
import { blockFilePath } from '../agent/storage/block/codec.ts';
import { startIndexWorker } from '../agent/storage/index/client.ts';
import type { BlockRow, MinuteRow } from '../agent/storage/index/rows.ts';
import { IndexStore } from '../agent/storage/index/store.ts';
import { freeRow } from '../agent/storage/space/initialize.ts';
import { SpaceStore } from '../agent/storage/space/space-store.ts';
import { makeInit } from '../test/support/storage/parts.ts';
import { median, percentile, round } from './figures.ts';
import type { BenchOptions } from './options.ts';

const spans = [1, 60, 1_440];
const blocksPerSpan = 200;
/** Written in full, so fewer: each holds the bytes of a block. */
const peerBlocksPerSpan = 10;
const blockBytes = 16 * 1024 * 1024;
const minuteMs = 60_000;
const startMs = Date.UTC(2026, 9, 1);

export interface RecyclingFigures {
  readonly minutes: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** The same minutes as one file each: unlinked one by one, then the folder synced, because recycling is durable too. */
  readonly unlinkMedianMs: number;
  readonly unlinkWorstMs: number;
}

export async function benchStorage(
  options: Pick<BenchOptions, 'dir' | 'say'>,
): Promise<{ blockBytes: number; blocksPerSpan: number; recycling: RecyclingFigures[] }> {
  const work = mkdtempSync(join(options.dir ?? tmpdir(), 'holdfast-bench-storage-'));
  try {
    options.say(`filling an index of ${spans.length * blocksPerSpan} blocks in ${work}`);
    const rows = fillIndex(work);
    const takes = await takeAll(work, rows);
    options.say('deleting the same minutes as files');
    const recycling: RecyclingFigures[] = [];
    for (const minutes of spans) {
      const own = takes.get(minutes) ?? [];
      const peer = await unlinkTimes(work, minutes);
      recycling.push({
        minutes,
        medianMs: round(median(own)),
        p99Ms: round(percentile(own, 0.99)),
        worstMs: round(Math.max(...own)),
        unlinkMedianMs: round(median(peer)),
        unlinkWorstMs: round(Math.max(...peer)),
      });
    }
    return { blockBytes, blocksPerSpan, recycling };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const spanOf = (number: number): number => spans[number % spans.length] ?? 1;

/** Sealed blocks of all spans in turn; each camera's follow one another in time. */
function fillIndex(work: string): BlockRow[] {
  const index = new IndexStore(work);
  const count = spans.length * blocksPerSpan;
  const rows = Array.from({ length: count }, (_, number) => sealedRow(number));
  index.createSpace('s1', rows);
  for (const row of rows) index.commit('s1', [{ spaceId: 's1', minutes: minutesOf(row) }]);
  index.completeSpace('s1', startMs);
  index.close();
  for (const row of rows) makeBlockFile(work, row.number);
  return rows;
}

function sealedRow(number: number): BlockRow {
  const minutes = spanOf(number);
  const order = Math.floor(number / spans.length / 10);
  const firstMs = startMs + order * minutes * minuteMs;
  return {
    ...freeRow(number),
    generation: 1,
    state: 'sealed',
    poolId: 'p1',
    cameraId: `camera-${minutes}-${Math.floor(number / spans.length) % 10}`,
    stream: 'main',
    firstMs,
    lastMs: firstMs + minutes * minuteMs,
    usedBytes: blockBytes,
    parts: minutes * 60,
  };
}

function minutesOf(row: BlockRow): MinuteRow[] {
  const count = spanOf(row.number);
  const lengthBytes = Math.floor(blockBytes / count);
  return Array.from({ length: count }, (_, at) => ({
    cameraId: row.cameraId ?? '',
    stream: 'main',
    minute: (row.firstMs ?? 0) / minuteMs + at,
    block: row.number,
    generation: 1,
    offsetBytes: at * lengthBytes,
    lengthBytes,
    presentMs: minuteMs,
  }));
}

/** Its head only is written here; the rest of the block does not matter to what is measured. */
function makeBlockFile(work: string, number: number): void {
  const path = blockFilePath(work, number);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, new Uint8Array(4_096), { flag: 'wx' });
}

/** Milliseconds for each block, by its span: from wanting the block to its new head being written. */
async function takeAll(work: string, rows: readonly BlockRow[]): Promise<Map<number, number[]>> {
  const clock = { monotonicMs: () => performance.now(), utcMs: () => Date.now() };
  const index = startIndexWorker(work);
  const config = { id: 's1', name: 's1', path: work, quotaBytes: rows.length * 4_096, blockBytes: 4_096 };
  const space = new SpaceStore(config, { disk: realDisk(), clock, index });
  const loaded = await index.openSpace('s1');
  if (loaded === null) throw new Error('the index was not filled');
  space.setRows(loaded.blocks);
  space.accept(markerOf(config), statSync(work).dev);
  const times = new Map<number, number[]>(spans.map((minutes) => [minutes, []]));
  for (const row of space.rows) {
    const span = spanOf(row.number);
    const beganMs = performance.now();
    const block = await space.take(row, {
      cameraId: row.cameraId ?? '',
      stream: 'main',
      poolId: 'p1',
      ownerEpoch: 1,
      baseMs: startMs,
      init: makeInit(),
    });
    times.get(span)?.push(performance.now() - beganMs);
    space.release(block);
  }
  await index.close();
  return times;
}

function markerOf(config: { id: string; name: string; quotaBytes: number; blockBytes: number }) {
  return {
    formatVersion: 1 as const,
    spaceId: config.id,
    name: config.name,
    quotaBytes: config.quotaBytes,
    blockBytes: config.blockBytes,
    blocks: spans.length * blocksPerSpan,
    ownerNode: 'bench',
    ownerEpoch: 1,
    createdMs: startMs,
    state: 'ready' as const,
  };
}

/** A block's bytes as one file a minute, made in full and synced before they are deleted. */
async function unlinkTimes(work: string, minutes: number): Promise<number[]> {
  const times: number[] = [];
  const bytes = new Uint8Array(Math.floor(blockBytes / minutes)).fill(0x5a);
  for (let block = 0; block < peerBlocksPerSpan; block += 1) {
    const dir = join(work, `segments-${minutes}-${block}`);
    mkdirSync(dir);
    const paths = Array.from({ length: minutes }, (_, at) => join(dir, `${at}.mp4`));
    for (const path of paths) writeFileSync(path, bytes, { flush: minutes < 100 });
    const folder = await open(dir, 'r');
    await folder.sync();
    const beganMs = performance.now();
    for (const path of paths) await unlink(path);
    await folder.sync();
    times.push(performance.now() - beganMs);
    await folder.close();
  }
  return times;
}
