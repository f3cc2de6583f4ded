/** The storage engine as the recorder process sees it: apply settings, open streams, append parts, keep the gap ledger. */
import type { Gap, GapReason, Pool, Space } from '../../src/contract/index.ts';
import type { InitSegment, Part } from '../media/types.ts';
import type { LockConfig, LockUse, PoolConfig, SpaceConfig } from '../recorder/protocol/schema.ts';

/** A stretch that was accepted and then could not be written. */
export interface LostStretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: GapReason;
  readonly detail: string;
}

export type AppendRefusal = Extract<
  GapReason,
  'no-space' | 'locked' | 'space-lost' | 'overloaded' | 'write-error'
>;

/** One camera stream on its way to disk. All calls are synchronous and cheap; disk work happens behind. */
export interface StreamWriter {
  /**
   * Queue a part. Ownership of `part` passes to the writer, which releases it after the write, also when refused.
   * Returns null when accepted, or why not. Another `init.key` than before seals the block and begins a new one.
   */
  append(init: InitSegment, part: Part): AppendRefusal | null;
  /** Writes what is queued, seals nothing: the block goes on when the camera comes back. */
  close(): Promise<void>;
}

export interface StreamOptions {
  readonly cameraId: string;
  readonly stream: 'main' | 'sub';
  readonly poolId: string;
  /** A part that was accepted and then lost. */
  readonly onLost: (lost: LostStretch) => void;
}

/** Reported up to the journal. */
export interface StorageEvent {
  readonly level: 'info' | 'warning' | 'error';
  readonly event: string;
  readonly subject: string;
  readonly text: string;
}

export interface GapLedger {
  /** Opens an outage, or changes nothing when one is open for the camera. `fromMs`: end of the last recorded part. */
  open(gap: { cameraId: string; fromMs: number; reason: GapReason; detail: string }): void;
  /** Closes the open outage of a camera at the start of the first part after it; drops it when shorter than `gapMinMs`. */
  close(cameraId: string, toMs: number): void;
  /** A closed outage at once (packet loss, a refused or lost part). Neighbours of the same reason within 2 s are merged. */
  add(gap: { cameraId: string; fromMs: number; toMs: number; reason: GapReason; detail: string }): void;
  openGap(cameraId: string): Gap | null;
  /** Those that have an outage open. */
  openCameras(): string[];
}

export interface StorageEngine {
  /** Make the spaces and pools be as configured; starts recovery of open blocks. Idempotent. */
  apply(config: {
    spaces: readonly SpaceConfig[];
    pools: readonly PoolConfig[];
    /** Hold from the call on, before anything else of it is done. Left out: nothing is locked. */
    locks?: readonly LockConfig[] | undefined;
    nodeId: string;
    epoch: number;
  }): Promise<void>;
  openStream(options: StreamOptions): StreamWriter;
  /**
   * Closes the streams that there are, and resolves when all that they were given is synced and committed: another node
   * may then take the spaces over. A disk that hangs is waited for 2 s and no longer. Never rejects.
   */
  endStreams(): Promise<void>;
  /** End of the newest recorded part of a camera's main stream, null when nothing is held. */
  lastRecordedMs(cameraId: string): number | null;
  readonly gaps: GapLedger;
  /**
   * Destroys what the space holds. Resolves when the job has begun; progress, end and trouble show in `spaces()`.
   * Rejects with `not_found`, `conflict` (another job, another space's folder, locked video), `unavailable` (its disk is
   * not mounted).
   */
  initializeSpace(spaceId: string): Promise<void>;
  /** Rebuilds the index from the blocks alone. Resolves when the job has begun; rejects like `initializeSpace`. */
  restoreSpace(spaceId: string): Promise<void>;
  /** Resolves when the job of the space has ended; does nothing without one. */
  cancelJob(spaceId: string): Promise<void>;
  /** What these stretches hold, or would hold, of the blocks that there are; with `presence` also how much video. */
  weighLocks(locks: readonly LockConfig[], options: { presence: boolean }): Promise<LockUse>;
  spaces(): Space[];
  /** `cameras`, `writeBytesPerSecond` and `retentionSeconds` included. */
  pools(): Pool[];
  /** Sync, commit, close everything. */
  close(): Promise<void>;
}
