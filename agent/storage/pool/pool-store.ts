/** One pool at run time: gives blocks to streams, frees the oldest, and commits what was synced together (I1). */
import type { PoolConfig } from '../../recorder/protocol/schema.ts';
import {
  chooseBlock,
  type NoBlockReason,
  planFreeing,
  planShare,
  type SpaceShare,
} from '../allocate/plan.ts';
import { baseMsOf } from '../block/append.ts';
import { crcOfInit } from '../block/codec.ts';
import type { OpenBlock, PendingCommit } from '../block/open-block.ts';
import { DiskError } from '../disk.ts';
import type { BlockRow } from '../index/rows.ts';
import type { Locks } from '../lock/plan.ts';
import { isAhead } from '../space/ages.ts';
import { blockSpanMs } from '../space/plan.ts';
import type { BlockUse, SpaceStore } from '../space/space-store.ts';
import type { AppendRefusal, StorageEvent } from '../types.ts';
import { refusalText } from './refusal.ts';
import { ageOf, canHold, shareOf, unassignedOf } from './share.ts';

const freeingBatchMax = 64;
const shortRetentionEventMs = 3_600_000;
const dayMs = 86_400_000;

export interface PoolDeps {
  readonly clock: { monotonicMs(): number; utcMs(): number };
  readonly space: (id: string) => SpaceStore | undefined;
  /** All of the node, also those that the pool has no share of. */
  readonly spaces: () => SpaceStore[];
  /** The pool is configured; what belongs to another may be adopted. */
  readonly isPool: (id: string) => boolean;
  readonly epoch: () => number;
  readonly locks: () => Locks;
  readonly onEvent: (event: StorageEvent) => void;
  readonly onBlockFailed: (space: SpaceStore, row: BlockRow, thrown: unknown) => void;
  readonly onCommitted: (block: OpenBlock) => void;
}

export type StreamUse = Omit<BlockUse, 'ownerEpoch' | 'baseMs' | 'poolId'>;
export type Acquired = { readonly block: OpenBlock } | { readonly refused: AppendRefusal };

export class PoolStore {
  config: PoolConfig;
  /** Bytes written since the engine began. */
  writtenBytes = 0;
  readonly #deps: PoolDeps;
  #syncing: Promise<void> | null = null;
  /** Why the last stream that asked for a block got none; null when it got one. */
  refused: NoBlockReason | null = null;
  #indexFailing = false;
  #shortToldMs = Number.NEGATIVE_INFINITY;

  constructor(config: PoolConfig, deps: PoolDeps) {
    this.config = config;
    this.#deps = deps;
  }

  get id(): string {
    return this.config.id;
  }

  space(id: string): SpaceStore | undefined {
    return this.#deps.space(id);
  }

