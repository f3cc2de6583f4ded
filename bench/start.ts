/**
 * How long a node is without recording after `kill -9`, with a terabyte of indexed blocks and hundreds of open ones, and how
 * fast an index comes back from the blocks alone.
 */
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { realDisk } from '../agent/adapters/disk.ts';
import { blockFilePath } from '../agent/storage/block/codec.ts';
import type { BlockRow, MinuteRow } from '../agent/storage/index/rows.ts';
import { IndexStore } from '../agent/storage/index/store.ts';
import { freeRow } from '../agent/storage/space/initialize.ts';
import { writeMarker } from '../agent/storage/space/marker.ts';
import { startCameras } from './cameras.ts';
import { median, round } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { configOf, type DrivenRecorder, startRecorder } from './recorder-client.ts';
import { benchRestore, type RestoreFigures } from './restore.ts';

const blockBytes = 64 * 1024 * 1024;
const blocks = 16_384;
const freeBlocks = 1_024;
/** What a block of this size holds of a camera of 2 Mbit/s. */
const minutesPerBlock = 5;
const minuteMs = 60_000;
/** That of rotating disks: the longest tails. */
const syncIntervalMs = 5_000;
const kills = 3;
/** Recorded before each kill, so that every camera has an open block with a tail that no commit names. */
const recordMs = 8_000;

export interface StartFigures {
  readonly blocks: number;
  readonly indexedTB: number;
  readonly minuteRows: number;
  readonly openBlocks: number;
  /** Medians over three kills: the process is started, its space is ready, the first and the last camera record. */
  readonly readyMs: number;
  readonly recordingMs: number;
  readonly allRecordingMs: number;
  readonly worstReadyMs: number;
  readonly worstRecordingMs: number;
  readonly restore: RestoreFigures;
}

interface Start {
  readonly openBlocks: number;
  readonly readyMs: number;
  readonly recordingMs: number;
  readonly allRecordingMs: number;
}

export async function benchStart(options: BenchOptions): Promise<StartFigures> {
  const work = mkdtempSync(join(options.dir ?? tmpdir(), 'holdfast-bench-start-'));
  const cameras = await startCameras(options);
  try {
    options.say(`making an index of ${blocks} blocks in ${work}; all but the open ones are sparse files`);
    const dataDir = join(work, 'data');
    const spaceDir = join(work, 'space');
    const minuteRows = await makeFullSpace(dataDir, spaceDir, options.cameras);
    const starts = await killAgainAndAgain(options, cameras.urls, dataDir, spaceDir);
    await cameras.child.end();
    rmSync(spaceDir, { recursive: true, force: true });
    const of = (pick: (start: Start) => number) => starts.map(pick);
    return {
      blocks,
      indexedTB: round((blocks * blockBytes) / 1e12),
      minuteRows,
      openBlocks: Math.min(...of((start) => start.openBlocks)),
      readyMs: Math.round(median(of((start) => start.readyMs))),
      recordingMs: Math.round(median(of((start) => start.recordingMs))),
      allRecordingMs: Math.round(median(of((start) => start.allRecordingMs))),
      worstReadyMs: Math.round(Math.max(...of((start) => start.readyMs))),
      worstRecordingMs: Math.round(Math.max(...of((start) => start.recordingMs))),
      restore: await benchRestore(options, work),
    };
  } finally {
    await cameras.child.end();
    rmSync(work, { recursive: true, force: true });
  }
}

/** A space as if it had recorded a terabyte: marker, block files, block and minute rows, hours. Returns the minute rows. */
async function makeFullSpace(dataDir: string, spaceDir: string, cameras: number): Promise<number> {
  const nowMs = Math.floor(Date.now() / minuteMs) * minuteMs;
  const quotaBytes = blocks * blockBytes;
  mkdirSync(dataDir, { recursive: true });
  for (let number = 0; number < blocks; number += 1) {
    const path = blockFilePath(spaceDir, number);
    if (number % 1000 === 0) mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
    truncateSync(path, blockBytes);
  }
  const index = new IndexStore(dataDir);
  const rows = Array.from({ length: blocks }, (_, number) => rowOf(number, cameras, nowMs));
  const minutes = rows.flatMap(minutesOf);
  index.createSpace('s1', rows);
  const step = 50_000;
  for (let from = 0; from < minutes.length; from += step) {
    index.commit('s1', [{ spaceId: 's1', minutes: minutes.slice(from, from + step) }]);
  }
  index.completeSpace('s1', nowMs);
  index.close();
  const head = { formatVersion: 1, spaceId: 's1', name: 's1', quotaBytes, blockBytes, blocks } as const;
  const owner = { ownerNode: 'bench', ownerEpoch: 1, createdMs: nowMs, state: 'ready' } as const;
  await writeMarker(realDisk(), spaceDir, { ...head, ...owner });
  return minutes.length;
}

