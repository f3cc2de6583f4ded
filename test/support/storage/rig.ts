/** A storage engine on temporary folders with a clock and a ticker of the test's own, and the checker beside it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { realDisk } from '../../../agent/adapters/disk.ts';
import type { LockConfig, PoolConfig, SpaceConfig } from '../../../agent/recorder/protocol/schema.ts';
import { checkSpace, type SpaceCheck } from '../../../agent/storage/check.ts';
import type { Disk } from '../../../agent/storage/disk.ts';
import { createStorageEngine } from '../../../agent/storage/engine.ts';
import { createIndexClient } from '../../../agent/storage/index/client.ts';
import { handleIndexRequest } from '../../../agent/storage/index/handle.ts';
import type { IndexRequest } from '../../../agent/storage/index/messages.ts';
import { IndexStore } from '../../../agent/storage/index/store.ts';
import type { LostStretch, StorageEngine, StorageEvent, StreamWriter } from '../../../agent/storage/types.ts';
import { diskIdle } from '../idle-disk.ts';
import { makeInit, makePart } from './parts.ts';

export const mebibyte = 1024 * 1024;
export const startMs = 1_700_000_000_000;

export class TestTicker {
  readonly #timers = new Set<{ intervalMs: number; dueMs: number; run: () => void }>();

  every(intervalMs: number, run: () => void): () => void {
    const timer = { intervalMs, dueMs: this.nowMs + intervalMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  nowMs = 0;

  /** As if the process had slept: time passes and nothing runs until the next `advance`. */
  skip(ms: number): void {
    this.nowMs += ms;
    for (const timer of this.#timers) timer.dueMs = this.nowMs + timer.intervalMs;
  }

  /** Lets time pass, and whatever is due run, in order. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      next.dueMs += next.intervalMs;
      next.run();
    }
    this.nowMs = endMs;
  }
}

export interface RigOptions {
  readonly spaces?: number;
  readonly blockBytes?: number;
  readonly blocks?: number;
  readonly pool?: Partial<PoolConfig>;
  readonly disk?: Disk;
  /** A folder of an earlier rig, to start again on. */
  readonly root?: string;
  readonly queuedBytesMax?: number;
  /** Another node on the same spaces: its own data folder, by this name below `root`. */
  readonly nodeId?: string;
  readonly epoch?: number;
}

export class Rig {
  readonly root: string;
  readonly ticker = new TestTicker();
  readonly events: StorageEvent[] = [];
  readonly lost: LostStretch[] = [];
  readonly options: RigOptions;
  readonly spaceConfigs: SpaceConfig[];
  pools: PoolConfig[];
  locks: LockConfig[] = [];
  store: IndexStore | null = null;
  released = 0;
  indexFails = false;
  /** Told of each request before the index hears of it. */
  onIndex: (request: IndexRequest) => void = () => {};
  made = 0;
  /** By how much the wall clock is wrong. */
  aheadMs = 0;
  #engine: StorageEngine | null = null;

  epoch: number;

  constructor(options: RigOptions = {}) {
    this.options = options;
    this.epoch = options.epoch ?? 1;
    this.root = options.root ?? mkdtempSync(join(tmpdir(), 'hf-storage-'));
    const blockBytes = options.blockBytes ?? 64 * 1024;
    const quotaBytes = (options.blocks ?? 8) * blockBytes;
    this.spaceConfigs = Array.from({ length: options.spaces ?? 1 }, (_, i) => {
      const path = join(this.root, `space${i + 1}`);
      mkdirSync(path, { recursive: true });
      return { id: `s${i + 1}`, name: `space ${i + 1}`, path, quotaBytes, blockBytes };
    });
    this.pools = [
      {
        id: 'p1',
        name: 'pool 1',
        strategy: 'capacity',
        cycleDays: null,
        maxLockedPercent: 0,
        syncIntervalMs: 1_000,
        shares: this.spaceConfigs.map(({ id }) => ({ spaceId: id, bytes: quotaBytes })),
        ...options.pool,
      },
    ];
  }