  get spaces(): SpaceStore[] {
    return this.config.shares.flatMap((share) => this.#deps.space(share.spaceId) ?? []);
  }

  get spanMsMax(): number {
    const blocks = this.config.shares.reduce((sum, share) => {
      const space = this.#deps.space(share.spaceId);
      return space === undefined ? sum : sum + Math.floor(share.bytes / space.blockBytes);
    }, 0);
    return blockSpanMs(blocks);
  }

  /** The block that the stream left open, or another. Rejects with the disk's error when one was chosen and failed. */
  async acquire(use: StreamUse, part: Parameters<typeof baseMsOf>[0]): Promise<Acquired> {
    const known = await this.#continueOpen(use, part);
    if (known !== null) return { block: known };
    const choose = () => chooseBlock(this.shares((space) => canHold(space, use.init, part)));
    let choice = choose();
    if (choice.kind === 'refused' && this.#willSeal()) {
      await this.sync();
      choice = choose();
    }
    // From the choice until the block is taken nothing may wait: two streams would choose the same.
    if (choice.kind === 'refused') {
      this.#tellRefused(choice.reason);
      return { refused: choice.reason };
    }
    this.refused = null;
    const space = this.#deps.space(choice.kind === 'free' ? choice.spaceId : choice.block.spaceId);
    const row = space?.rows.find((one) =>
      choice.kind === 'free'
        ? one.state === 'free' && one.poolId === this.id
        : one.number === choice.block.number,
    );
    if (space === undefined || row === undefined) return { refused: 'no-space' };
    if (choice.kind === 'overwrite') this.#noteOverwrite(choice.block.lastMs);
    const whole = { ...use, poolId: this.id, ownerEpoch: this.#deps.epoch(), baseMs: baseMsOf(part) };
    return { block: await this.#orReport(space, row, space.take(row, whole)) };
  }

  /** What `acquire` would say now, without taking anything; null when there is hope. */
  wouldRefuse(stream: Pick<StreamUse, 'cameraId' | 'stream'>): AppendRefusal | null {
    const isLeft = ({ space, row }: { space: SpaceStore; row: BlockRow }) =>
      space.active.get(row.number)?.idle ?? true;
    if (this.#openRowsOf(stream).some(isLeft) || this.#willSeal()) return null;
    const choice = chooseBlock(this.shares());
    return choice.kind === 'refused' ? choice.reason : null;
  }

  /** Synced together, then committed together; a second call while one is under way waits for another round. */
  async sync(): Promise<void> {
    if (this.#syncing !== null) await this.#syncing;
    this.#syncing ??= Promise.all(this.#deps.spaces().map((space) => this.#syncSpace(space)))
      .then(() => undefined)
      .finally(() => {
        this.#syncing = null;
      });
    await this.#syncing;
  }

  get isSyncing(): boolean {
    return this.#syncing !== null;
  }

  /** Frees what is past its time and what the reserve wants, and follows the configured shares. */
  async keepHouse(): Promise<void> {
    for (const space of this.spaces) await this.#sealForgotten(space);
    await this.followShares();
    const nowMs = this.#deps.clock.utcMs();
    const cycleDays = this.config.strategy === 'cycle' ? this.config.cycleDays : null;
    const plan = planFreeing({ shares: this.shares(), cycleDays, nowMs, batchMax: freeingBatchMax });
    const early = plan.free.find((block) => cycleDays !== null && nowMs - block.lastMs < cycleDays * dayMs);
    if (early !== undefined) this.#noteOverwrite(early.lastMs);
    for (const space of this.spaces) {
      const chosen = plan.free.flatMap(({ spaceId, number }) =>
        spaceId === space.id ? (space.rows[number] ?? []) : [],
      );
      // While the space before was waited for, a block may have been taken, or locked.
      const rows = chosen.filter((row) => row.state === 'sealed' && !this.isLocked(row));
      if (rows.length > 0) await space.free(rows);
    }
  }

  /** Takes or gives back blocks until each space's share is as configured; open blocks go as soon as they are sealed. */
  async followShares(): Promise<void> {
    for (const { spaceId, bytes } of this.config.shares) {
      const space = this.#deps.space(spaceId);
      if (space?.usable) await this.#followShare(space, Math.floor(bytes / space.blockBytes));
    }
    await this.#leave();
  }

  /** The pool goes: whatever it holds becomes free, but for what locks hold. Its streams have been closed and committed. */
  async giveEverythingBack(): Promise<void> {
    for (const space of this.spaces.filter((one) => one.usable)) {
      const mine = space.rows.filter((row) => row.poolId === this.id && row.state !== 'bad');
      const rows = mine.filter((row) => !this.isLocked(row));
      if (rows.length > 0) await space.free(rows, { keepPool: false });
      // Sealed, another pool can take them over with what they hold.
      for (const row of mine) if (row.state === 'open') await space.sealIdle(row);
    }
    await this.#leave();
  }

  shares(counts: (space: SpaceStore) => boolean = () => true): SpaceShare[] {
    const nowMs = this.#deps.clock.utcMs();
    const isLocked = (row: BlockRow) => this.isLocked(row);
    return this.spaces
      .filter(counts)
      .map((space) => shareOf(space, { poolId: this.id, oldestMax: freeingBatchMax, nowMs, isLocked }));
  }

  /** Asked each time and never kept: a lock holds what is sealed or found later as well. */
  isLocked(row: BlockRow): boolean {
    return this.#deps.locks().holds(row);
  }

  async #continueOpen(use: StreamUse, part: Parameters<typeof baseMsOf>[0]): Promise<OpenBlock | null> {
    const initCrc = crcOfInit(use.init.ftyp, use.init.moov);
    const left = this.#openRowsOf(use);
    let chosen: OpenBlock | null = null;
    for (const { space, row } of left) {
      const active = space.active.get(row.number);
      if (active !== undefined && !active.idle) continue;
      if (chosen === null) {
        const block = active ?? (await this.#orReport(space, row, space.resume(row, initCrc)));
        if (block !== null && block.initCrc === initCrc && block.accepts(part, 0, this.spanMsMax)) {
          block.idle = false;
          chosen = block;
          continue;
        }
        if (block !== null) {
          block.sealing = true;
          continue;
        }
      }
      if (active !== undefined) active.sealing = true;
      else await space.sealIdle(row);
    }
    return chosen;
  }

  /** Blocks wait to be committed as sealed, and could be overwritten after that. */
  #willSeal(): boolean {
    return this.spaces.some((space) =>
      [...space.active.values()].some((one) => one.sealing && one.poolId === this.id),
    );
  }

  /** The disk's failures concern the block; the index's do not. */
  async #orReport<T>(space: SpaceStore, row: BlockRow, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (thrown) {
      if (thrown instanceof DiskError) this.#deps.onBlockFailed(space, row, thrown);
      throw thrown;
    }
  }

  /** Newest first. */
  #openRowsOf(use: Pick<StreamUse, 'cameraId' | 'stream'>): { space: SpaceStore; row: BlockRow }[] {
    const found = this.spaces
      .filter((space) => space.usable)
      .flatMap((space) =>
        space.rows
          .filter((row) => row.state === 'open' && row.cameraId === use.cameraId && row.stream === use.stream)
          .filter((row) => row.poolId === this.id && !space.taking.has(row.number))
          .map((row) => ({ space, row })),
      );
    return found.sort((a, b) => (b.row.lastMs ?? 0) - (a.row.lastMs ?? 0));
  }

  async #syncSpace(space: SpaceStore): Promise<void> {
    const blocks = [...space.active.values()].filter((block) => block.poolId === this.id && !block.dead);
    const synced = await Promise.all(blocks.map((block) => this.#syncBlock(space, block)));
    const pending = synced.flatMap((one) => one ?? []);
    if (pending.length > 0) await this.#commit(space, pending);
    for (const block of blocks) {
      const done = block.row.state === 'sealed' || (block.idle && !block.dirty);
      if (done && !block.dead) space.release(block);
    }
  }

  async #syncBlock(
    space: SpaceStore,
    block: OpenBlock,
  ): Promise<(PendingCommit & { block: OpenBlock }) | null> {
    const pending = block.beginCommit();
    if (pending === null) return null;
    try {
      await space.gate.run('sync', () => this.#syncFile(space, block));
      return block.dead ? null : { ...pending, block };
    } catch (thrown) {
      if (!block.dead) {
        space.drop(block);
        this.#deps.onBlockFailed(space, block.row, thrown);
      }
      return null;
    }
  }

  /**
   * A system that could not write forgets what it failed to write: the next sync would succeed, and a look at the file
   * would show what is in memory only. So what was not committed by then is cut off, also when nobody waits any more.
   */
  async #syncFile(space: SpaceStore, block: OpenBlock): Promise<void> {
    try {
      await block.file.sync();
    } catch (thrown) {
      space.cutFromMs.set(block.row.number, Number.NEGATIVE_INFINITY);
      throw thrown;
    }
  }

  async #commit(
    space: SpaceStore,
    pending: readonly (PendingCommit & { block: OpenBlock })[],
  ): Promise<void> {
    try {
      await space.commit({
        blocks: pending.flatMap((one) => one.commit.blocks ?? []),
        minutes: pending.flatMap((one) => one.commit.minutes ?? []),
      });
    } catch (thrown) {
      for (const one of pending) one.putBack();
      if (!this.#indexFailing)
        this.#tell('error', 'index.failing', thrown instanceof Error ? thrown.message : String(thrown));
      this.#indexFailing = true;
      return;
    }
    this.#indexFailing = false;
    for (const one of pending) {
      one.succeed();
      this.#deps.onCommitted(one.block);
    }
  }

  /** Blocks left open whose stream did not come back within a block's longest span. */
  async #sealForgotten(space: SpaceStore): Promise<void> {
    if (!space.usable) return;
    const nowMs = this.#deps.clock.utcMs();
    for (const row of space.rows) {
      if (row.state !== 'open' || row.poolId !== this.id) continue;
      if ((row.lastMs ?? 0) >= nowMs - this.spanMsMax && !isAhead(row.lastMs, nowMs)) continue;
      if (!space.active.has(row.number) && !space.taking.has(row.number)) await space.sealIdle(row);
    }
  }

