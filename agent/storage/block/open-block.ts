/** A block being written: knows its tail, tells written from committed, and hands out index rows only for what is synced (I1). */
import { MinuteTally } from '../coverage.ts';
import type { DiskFile } from '../disk.ts';
import type { BlockRow, MinuteSpan, SpaceCommit, StreamName } from '../index/rows.ts';
import type { SpaceStore } from '../space/space-store.ts';
import { type Append, fitsBase, fitsBlock, layOut, type Placed, type Tail } from './append.ts';
import { partSpanMsMax } from './walk.ts';

/** A clock that stepped back further than this begins another block: minutes stay in order within one. */
const stepBackMsMax = 60_000;

export interface OpenBlockState {
  readonly space: SpaceStore;
  readonly row: BlockRow;
  readonly file: DiskFile;
  readonly cameraId: string;
  readonly stream: StreamName;
  readonly poolId: string;
  readonly baseMs: number;
  /** CRC-32 of `ftyp` and `moov`. */
  readonly initCrc: number;
  readonly tail: Tail;
  readonly knownMinutes: readonly MinuteSpan[];
}

/** Written and not yet committed. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

export class OpenBlock {
  readonly space: SpaceStore;
  readonly row: BlockRow;
  readonly file: DiskFile;
  readonly cameraId: string;
  readonly stream: StreamName;
  readonly poolId: string;
  readonly initCrc: number;
  readonly #baseMs: number;
  readonly #tally = new MinuteTally();
  #tail: Tail;
  #firstMs: number | null;
  #lastMs: number;
  /** Bytes since the last part that begins with a key frame, and the most there ever were. */
  #groupBytes = 0;
  #groupBytesMax = 0;
  #uncommitted: Stretch | null = null;
  #syncing: Stretch | null = null;
  /** Its space was lost or its file failed: nothing more is written here. */
  dead = false;
  /** The stream shall go on elsewhere when its present write is done. */
  sealRequested = false;
  /** No further part will come in: to be committed as sealed. */
  sealing = false;
  /** The stream ended: close the file when all is committed, and leave the block open for the stream's return. */
  idle = false;
  /** Tells the stream of what was written and then lost. */
  onLost: (lost: Stretch) => void = () => {};

  constructor(state: OpenBlockState) {
    this.space = state.space;
    this.row = state.row;
    this.file = state.file;
    this.cameraId = state.cameraId;
    this.stream = state.stream;
    this.poolId = state.poolId;
    this.initCrc = state.initCrc;
    this.#baseMs = state.baseMs;
    this.#tail = state.tail;
    this.#firstMs = state.row.firstMs;
    this.#lastMs = state.row.lastMs ?? 0;
    this.#tally.resume(state.knownMinutes, this.#lastMs);
  }

  /** The part may follow: it fits, in bytes and in time. */
  accepts(part: Placed['part'], behindBytes: number, spanMsMax: number): boolean {
    if (!fitsBlock(this.#tail.offsetBytes + behindBytes, part.lengthBytes, this.space.blockBytes))
      return false;
    if (part.randomAccess && this.#wouldCutGroup(behindBytes)) return false;
    if (part.endMs - (this.#firstMs ?? part.startMs) > spanMsMax) return false;
    return part.startMs >= this.#lastMs - stepBackMsMax && fitsBase(part, this.#baseMs);
  }

  /**
   * A block is left before a group of pictures that would not fit into it any more, so that the next begins with a key
   * frame and plays by itself. Groups of more than an eighth of a block are cut: that much would stay empty.
   */
  #wouldCutGroup(behindBytes: number): boolean {
    const bytes = this.#groupBytesMax;
    return (
      bytes <= this.space.blockBytes / 8 &&
      !fitsBlock(this.#tail.offsetBytes + behindBytes, bytes, this.space.blockBytes)
    );
  }

  /** Bytes for one write at `offsetBytes`; `written` must follow before the next. */
  layOut(placed: readonly Placed[]): Append & { offsetBytes: number } {
    const { generation } = this.row;
    const append = layOut(placed, {
      generation,
      baseMs: this.#baseMs,
      blockBytes: this.space.blockBytes,
      tail: this.#tail,
    });
    return { ...append, offsetBytes: this.#tail.offsetBytes };
  }

  written(placed: readonly Placed[], append: Append): void {
    placed.forEach(({ part }, i) => {
      const offsetBytes = append.offsets[i] ?? 0;
      const endBytes = append.offsets[i + 1] ?? append.tail.offsetBytes;
      this.#tally.add({
        startMs: part.startMs,
        endMs: part.endMs,
        offsetBytes,
        lengthBytes: endBytes - offsetBytes,
      });
      this.#groupBytes = part.randomAccess
        ? endBytes - offsetBytes
        : this.#groupBytes + endBytes - offsetBytes;
      this.#groupBytesMax = Math.max(this.#groupBytesMax, this.#groupBytes);
      this.#firstMs = Math.min(this.#firstMs ?? part.startMs, part.startMs);
      this.#lastMs = Math.max(this.#lastMs, part.endMs);
      this.#uncommitted = join(this.#uncommitted, { fromMs: part.startMs, toMs: part.endMs });
    });
    this.#tail = append.tail;
  }

  get dirty(): boolean {
    return this.#uncommitted !== null || this.sealing;
  }

  /** What a commit may say once the file is synced from here on; null when there is nothing to say. */
  beginCommit(): PendingCommit | null {
    if (!this.dirty) return null;
    const stretch = this.#uncommitted;
    this.#syncing = join(this.#syncing, stretch);
    this.#uncommitted = null;
    const spans = this.#tally.takeDirty();
    const row: BlockRow = {
      ...this.row,
      state: this.sealing ? 'sealed' : 'open',
      firstMs: this.#firstMs,
      lastMs: this.#firstMs === null ? null : this.#lastMs,
      usedBytes: this.#tail.offsetBytes,
      parts: this.#tail.sequence,
      chain: this.#tail.chain,
    };
    return {
      commit: { spaceId: this.space.id, blocks: [row], minutes: spans.map((span) => this.#toRow(span)) },
      succeed: () => {
        Object.assign(this.row, row);
        this.#syncing = null;
      },
      putBack: () => {
        this.#tally.putBack(spans);
        this.#uncommitted = join(this.#syncing, this.#uncommitted);
        this.#syncing = null;
      },
    };
  }

  /** Everything written and not committed is given up; returns it. */
  abandon(): Stretch | null {
    const lost = join(this.#syncing, this.#uncommitted);
    this.#uncommitted = null;
    this.#syncing = null;
    this.dead = true;
    return lost;
  }

  #toRow(span: MinuteSpan) {
    const { cameraId, stream } = this;
    return { ...span, cameraId, stream, block: this.row.number, generation: this.row.generation };
  }
}

export interface PendingCommit {
  readonly commit: SpaceCommit;
  succeed(): void;
  putBack(): void;
}

/** A part that can be stored at all. */
export function isStorable(part: Placed['part']): boolean {
  return part.endMs > part.startMs && part.endMs - part.startMs <= partSpanMsMax;
}

function join(a: Stretch | null, b: Stretch | null): Stretch | null {
  if (a === null || b === null) return a ?? b;
  return { fromMs: Math.min(a.fromMs, b.fromMs), toMs: Math.max(a.toMs, b.toMs) };
}
