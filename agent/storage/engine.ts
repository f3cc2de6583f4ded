/** The block store of the recorder: spaces, pools and streams put together; media never waits for an index or a lost disk. */
import { AppError } from '../../src/errors.ts';
import type { LockConfig, LockUse, PoolConfig, SpaceConfig } from '../recorder/protocol/schema.ts';
import type { OpenBlock } from './block/open-block.ts';
import type { Disk } from './disk.ts';
import { Gaps } from './gaps.ts';
import { startIndexWorker } from './index/client.ts';
import type { BlockRow, IndexClient } from './index/rows.ts';
import { HeldLocks } from './lock/held-locks.ts';
import { type BlockPlace, weighLocks } from './lock/plan.ts';
import { PoolStore } from './pool/pool-store.ts';
import { describePool, describeSpace, lockedShares, RateMeter } from './report.ts';
import { SpaceJobs } from './space/jobs.ts';
import { SpaceStore } from './space/space-store.ts';
import { SpaceSupervisor } from './space/supervisor.ts';
import { StreamDriver } from './stream/stream-driver.ts';
import { realTicker, type Ticker } from './ticker.ts';
import type { StorageEngine, StorageEvent, StreamOptions } from './types.ts';

const healthMs = 2_000;
const houseMs = 5_000;
const gapMinMs = 1_000;
/** Media that waits for one space; two seconds of three hundred cameras, over it parts are refused. */
const queuedBytesMax = 128 * 1024 * 1024;
const bringUpMaxMs = 10_000;
/** How long a hanging disk may hold up a node that is to let go. */
const endStreamsMaxMs = 2_000;

export interface StorageEngineOptions {
  readonly disk: Disk;
  readonly clock: { monotonicMs(): number; utcMs(): number };
  readonly dataDir: string;
  readonly onEvent: (event: StorageEvent) => void;
  /** In tests. */
  readonly index?: IndexClient;
  readonly ticker?: Ticker;
  readonly queuedBytesMax?: number;
}

const catalogRenewed: StorageEvent = {
  level: 'error',
  event: 'index.catalog-renewed',
  subject: 'node',
  text:
    'catalog.db was damaged and was put aside as catalog.db.damaged. Inspection is counted again from the minutes; ' +
    'the list of earlier gaps is gone. Check the disk of the data folder.',
};

interface Held {
  readonly store: SpaceStore;
  readonly supervisor: SpaceSupervisor;
}

export async function createStorageEngine(options: StorageEngineOptions): Promise<StorageEngine> {
  const index = options.index ?? startIndexWorker(options.dataDir);
  const loaded = await index.loadGaps();
  if (loaded.renewed) options.onEvent(catalogRenewed);
  const gaps = new Gaps(index, { gapMinMs, ...loaded });
  return new Engine(options, index, gaps);
}

class Engine implements StorageEngine {
  readonly gaps: Gaps;
  readonly #options: StorageEngineOptions;
  readonly #index: IndexClient;
  readonly #ticker: Ticker;
  readonly #spaces = new Map<string, Held>();
  readonly #pools = new Map<string, PoolStore>();
  readonly #poolTimers = new Map<string, { intervalMs: number; stop: () => void }>();
  readonly #rates = new Map<string, RateMeter>();
  readonly #streams = new Set<StreamDriver>();
  readonly #lastRecordedMs = new Map<string, number>();
  readonly #unplaced = { queuedBytes: 0 };
  readonly #jobs: SpaceJobs;
  readonly #stops: (() => void)[];
  #node = { nodeId: '', epoch: 0 };
  readonly #locks: HeldLocks;
  #applying: Promise<void> = Promise.resolve();
  #house: Promise<void> | null = null;
  #closed = false;

