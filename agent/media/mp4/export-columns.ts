/** One track of an export: its samples in growing columns, its runs of bytes and its sample descriptions. */
import type { TrackInfo } from './read-types.ts';

/** Samples that stand one behind the other in the file: a chunk of ISO 14496-12. */
export interface ExportRun {
  readonly count: number;
  readonly payloadOffsetBytes: number;
  /** Counted from 1, as stsc has it. */
  readonly entry: number;
}

/** Reordering (16 frames at most in both codecs) does not reach further than this. */
const reorderedMax = 32;

export class ExportColumns {
  readonly kind: 'video' | 'audio';
  readonly timescale: number;
  readonly width: number;
  readonly height: number;
  readonly entries: Uint8Array[] = [];
  readonly runs: ExportRun[] = [];
  count = 0;
  syncCount = 0;
  lastDurationTicks = 1;
  sizesBytes = new Uint32Array(1024);
  decodeTicks = new Float64Array(1024);
  compositionTicks = new Int32Array(1024);
  sync = new Uint8Array(1024);

  constructor(info: TrackInfo) {
    this.kind = info.kind;
    this.timescale = info.timescale;
    this.width = info.width;
    this.height = info.height;
  }

  get firstDecodeTicks(): number {
    return this.decodeTicks[0] ?? 0;
  }

  get endDecodeTicks(): number {
    return (this.decodeTicks[this.count - 1] ?? 0) + this.lastDurationTicks;
  }

  /** Presentation of the frame that is shown first. */
  get firstPtsTicks(): number {
    return this.#extremePts(0, Math.min(this.count, reorderedMax), Math.min);
  }

  /** Behind the frame that is shown last. */
  get endPtsTicks(): number {
    return (
      this.#extremePts(Math.max(0, this.count - reorderedMax), this.count, Math.max) + this.lastDurationTicks
    );
  }

  /** The description's number, counted from 1; equal ones are kept once. */
  entryNumber(sampleEntry: Uint8Array): number {
    const known = this.entries.findIndex((entry) => sameBytes(entry, sampleEntry));
    if (known >= 0) return known + 1;
    return this.entries.push(sampleEntry);
  }

  /** Decode time is moved up where it would not grow. */
  push(sample: { sizeBytes: number; decodeTicks: number; ptsTicks: number; sync: number }): void {
    if (this.count === this.sizesBytes.length) this.#grow();
    const before = this.count === 0 ? Number.NEGATIVE_INFINITY : (this.decodeTicks[this.count - 1] ?? 0);
    const decodeTicks = Math.max(Math.round(sample.decodeTicks), before + 1);
    this.sizesBytes[this.count] = sample.sizeBytes;
    this.decodeTicks[this.count] = decodeTicks;
    this.compositionTicks[this.count] = Math.round(sample.ptsTicks) - decodeTicks;
    this.sync[this.count] = sample.sync;
    this.syncCount += sample.sync;
    this.count += 1;
  }

  #extremePts(from: number, to: number, pick: (one: number, other: number) => number): number {
    const ptsAt = (index: number) => (this.decodeTicks[index] ?? 0) + (this.compositionTicks[index] ?? 0);
    let extreme = ptsAt(from);
    for (let index = from + 1; index < to; index += 1) extreme = pick(extreme, ptsAt(index));
    return extreme;
  }

  #grow(): void {
    const size = this.count * 2;
    const grown = <T extends Uint32Array | Float64Array | Int32Array | Uint8Array>(old: T, wider: T): T => {
      wider.set(old);
      return wider;
    };
    this.sizesBytes = grown(this.sizesBytes, new Uint32Array(size));
    this.decodeTicks = grown(this.decodeTicks, new Float64Array(size));
    this.compositionTicks = grown(this.compositionTicks, new Int32Array(size));
    this.sync = grown(this.sync, new Uint8Array(size));
  }
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
