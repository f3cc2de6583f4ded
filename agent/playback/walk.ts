/** Walks a camera's parts of a range through the blocks that hold them, one open file at a time. */
import type { GapReason } from '../../src/contract/index.ts';
import { BlockFile, type FoundPart } from './block-file.ts';
import type { Stretch } from './gap-report.ts';
import type { Segment } from './segments.ts';

const minuteMs = 60_000;

export interface LocatedPart extends FoundPart {
  readonly segment: Segment;
}

/** What is left out of a file; without a reason it cannot be read. */
export type Damage = Stretch & { readonly detail: string; readonly reason?: GapReason };

/** Keeps the block that was asked for last open. */
export class OpenBlock {
  readonly #cameraId: string;
  #segment: Segment | null = null;
  #file: BlockFile | null = null;

  constructor(cameraId: string) {
    this.#cameraId = cameraId;
  }

  /** Null when the block cannot be read or is no longer what the index says. */
  of(segment: Segment): BlockFile | null {
    if (this.#segment === segment) return this.#file;
    this.close();
    this.#segment = segment;
    this.#file = BlockFile.open(segment, this.#cameraId);
    return this.#file;
  }

  close(): void {
    this.#file?.close();
    this.#file = null;
    this.#segment = null;
  }
}

/** Parts in order of time. A block that cannot be read to the end of its range is told to `onDamage`. */
export function* walkParts(
  segments: readonly Segment[],
  blocks: OpenBlock,
  onDamage: (damage: Damage) => void,
): Generator<LocatedPart> {
  for (const segment of segments) {
    let endMs = segment.firstMinute * minuteMs;
    let endBytes = segment.fromBytes;
    for (const part of blocks.of(segment)?.parts() ?? []) {
      endMs = part.header.endMs;
      endBytes = part.moofOffsetBytes + part.header.lengthBytes;
      yield { ...part, segment };
    }
    const toMs = (segment.lastMinute + 1) * minuteMs;
    if (endBytes < segment.toBytes && endMs < toMs) {
      const detail = `block ${segment.block} of space ${segment.spaceId} cannot be read from byte ${endBytes} on`;
      onDamage({ fromMs: endMs, toMs, detail });
    }
  }
}