/** Newest video last, an hour ago; the last blocks are free. */
function rowOf(number: number, cameras: number, nowMs: number): BlockRow {
  if (number >= blocks - freeBlocks) return { ...freeRow(number), poolId: 'p1' };
  const age = Math.ceil((blocks - freeBlocks - number) / cameras);
  const firstMs = nowMs - 60 * minuteMs - age * minutesPerBlock * minuteMs;
  return {
    ...freeRow(number),
    generation: 1,
    state: 'sealed',
    poolId: 'p1',
    cameraId: `c${(number % cameras) + 1}`,
    stream: 'main',
    firstMs,
    lastMs: firstMs + minutesPerBlock * minuteMs,
    usedBytes: blockBytes - 1_000,
    parts: minutesPerBlock * 60,
  };
}

function minutesOf(row: BlockRow): MinuteRow[] {
  if (row.firstMs === null) return [];
  const first = row.firstMs / minuteMs;
  const lengthBytes = Math.floor(row.usedBytes / minutesPerBlock);
  return Array.from({ length: minutesPerBlock }, (_, at) => ({
    cameraId: row.cameraId ?? '',
    stream: 'main',
    minute: first + at,
    block: row.number,
    generation: 1,
    offsetBytes: at * lengthBytes,
    lengthBytes,
    presentMs: minuteMs,
  }));
}

async function killAgainAndAgain(
  options: BenchOptions,
  urls: readonly string[],
  dataDir: string,
  spaceDir: string,
): Promise<Start[]> {
  const config = configOf({ dataDir, spaceDir, quotaBytes: blocks * blockBytes, blockBytes, urls });
  const pools = config.pools.map((pool) => ({ ...pool, syncIntervalMs }));
  const starts: Start[] = [];
  let recorder = await startRecorder(dataDir);
  try {
    await recorder.ask({ method: 'configure', config: { ...config, pools } });
    for (let kill = 0; kill < kills; kill += 1) {
      options.say(`${options.cameras} cameras record; kill -9 number ${kill + 1} of ${kills}`);
      await recorder.until((status) => status.cameras.every(isRecording), 60_000);
      await new Promise((resolve) => setTimeout(resolve, recordMs));
      const openBlocks = recorder.status()?.spaces[0]?.blocks.open ?? 0;
      recorder.child.process.kill('SIGKILL');
      await recorder.child.end();
      const beganMs = performance.now();
      recorder = await startRecorder(dataDir);
      const configured = recorder.ask({ method: 'configure', config: { ...config, pools } });
      starts.push({ openBlocks, ...(await milestones(recorder, beganMs)) });
      await configured;
    }
  } finally {
    await recorder.child.end();
  }
  return starts;
}

async function milestones(recorder: DrivenRecorder, beganMs: number): Promise<Omit<Start, 'openBlocks'>> {
  const after = async (wanted: Parameters<DrivenRecorder['until']>[0]): Promise<number> => {
    await recorder.until(wanted, 60_000);
    return performance.now() - beganMs;
  };
  const readyMs = await after((status) => status.spaces[0]?.state === 'normal');
  const recordingMs = await after((status) => status.cameras.some(isRecording));
  const all = (status: { cameras: readonly { recording: string }[] }) =>
    status.cameras.length > 0 && status.cameras.every(isRecording);
  return { readyMs, recordingMs, allRecordingMs: await after(all) };
}

function isRecording(camera: { recording: string }): boolean {
  return camera.recording === 'normal';
}