  async #followShare(space: SpaceStore, wanted: number): Promise<void> {
    const mine = space.rows.filter((row) => row.poolId === this.id && row.state !== 'bad');
    if (mine.length === wanted) return;
    const nowMs = this.#deps.clock.utcMs();
    const unassigned = unassignedOf(space, this.#deps.isPool);
    const open = mine.filter((row) => row.state === 'open');
    const free = mine.filter((row) => row.state === 'free');
    const plan = planShare({
      wanted,
      unassigned: unassigned.length,
      free: free.length,
      sealed: mine.flatMap((row) =>
        row.state === 'sealed' && !this.isLocked(row) ? ageOf(space, row, nowMs) : [],
      ),
      locked: mine.filter((row) => row.state === 'sealed' && this.isLocked(row)).length,
      open: open.length,
    });
    const taken = unassigned.slice(0, plan.take);
    for (const row of taken) row.poolId = this.id;
    if (taken.length > 0) await space.commit({ blocks: taken.map((row) => ({ ...row })) });
    const given = [
      ...free.slice(0, plan.giveFree),
      ...plan.giveOldest.flatMap((block) => space.rows[block.number] ?? []),
    ];
    if (given.length > 0) await space.free(given, { keepPool: false });
    await this.#seal(space, open.slice(0, plan.sealOpen));
  }