  constructor(options: StorageEngineOptions, index: IndexClient, gaps: Gaps) {
    this.#options = options;
    this.#locks = new HeldLocks(options);
    this.#index = index;
    this.gaps = gaps;
    this.#ticker = options.ticker ?? realTicker;
    this.#jobs = new SpaceJobs({ ...options, index, node: () => this.#node });
    this.#stops = [
      this.#ticker.every(healthMs, () => this.#checkSpaces()),
      this.#ticker.every(houseMs, () => this.#keepHouse()),
    ];
  }

  apply(config: Parameters<StorageEngine['apply']>[0]): Promise<void> {
    this.#locks.set(config.locks ?? []);
    const done = this.#applying.then(() => this.#apply(config));
    this.#applying = done.catch(() => undefined);
    return done;
  }

  openStream(options: StreamOptions): StreamDriver {
    const stream = new StreamDriver(options, {
      clock: this.#options.clock,
      pool: () => this.#pools.get(options.poolId),
      unplaced: this.#unplaced,
      queuedBytesMax: this.#options.queuedBytesMax ?? queuedBytesMax,
      onBlockFailed: (space, block, thrown) => this.#blockFailed(space, block.row, thrown),
      onClosed: (closed) => this.#streams.delete(closed),
    });
    this.#streams.add(stream);
    return stream;
  }

  async endStreams(): Promise<void> {
    const drained = async () => {
      await Promise.all([...this.#streams].map((stream) => stream.close()));
      await Promise.all([...this.#pools.values()].map((pool) => pool.sync()));
    };
    await this.#within(
      endStreamsMaxMs,
      drained().catch(() => undefined),
    );
  }

  lastRecordedMs(cameraId: string): number | null {
    return this.#lastRecordedMs.get(cameraId) ?? null;
  }

  async initializeSpace(spaceId: string): Promise<void> {
    const { store, supervisor } = this.#held(spaceId);
    await this.#jobs.initialize(store, supervisor, () => {
      if (store.rows.some((row) => this.#locks.holds(row))) throw holdsLocked(spaceId);
    });
  }

  async restoreSpace(spaceId: string): Promise<void> {
    const { store, supervisor } = this.#held(spaceId);
    await this.#jobs.restore(store, supervisor);
  }

  cancelJob(spaceId: string): Promise<void> {
    return this.#jobs.cancel(spaceId);
  }

  async weighLocks(locks: readonly LockConfig[], options: { presence: boolean }): Promise<LockUse> {
    const weights = weighLocks(locks, this.#locks, this.#places());
    const present = options.presence ? await Promise.all(locks.map((lock) => this.#presentMs(lock))) : [];
    return {
      weights: weights.map((one, at) => ({ ...one, presentMs: present[at] ?? 0 })),
      shares: [...this.#pools.values()].flatMap(lockedShares),
    };
  }

  spaces(): ReturnType<StorageEngine['spaces']> {
    return [...this.#spaces.values()].map(({ store }) => describeSpace(store, (id) => this.#pools.has(id)));
  }

  pools(): ReturnType<StorageEngine['pools']> {
    return [...this.#pools.values()].map((pool) => {
      const cameras = new Set<string>();
      for (const { options } of this.#streams) {
        if (options.poolId === pool.id) cameras.add(options.cameraId);
      }
      return describePool(pool, cameras.size, this.#rates.get(pool.id)?.bytesPerSecond ?? 0);
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#applying;
    for (const stop of this.#stops) stop();
    for (const timer of this.#poolTimers.values()) timer.stop();
    await this.#jobs.cancelAll();
    await Promise.all([...this.#streams].map((stream) => stream.close()));
    await Promise.all([...this.#pools.values()].map((pool) => pool.sync()));
    await this.#house;
    await this.gaps.flush();
    for (const { supervisor } of this.#spaces.values()) supervisor.end();
    await this.#index.close();
  }

  async #apply(config: Parameters<StorageEngine['apply']>[0]): Promise<void> {
    const risen = config.epoch > this.#node.epoch;
    this.#node = { nodeId: config.nodeId, epoch: config.epoch };
    for (const { store } of [...this.#spaces.values()]) {
      const wanted = config.spaces.find((space) => space.id === store.id);
      if (wanted === undefined) await this.#removeSpace(store.id, { forget: true });
      else if (wanted.path !== store.path || wanted.blockBytes !== store.blockBytes) {
        await this.#removeSpace(store.id, { forget: false });
      }
    }
    const added = config.spaces.filter((space) => !this.#spaces.has(space.id));
    for (const space of added) await this.#addSpace(space);
    await this.#applyPools(config.pools);
    // In a new epoch every marker is claimed before the first block of it.
    await this.#bringUp(risen ? [...this.#spaces.values()] : added.map((space) => this.#held(space.id)));
    for (const pool of this.#pools.values()) await pool.followShares();
  }

  *#places(): Iterable<BlockPlace> {
    for (const { store } of this.#spaces.values()) {
      const { id: spaceId, blockBytes } = store;
      for (const row of store.rows) if (row.firstMs !== null) yield { ...row, spaceId, blockBytes };
    }
  }

  async #presentMs(lock: LockConfig): Promise<number> {
    const indexed = [...this.#spaces.values()].filter(({ store }) => store.indexed);
    const sums = await Promise.all(indexed.map(({ store }) => this.#index.presentMs(store.id, lock)));
    return sums.reduce((sum, ms) => sum + ms, 0);
  }

  async #addSpace(config: SpaceConfig): Promise<void> {
    const { disk, clock, onEvent } = this.#options;
    const store = new SpaceStore(config, { disk, clock, index: this.#index });
    const supervisor = new SpaceSupervisor(store, {
      disk,
      clock,
      onEvent,
      index: this.#index,
      node: () => this.#node,
      onReady: (space) => this.#spaceReady(space),
      onHalfInitialized: (space) => void this.#jobs.initialize(space, supervisor).catch(() => undefined),
      onTakenOver: (space) => void this.#jobs.restore(space, supervisor).catch(() => undefined),
    });
    this.#spaces.set(config.id, { store, supervisor });
    await supervisor.loadIndex();
    this.#noteRecorded(store.rows);
  }

  /** A disk that hangs at the start must not keep the others from recording. */
  async #bringUp(held: readonly Held[]): Promise<void> {
    await this.#within(bringUpMaxMs, Promise.all(held.map(({ supervisor }) => supervisor.check())));
  }

  async #within(limitMs: number, done: Promise<unknown>): Promise<void> {
    let stop = () => {};
    const late = new Promise<void>((resolve) => {
      stop = this.#ticker.every(limitMs, resolve);
    });
    await Promise.race([done, late]);
    stop();
  }

  /** Files on disk stay; with `forget` their video leaves the index, and a restore would bring it back. */
  async #removeSpace(spaceId: string, options: { forget: boolean }): Promise<void> {
    const { store, supervisor } = this.#held(spaceId);
    await this.#jobs.cancel(spaceId);
    supervisor.end();
    this.#spaces.delete(spaceId);
    if (options.forget) await this.#jobs.forget(store);
    await this.#index.closeSpace(spaceId, { remove: options.forget });
  }

  async #applyPools(configs: readonly PoolConfig[]): Promise<void> {
    for (const pool of [...this.#pools.values()]) {
      if (!configs.some((config) => config.id === pool.id)) await this.#removePool(pool);
    }
    for (const config of configs) {
      const known = this.#pools.get(config.id);
      if (known !== undefined) known.config = config;
      else this.#pools.set(config.id, this.#makePool(config));
      this.#keepTime(config);
    }
  }

  /** Its video becomes free blocks, at once where the space can be reached. */
  async #removePool(pool: PoolStore): Promise<void> {
    const streams = [...this.#streams].filter((stream) => stream.options.poolId === pool.id);
    await Promise.all(streams.map((stream) => stream.close()));
    await pool.sync();
    await pool.giveEverythingBack();
    this.#pools.delete(pool.id);
    this.#poolTimers.get(pool.id)?.stop();
    this.#poolTimers.delete(pool.id);
  }

  #makePool(config: PoolConfig): PoolStore {
    return new PoolStore(config, {
      clock: this.#options.clock,
      onEvent: this.#options.onEvent,
      space: (id) => this.#spaces.get(id)?.store,
      spaces: () => [...this.#spaces.values()].map(({ store }) => store),
      isPool: (id) => this.#pools.has(id),
      epoch: () => this.#node.epoch,
      locks: () => this.#locks,
      onBlockFailed: (space, row, thrown) => this.#blockFailed(space, row, thrown),
      onCommitted: (block) => this.#committed(block),
    });
  }

  #keepTime({ id, syncIntervalMs }: PoolConfig): void {
    const known = this.#poolTimers.get(id);
    if (known?.intervalMs === syncIntervalMs) return;
    known?.stop();
    const stop = this.#ticker.every(syncIntervalMs, () => {
      const pool = this.#pools.get(id);
      if (pool !== undefined && !pool.isSyncing) void pool.sync();
    });
    this.#poolTimers.set(id, { intervalMs: syncIntervalMs, stop });
  }

  #checkSpaces(): void {
    for (const { supervisor } of this.#spaces.values()) void supervisor.check();
    void this.gaps.flush();
  }

  #keepHouse(): void {
    this.#locks.expire();
    for (const pool of this.#pools.values()) {
      const meter = this.#rates.get(pool.id) ?? new RateMeter();
      this.#rates.set(pool.id, meter);
      meter.sample(pool.writtenBytes, this.#options.clock.monotonicMs());
    }
    this.#house ??= this.#keepPools().finally(() => {
      this.#house = null;
    });
  }

  async #keepPools(): Promise<void> {
    for (const pool of this.#pools.values()) {
      // A commit that fails is tried again in the next round; the index's trouble is told by the sync.
      await pool.keepHouse().catch(() => undefined);
    }
  }

  #spaceReady(space: SpaceStore): void {
    this.#noteRecorded(space.rows);
    for (const pool of this.#pools.values()) void pool.followShares().catch(() => undefined);
  }

  #blockFailed(space: SpaceStore, row: BlockRow, thrown: unknown): void {
    void this.#spaces.get(space.id)?.supervisor.blockFailed(row, thrown);
  }

  #committed({ cameraId, stream, row }: OpenBlock): void {
    if (stream === 'main') this.#noteLast(cameraId, row.lastMs);
  }

  #noteRecorded(rows: readonly BlockRow[]): void {
    for (const row of rows)
      if (row.cameraId !== null && row.stream === 'main') this.#noteLast(row.cameraId, row.lastMs);
  }

  #noteLast(cameraId: string, lastMs: number | null): void {
    if (lastMs === null) return;
    this.#lastRecordedMs.set(cameraId, Math.max(lastMs, this.#lastRecordedMs.get(cameraId) ?? 0));
  }

  #held(spaceId: string): Held {
    const held = this.#spaces.get(spaceId);
    if (held !== undefined) return held;
    throw new AppError('not_found', `there is no space ${spaceId}`, {
      hint: 'See the Storage page for the spaces of this node.',
    });
  }
}

function holdsLocked(spaceId: string): AppError {
  return new AppError('conflict', `the space ${spaceId} holds locked video`, {
    hint: 'Remove the locks first: see holdfast lock list.',
  });
}
