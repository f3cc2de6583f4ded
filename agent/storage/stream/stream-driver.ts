/** One camera stream on its way to disk: a bounded queue, one write at a time, and another space when its own fails (I3). */
import type { InitSegment, Part } from '../../media/types.ts';
import type { Placed } from '../block/append.ts';
import { crcOfInit } from '../block/codec.ts';
import { isStorable, type OpenBlock } from '../block/open-block.ts';
import { DiskError } from '../disk.ts';
import type { PoolStore } from '../pool/pool-store.ts';
import { canHold } from '../pool/share.ts';
import type { SpaceStore } from '../space/space-store.ts';
import type { AppendRefusal, LostStretch, StreamOptions, StreamWriter } from '../types.ts';

/** Parts in one write when a stream has fallen behind. */
const partsPerWriteMax = 8;
/** A part goes to so many blocks before it is given up. */
const attemptsMax = 4;
/** After a refusal parts are turned away for this long before the pool is asked again. */
const refusalMs = 1_000;

/** Bytes that wait for one space, or for none yet. */
export interface Budget {
  queuedBytes: number;
}

export interface StreamDeps {
  readonly clock: { monotonicMs(): number };
  readonly pool: () => PoolStore | undefined;
  /** Counts what waits while a stream has no block. */
  readonly unplaced: Budget;
  readonly queuedBytesMax: number;
  readonly onBlockFailed: (space: SpaceStore, block: OpenBlock, thrown: unknown) => void;
  readonly onClosed: (stream: StreamDriver) => void;
}

interface Queued {
  readonly init: InitSegment;
  readonly part: Part;
  head: Uint8Array;
  budget: Budget;
  attempts: number;
  /** The queue's hold on the part, and one for each write that the disk has not given back. */
  holds: number;
}

