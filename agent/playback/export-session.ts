/** Second pass of an export: hands out the planned file in chunks, and never bytes of a block that was recycled. */
import { AppError } from '../../src/errors.ts';
import type { ExportPlan, ExportRange } from '../media/mp4/export-types.ts';
import { readBytesMax } from './block-file.ts';
import type { Segment } from './segments.ts';
import { type LocatedPart, OpenBlock } from './walk.ts';

export class ExportSession {
  readonly totalBytes: number;
  readonly #plan: ExportPlan<LocatedPart>;
  readonly #blocks: OpenBlock;
  #doneBytes = 0;
  #rangeIndex = 0;
  /** Bytes of the present range that were handed out. */
  #rangeBytes = 0;

  constructor(plan: ExportPlan<LocatedPart>, cameraId: string) {
    this.#plan = plan;
    this.#blocks = new OpenBlock(cameraId);
    this.totalBytes = plan.lengthBytes;
  }

  /** The next bytes, at most 1 MiB in a buffer of their own; null at the end. Throws `data_loss`. */
  next(): Uint8Array | null {
    if (this.#doneBytes >= this.totalBytes) return null;
    const chunk = new Uint8Array(Math.min(readBytesMax, this.totalBytes - this.#doneBytes));
    const filled = this.#fillHead(chunk);
    this.#fillRanges(chunk, filled);
    this.#doneBytes += chunk.length;
    return chunk;
  }

  close(): void {
    this.#blocks.close();
  }

  #fillHead(chunk: Uint8Array): number {
    const head = this.#plan.head.subarray(this.#doneBytes, this.#doneBytes + chunk.length);
    chunk.set(head);
    return head.length;
  }

  #fillRanges(chunk: Uint8Array, filled: number): void {
    let at = filled;
    let segment: Segment | null = null;
    while (at < chunk.length) {
      const range = this.#plan.ranges[this.#rangeIndex];
      if (!range) throw new AppError('internal', 'the export plan is shorter than it says');
      if (segment && segment !== range.source.segment) this.#verify(segment);
      segment = range.source.segment;
      at += this.#readRange(range, chunk.subarray(at));
    }
    if (segment) this.#verify(segment);
  }

  #readRange(range: ExportRange<LocatedPart>, into: Uint8Array): number {
    const { segment, moofOffsetBytes } = range.source;
    const wanted = into.subarray(0, range.lengthBytes - this.#rangeBytes);
    const file = this.#blocks.of(segment);
    const offsetBytes = moofOffsetBytes + range.offsetBytes + this.#rangeBytes;
    if (!file || file.read(wanted, offsetBytes) < wanted.length) throw overwritten(segment);
    this.#rangeBytes += wanted.length;
    if (this.#rangeBytes >= range.lengthBytes) {
      this.#rangeIndex += 1;
      this.#rangeBytes = 0;
    }
    return wanted.length;
  }

  #verify(segment: Segment): void {
    if (!this.#blocks.of(segment)?.isCurrent()) throw overwritten(segment);
  }
}

function overwritten(segment: Segment): AppError {
  const text = `block ${segment.block} of space ${segment.spaceId} was overwritten or lost during the export`;
  return new AppError('data_loss', text, {
    hint: 'Export again: the oldest video of the range may be gone.',
  });
}
