/** How fast an index is rebuilt from blocks that hold real parts, beside plainly reading the same files. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realDisk } from '../agent/adapters/disk.ts';
import { createStorageEngine } from '../agent/storage/engine.ts';
import type { StorageEngine } from '../agent/storage/types.ts';
import { makeInit, makePart } from '../test/support/storage/parts.ts';
import { round } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { configOf } from './recorder-client.ts';

const blockBytes = 64 * 1024 * 1024;
const blocks = 48;
/** A second of 2 Mbit/s. */
const partBytes = 250_000;
const startMs = Date.UTC(2026, 9, 1);

export interface RestoreFigures {
  readonly gigabytes: number;
  /** Whether the page cache was emptied before each (needs root). */
  readonly coldCache: boolean;
  readonly restoreMBPerSecond: number;
  readonly catMBPerSecond: number;
}

export async function benchRestore(options: BenchOptions, work: string): Promise<RestoreFigures> {
  const dataDir = join(work, 'restore-data');
  const spaceDir = join(work, 'restore-space');
  mkdirSync(dataDir);
  mkdirSync(spaceDir);
  options.say(`filling ${blocks} blocks for the restore`);
  await fill(dataDir, spaceDir);
  rmSync(dataDir, { recursive: true });
  mkdirSync(dataDir);
  const coldCache = dropCaches();
  const restoreMs = await timeOf(() => restore(dataDir, spaceDir));
  dropCaches();
  const catMs = await timeOf(async () => {
    spawnSync('find', [join(spaceDir, 'blocks'), '-type', 'f', '-exec', 'cat', '{}', '+'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  });
  const megabytes = (blocks * blockBytes) / 1e6;
  return {
    gigabytes: round(megabytes / 1e3),
    coldCache,
    restoreMBPerSecond: Math.round(megabytes / (restoreMs / 1e3)),
    catMBPerSecond: Math.round(megabytes / (catMs / 1e3)),
  };
}

async function openEngine(dataDir: string, spaceDir: string): Promise<StorageEngine> {
  const clock = { monotonicMs: () => performance.now(), utcMs: () => Date.now() };
  const engine = await createStorageEngine({ disk: realDisk(), clock, dataDir, onEvent: () => {} });
  await engine.apply(configOf({ dataDir, spaceDir, quotaBytes: blocks * blockBytes, blockBytes, urls: [] }));
  return engine;
}

async function fill(dataDir: string, spaceDir: string): Promise<void> {
  const engine = await openEngine(dataDir, spaceDir);
  await engine.initializeSpace('s1');
  await until(() => engine.spaces()[0]?.state === 'normal' && (engine.pools()[0]?.totalBytes ?? 0) > 0);
  const stream = engine.openStream({ cameraId: 'c1', stream: 'main', poolId: 'p1', onLost: () => {} });
  const seconds = Math.floor(((blocks - 1) * blockBytes) / (partBytes + 1_000));
  const init = makeInit();
  let pending = 0;
  for (let second = 0; second < seconds; second += 1) {
    pending += 1;
    const onRelease = () => {
      pending -= 1;
    };
    const part = makePart({ startMs: startMs + second * 1_000, payloadBytes: partBytes, onRelease });
    const refusal = stream.append(init, part);
    if (refusal !== null) throw new Error(`a part was refused: ${refusal}`);
    await until(() => pending < 32);
  }
  await stream.close();
  await engine.close();
}

async function restore(dataDir: string, spaceDir: string): Promise<void> {
  const engine = await openEngine(dataDir, spaceDir);
  await engine.restoreSpace('s1');
  await until(() => engine.spaces()[0]?.state === 'normal');
  await engine.close();
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

/** False without the right: then both are measured with the cache as it is. */
function dropCaches(): boolean {
  spawnSync('sync');
  try {
    writeFileSync('/proc/sys/vm/drop_caches', '3');
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 120_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error('waited in vain for two minutes');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
