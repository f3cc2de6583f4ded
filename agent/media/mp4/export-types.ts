/** What goes into a progressive MP4 made of stored parts, and the plan that comes out: every length known in advance. */
import type { FragmentInfo, InitInfo } from './read-types.ts';

/** One stored part, in time order. `S` is the caller's own reference to where the part lies. */
export interface ExportPart<S> {
  /** `readInit` of the block it stands in; pass the same object for all parts of a block. */
  readonly init: InitInfo;
  /** `readFragment` of its `moof`. */
  readonly fragment: FragmentInfo;
  /** UTC ms that decode time 0 of its file stands for (fractions allowed); the same for all tracks. */
  readonly baseMs: number;
  readonly source: S;
}

export interface ExportOptions {
  /** Video frames shown at or after this UTC ms are left out (in decode order, from the first such on). */
  readonly toMs?: number;
  /** Samples of both tracks together; more is refused with `invalid_input`. Default 8,000,000 (about two days). */
  readonly samplesMax?: number;
}

/** A stretch of the export's payload: the bytes `[offsetBytes, offsetBytes + lengthBytes)` counted from the part's `moof`. */
export interface ExportRange<S> {
  readonly source: S;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Where it stands in the finished file. */
  readonly exportOffsetBytes: number;
}

/** The finished file is `head` followed by all `ranges` in order; `lengthBytes` in all. */
export interface ExportPlan<S> {
  /** ftyp, moov and the header of mdat. */
  readonly head: Uint8Array;
  readonly ranges: readonly ExportRange<S>[];
  readonly lengthBytes: number;
  /** UTC ms of the first and behind the last presented frame; gaps in between are frames that stay on screen. */
  readonly startMs: number;
  readonly endMs: number;
  readonly videoFrames: number;
  readonly audioFrames: number;
}

/**
 * Made by `createExportPlanner` (export-plan.ts). Video before the first random access point is left out, and so is
 * sound before the first picture. Parts that differ in codec parameters get sample descriptions of their own.
 */
export interface ExportPlanner<S> {
  add(part: ExportPart<S>): void;
  /** Throws `not_found` when no decodable frame was added. */
  finish(): ExportPlan<S>;
}