  /** What is written now first comes to its end. */
  async #seal(space: SpaceStore, open: readonly BlockRow[]): Promise<void> {
    for (const row of open) {
      const active = space.active.get(row.number);
      if (active?.idle) active.sealing = true;
      else if (active !== undefined) active.sealRequested = true;
      else if (!space.taking.has(row.number)) await space.sealIdle(row);
    }
  }

  /**
   * Gives back what lies in spaces that are no share (any more): another pool may have it. Its video stays until then, as
   * it may be there by a restore of what another node, or an earlier pool of this id, recorded.
   */
  async #leave(): Promise<void> {
    const isShare = ({ id }: SpaceStore) => this.config.shares.some(({ spaceId }) => spaceId === id);
    for (const space of this.#deps.spaces()) {
      if (!space.usable || isShare(space)) continue;
      const mine = space.rows.filter((row) => row.poolId === this.id && row.state !== 'bad');
      const open = mine.filter((row) => row.state === 'open');
      const given = mine.filter((row) => row.state !== 'open');
      for (const row of given) row.poolId = null;
      if (given.length > 0) await space.commit({ blocks: given.map((row) => ({ ...row })) });
      await this.#seal(space, open);
    }
  }

  /** `cycle` promised to keep this video: say so, with the figure, once an hour. */
  #noteOverwrite(lastMs: number): void {
    const { strategy, cycleDays } = this.config;
    const heldMs = this.#deps.clock.utcMs() - lastMs;
    if (strategy !== 'cycle' || cycleDays === null || heldMs >= cycleDays * dayMs) return;
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#shortToldMs < shortRetentionEventMs) return;
    this.#shortToldMs = nowMs;
    const held = (heldMs / dayMs).toFixed(1);
    this.#tell(
      'warning',
      'pool.retention-short',
      `pool ${this.config.name} is full: video is kept ${held} days, not ${cycleDays}. Expand the pool, or record less.`,
    );
  }

  #tellRefused(reason: NoBlockReason): void {
    if (this.refused === reason) return;
    this.refused = reason;
    const total = this.shares().reduce((sum, share) => sum + share.total, 0);
    this.#tell('error', `pool.${reason}`, refusalText(reason, this.config.name, total));
  }

  #tell(level: StorageEvent['level'], event: string, text: string): void {
    this.#deps.onEvent({ level, event, subject: this.id, text });
  }
}
