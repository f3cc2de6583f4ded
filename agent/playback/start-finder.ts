/** Finds where an export begins: at the part that covers its first moment, or before it where decoding must begin. Pure. */
import type { PartHeader } from '../storage/block/codec.ts';

/** Parts that lie further apart than this do not need one another. */
const contiguousMs = 2_000;
/** A group of pictures that is longer is cut: what cannot be decoded is left out by the planner. */
const groupPartsMax = 240;

type Timed = Pick<PartHeader, 'startMs' | 'endMs' | 'randomAccess'>;

/** Offer parts in order of time; each answer holds the parts that now belong to the export. */
export class StartFinder<P extends { readonly header: Timed }> {
  readonly #fromMs: number;
  /** The last random access part before the start, and what follows it. */
  #group: P[] = [];
  #hasBegun = false;

  constructor(fromMs: number) {
    this.#fromMs = fromMs;
  }

  offer(part: P): readonly P[] {
    if (this.#hasBegun) return [part];
    const previous = this.#group.at(-1);
    const isBroken = previous !== undefined && part.header.startMs - previous.header.endMs > contiguousMs;
    if (part.header.randomAccess || isBroken || this.#group.length >= groupPartsMax) this.#group = [];
    if (this.#group.length > 0 || part.header.randomAccess) this.#group.push(part);
    if (part.header.endMs <= this.#fromMs) return [];
    this.#hasBegun = true;
    return this.#group.length > 0 ? this.#group : [part];
  }
}