export class StreamDriver implements StreamWriter {
  readonly options: StreamOptions;
  readonly #deps: StreamDeps;
  readonly #queue: Queued[] = [];
  #block: OpenBlock | null = null;
  #init: { key: string; crc: number } | null = null;
  #refusal: { reason: AppendRefusal; untilMs: number } | null = null;
  #pumping: Promise<void> | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: StreamOptions, deps: StreamDeps) {
    this.options = options;
    this.#deps = deps;
  }

  append(init: InitSegment, part: Part): AppendRefusal | null {
    const reason = this.#refuse(part);
    if (reason !== null) {
      part.release();
      return reason;
    }
    const budget = this.#budget();
    budget.queuedBytes += part.lengthBytes;
    this.#queue.push({ init, part, head: part.head, budget, attempts: 0, holds: 1 });
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = null;
    });
    return null;
  }

  close(): Promise<void> {
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  async #drain(): Promise<void> {
    while (this.#pumping !== null) await this.#pumping;
    if (this.#block !== null) this.#block.idle = true;
    this.#block = null;
    this.#deps.onClosed(this);
  }

  #refuse(part: Part): AppendRefusal | null {
    if (this.#closed !== null || !isStorable(part)) return 'write-error';
    const refusal = this.#stillRefused();
    if (refusal !== null) return refusal;
    const { queuedBytes } = this.#budget();
    return queuedBytes > 0 && queuedBytes + part.lengthBytes > this.#deps.queuedBytesMax
      ? 'overloaded'
      : null;
  }

  /** Asks the pool before it takes a part again: one accepted and then lost would look like recording. */
  #stillRefused(): AppendRefusal | null {
    if (this.#refusal === null) return null;
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs < this.#refusal.untilMs) return this.#refusal.reason;
    const pool = this.#deps.pool();
    const reason = pool === undefined ? 'no-space' : pool.wouldRefuse(this.options);
    this.#refusal = reason === null ? null : { reason, untilMs: nowMs + refusalMs };
    return reason;
  }

  #budget(): Budget {
    return this.#block !== null && !this.#block.dead ? this.#block.space : this.#deps.unplaced;
  }

  async #pump(): Promise<void> {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const block = await this.#blockFor(first);
      if (block !== null) await this.#write(block, this.#batchFor(block, first));
    }
  }

  /** The present block when the part may follow in it, else another; null when the queue was given up instead. */
  async #blockFor(first: Queued): Promise<OpenBlock | null> {
    const pool = this.#deps.pool();
    if (pool === undefined) return this.#giveUp('no-space', 'the pool is not configured');
    if (this.#block !== null && this.#goesOn(this.#block, first, pool)) return this.#block;
    this.#leaveBlock();
    // A block would be given up for it, and for the next one another.
    if (pool.spaces.length > 0 && !pool.spaces.some((space) => canHold(space, first.init, first.part)))
      return this.#dropFirst('write-error', noBlockHolds);
    first.attempts += 1;
    if (first.attempts > attemptsMax)
      return this.#giveUp('write-error', 'no block of the pool could be written');
    try {
      const { cameraId, stream } = this.options;
      const acquired = await pool.acquire({ cameraId, stream, init: first.init }, first.part);
      if ('refused' in acquired) return this.#giveUp(acquired.refused, refusalText[acquired.refused]);
      this.#settle(acquired.block);
      if (this.#goesOn(acquired.block, first, pool)) return acquired.block;
      return this.#dropFirst('write-error', noBlockHolds);
    } catch (thrown) {
      // The pool has reported the disk's trouble; the next round chooses another block.
      if (thrown instanceof DiskError) return null;
      return this.#giveUp('write-error', thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  #goesOn(block: OpenBlock, first: Queued, pool: PoolStore): boolean {
    if (block.dead || block.sealRequested || block.sealing || !block.space.usable) return false;
    return this.#crcOf(first.init) === block.initCrc && block.accepts(first.part, 0, pool.spanMsMax);
  }

  #leaveBlock(): void {
    if (this.#block !== null && !this.#block.dead) this.#block.sealing = true;
    this.#block = null;
  }

  #settle(block: OpenBlock): void {
    this.#block = block;
    this.#refusal = null;
    block.onLost = (lost) => {
      const lostSpace = !block.space.usable && block.space.state !== 'error';
      this.#report(
        lost,
        lostSpace ? 'space-lost' : 'write-error',
        block.space.trouble?.problem ?? 'the disk failed',
      );
    };
    for (const queued of this.#queue) this.#moveBudget(queued, block.space);
  }

  #batchFor(block: OpenBlock, first: Queued): Queued[] {
    const batch = [first];
    let bytes = first.part.lengthBytes;
    const spanMsMax = this.#deps.pool()?.spanMsMax ?? 0;
    for (const next of this.#queue.slice(1, partsPerWriteMax)) {
      const behindBytes = bytes + batch.length * 64;
      if (next.init.key !== first.init.key || next.part.startMs < first.part.startMs) break;
      if (!block.accepts(next.part, behindBytes, spanMsMax)) break;
      batch.push(next);
      bytes += next.part.lengthBytes;
    }
    return batch;
  }

  async #write(block: OpenBlock, batch: readonly Queued[]): Promise<void> {
    const placed: Placed[] = batch.map(({ part, head }) => ({ part, head }));
    const append = block.layOut(placed);
    const operation = async () => {
      for (const queued of batch) queued.holds += 1;
      try {
        await block.file.write(append.buffers, append.offsetBytes);
      } finally {
        for (const queued of batch) letGo(queued);
      }
    };
    try {
      await block.space.gate.run('write', operation);
      if (block.dead) throw new Error('the block was left');
    } catch (thrown) {
      return this.#writeFailed(block, batch, thrown);
    }
    block.written(placed, append);
    for (const queued of batch) {
      const pool = this.#deps.pool();
      if (pool !== undefined) pool.writtenBytes += queued.part.lengthBytes;
      this.#remove(queued);
    }
  }

  /** The parts stay in the queue for another block. The old write may still read their heads, so they get new ones. */
  #writeFailed(block: OpenBlock, batch: readonly Queued[], thrown: unknown): void {
    for (const queued of batch) queued.head = queued.head.slice();
    const fromMs = batch[0]?.part.startMs ?? 0;
    const { cutFromMs } = block.space;
    cutFromMs.set(block.row.number, Math.min(fromMs, cutFromMs.get(block.row.number) ?? fromMs));
    this.#block = null;
    if (block.dead) return;
    block.space.drop(block);
    this.#deps.onBlockFailed(block.space, block, thrown);
  }

  #giveUp(reason: AppendRefusal, detail: string): null {
    this.#refusal = { reason, untilMs: this.#deps.clock.monotonicMs() + refusalMs };
    const given = this.#queue.slice();
    const fromMs = given.reduce((least, { part }) => Math.min(least, part.startMs), Number.POSITIVE_INFINITY);
    const toMs = given.reduce((most, { part }) => Math.max(most, part.endMs), 0);
    for (const queued of given) this.#remove(queued);
    if (given.length > 0) this.#report({ fromMs, toMs }, reason, detail);
    return null;
  }

  #dropFirst(reason: AppendRefusal, detail: string): null {
    const first = this.#queue[0];
    if (first === undefined) return null;
    this.#remove(first);
    this.#report({ fromMs: first.part.startMs, toMs: first.part.endMs }, reason, detail);
    return null;
  }

  #remove(queued: Queued): void {
    const at = this.#queue.indexOf(queued);
    if (at !== -1) this.#queue.splice(at, 1);
    queued.budget.queuedBytes -= queued.part.lengthBytes;
    letGo(queued);
  }

  #moveBudget(queued: Queued, budget: Budget): void {
    queued.budget.queuedBytes -= queued.part.lengthBytes;
    budget.queuedBytes += queued.part.lengthBytes;
    queued.budget = budget;
  }

  #report(lost: { fromMs: number; toMs: number }, reason: LostStretch['reason'], detail: string): void {
    this.options.onLost({ ...lost, reason, detail });
  }

  #crcOf(init: InitSegment): number {
    if (this.#init?.key !== init.key) this.#init = { key: init.key, crc: crcOfInit(init.ftyp, init.moov) };
    return this.#init.crc;
  }
}

const noBlockHolds = 'the part does not fit into a block';

const refusalText: Readonly<Record<AppendRefusal, string>> = {
  'no-space': 'every block of the pool is being written',
  'space-lost': 'no space of the pool can be reached',
  locked: 'all that could be overwritten is locked',
  overloaded: 'the disk is slower than the cameras',
  'write-error': 'the disk failed',
};

function letGo(queued: Queued): void {
  queued.holds -= 1;
  if (queued.holds === 0) queued.part.release();
}