  get engine(): StorageEngine {
    if (this.#engine === null) throw new Error('the rig is not started');
    return this.#engine;
  }

  get dataDir(): string {
    return join(this.root, this.options.nodeId === undefined ? 'data' : `data-${this.options.nodeId}`);
  }

  get utcMs(): number {
    return startMs + this.ticker.nowMs + this.aheadMs;
  }

  async start(): Promise<this> {
    mkdirSync(this.dataDir, { recursive: true });
    const store = new IndexStore(this.dataDir);
    this.store = store;
    this.#engine = await createStorageEngine({
      disk: this.options.disk ?? realDisk(),
      clock: { monotonicMs: () => this.ticker.nowMs, utcMs: () => this.utcMs },
      dataDir: this.dataDir,
      onEvent: (event) => this.events.push(event),
      ticker: this.ticker,
      index: createIndexClient(async (request) => {
        this.onIndex(request);
        if (this.indexFails) throw new Error('the disk of the data folder is full');
        return handleIndexRequest(store, request);
      }),
      ...(this.options.queuedBytesMax === undefined ? {} : { queuedBytesMax: this.options.queuedBytesMax }),
    });
    await this.apply();
    return this;
  }

  /** Started, and every space initialised. */
  async ready(): Promise<this> {
    await this.start();
    for (const { id } of this.spaceConfigs) {
      await this.engine.initializeSpace(id);
      await this.until(() => this.space(id).state === 'normal', `space ${id} is normal`);
    }
    await this.until(
      () => this.engine.pools()[0]?.shares.every((share) => share.blocks > 0) ?? false,
      'the pool has blocks',
    );
    return this;
  }

  apply(): Promise<void> {
    return this.engine.apply({
      spaces: this.spaceConfigs,
      pools: this.pools,
      locks: this.locks,
      nodeId: this.options.nodeId ?? 'node-a',
      epoch: this.epoch,
    });
  }

  space(id: string) {
    const found = this.engine.spaces().find((space) => space.id === id);
    if (found === undefined) throw new Error(`no space ${id}`);
    return found;
  }

  pool() {
    const found = this.engine.pools()[0];
    if (found === undefined) throw new Error('no pool');
    return found;
  }

  open(cameraId: string): StreamWriter {
    return this.engine.openStream({
      cameraId,
      stream: 'main',
      poolId: 'p1',
      onLost: (lost) => this.lost.push(lost),
    });
  }

  /** Appends a part and counts it; returns the refusal. */
  append(
    writer: StreamWriter,
    startPartMs: number,
    options: { payloadBytes?: number; durationMs?: number; key?: string; randomAccess?: boolean } = {},
  ) {
    this.made += 1;
    const onRelease = () => {
      this.released += 1;
    };
    return writer.append(
      makeInit(options.key),
      makePart({ startMs: startPartMs, seed: this.made, onRelease, ...options }),
    );
  }

  /** Waits, without letting the test's time pass. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!condition()) {
      if (performance.now() > deadline)
        throw new Error(`waited in vain: ${what}; events: ${JSON.stringify(this.events.slice(-5))}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Lets what is under way come to its end. */
  async settled(): Promise<void> {
    // Each pause lets what the disk's answer set off come to the disk itself.
    for (let turn = 0; turn < 5; turn += 1) {
      await diskIdle();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Seconds pass, and after each what it set off comes to its end. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.ticker.advance(1_000);
      await this.settled();
    }
  }

  /** Everything given so far has left the queues. */
  drained(): Promise<void> {
    return this.until(() => this.released === this.made, 'all parts are released');
  }

  /** One sync interval passes and its commit is done. */
  async synced(): Promise<void> {
    await this.drained();
    const before = this.commits();
    this.ticker.advance(1_000);
    await this.until(() => this.commits() > before, 'a commit');
  }

  commits(): number {
    return [...this.spaceConfigs].reduce(
      (sum, { id }) =>
        sum + this.query(id, 'SELECT total(length_bytes) + total(present_ms) + count(*) AS n FROM minute'),
      0,
    );
  }

  query(spaceId: string, sql: string): number {
    const path = join(this.dataDir, 'index', `${spaceId}.db`);
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      return Number(database.prepare(sql).get()?.n ?? 0);
    } finally {
      database.close();
    }
  }

  /** Present ms of a camera over all hours of the catalog. */
  catalogPresentMs(cameraId: string): number {
    const database = new DatabaseSync(join(this.dataDir, 'catalog.db'), { readOnly: true });
    try {
      const rows = database.prepare('SELECT present_ms AS blob FROM hour WHERE camera_id = ?').all(cameraId);
      return rows.reduce((sum, row) => {
        const blob = row.blob instanceof Uint8Array ? row.blob : new Uint8Array();
        return sum + new Uint16Array(blob.slice().buffer).reduce((total, ms) => total + ms, 0);
      }, 0);
    } finally {
      database.close();
    }
  }

  /** Present ms of a camera over the minute rows of all spaces; a minute's second block of the same time counts once. */
  indexPresentMs(cameraId: string): number {
    const minutes = new Map<number, number>();
    for (const { id } of this.spaceConfigs) {
      const database = new DatabaseSync(join(this.dataDir, 'index', `${id}.db`), { readOnly: true });
      for (const row of database
        .prepare('SELECT minute, present_ms FROM minute WHERE camera_id = ?')
        .all(cameraId)) {
        const minute = Number(row.minute);
        minutes.set(minute, Math.min(60_000, (minutes.get(minute) ?? 0) + Number(row.present_ms)));
      }
      database.close();
    }
    return [...minutes.values()].reduce((sum, ms) => sum + ms, 0);
  }

  check(spaceId = 's1'): Promise<SpaceCheck> {
    const path = this.spaceConfigs.find((space) => space.id === spaceId)?.path ?? '';
    return checkSpace(path, join(this.dataDir, 'index', `${spaceId}.db`));
  }

  /** As after a crash: nothing more is synced, committed or closed; the index file is let go so that it can be opened again. */
  crash(): void {
    this.store?.close();
    this.store = null;
    this.#engine = null;
  }

  async end(): Promise<void> {
    if (this.#engine !== null) await this.#engine.close().catch(() => undefined);
    rmSync(this.root, { recursive: true, force: true });
  }
}
