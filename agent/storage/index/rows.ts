/** Rows of the index files as the engine holds them, and the commits that change them. */
import type { Gap } from '../../../src/contract/index.ts';

export type BlockState = 'free' | 'open' | 'sealed' | 'bad';
export type StreamName = 'main' | 'sub';

/** A row of `block`, and at the same time the engine's block table: memory leads, the file follows. */
export interface BlockRow {
  readonly number: number;
  generation: number;
  state: BlockState;
  poolId: string | null;
  cameraId: string | null;
  stream: StreamName | null;
  firstMs: number | null;
  lastMs: number | null;
  /** Offset behind the last part that is synced and committed; 0 when none is. */
  usedBytes: number;
  parts: number;
  chain: number;
}

/** The stretch of a block that touches one UTC minute. */
export interface MinuteSpan {
  readonly minute: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** 0..60,000 */
  readonly presentMs: number;
}

export interface MinuteRow extends MinuteSpan {
  readonly cameraId: string;
  readonly stream: StreamName;
  readonly block: number;
  readonly generation: number;
}

export interface BlockDrop {
  readonly block: number;
  /** UTC ms at which its video was given up for newer; null: it was lost otherwise. */
  readonly overwrittenAtMs: number | null;
}

/** Applied in this order; durable when the promise resolves. */
export interface SpaceCommit {
  readonly spaceId: string;
  /** Forget what these blocks held: hours shrink first, then the minute rows go. */
  readonly drops?: readonly BlockDrop[];
  readonly blocks?: readonly Readonly<BlockRow>[];
  readonly minutes?: readonly MinuteRow[];
}

export interface GapRow extends Gap {
  readonly id: number;
}

export interface GapCommit {
  readonly put: readonly GapRow[];
  readonly remove: readonly number[];
}

export interface LoadedGaps {
  readonly nextId: number;
  readonly open: readonly GapRow[];
  /** The catalog was damaged and began anew: earlier gaps are gone. */
  readonly renewed: boolean;
}

/** What an index file holds when it is opened. */
export interface LoadedSpace {
  /** `createdMs` of the marker that the file belongs to. */
  readonly createdMs: number;
  readonly blocks: BlockRow[];
}

/** All that the engine asks of the index; the real one runs in a worker thread. Rejects with AppError. */
export interface IndexClient {
  /** Null when the space has no complete index file. */
  openSpace(spaceId: string): Promise<LoadedSpace | null>;
  /** Begins an index with `blocks`; what the space held must have been dropped before. Incomplete until completed. */
  createSpace(spaceId: string, blocks: readonly BlockRow[]): Promise<void>;
  /** From now on the index counts as that of the space created at `createdMs`. */
  completeSpace(spaceId: string, createdMs: number): Promise<void>;
  closeSpace(spaceId: string, options: { remove: boolean }): Promise<void>;
  /** Minutes of a block from `fromMinute` on. */
  minutesOf(spaceId: string, block: number, fromMinute: number): Promise<MinuteSpan[]>;
  /** Video of a camera in the minutes that touch [fromMs, toMs), both streams together. */
  presentMs(
    spaceId: string,
    range: { readonly cameraId: string; readonly fromMs: number; readonly toMs: number },
  ): Promise<number>;
  commit(commit: SpaceCommit): Promise<void>;
  loadGaps(): Promise<LoadedGaps>;
  commitGaps(commit: GapCommit): Promise<void>;
  close(): Promise<void>;
}
