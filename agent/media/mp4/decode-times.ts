/**
 * Decode times that RTP does not carry: the i-th frame in decode order gets the i-th smallest presentation time of its
 * part, less a constant delay, so that no frame is decoded after it is shown and decode time always grows.
 */
import type { SampleColumns } from './sample-columns.ts';

/** A jump of the media time must not be taken for reordering. */
const delaySecondsMax = 1;

export class DecodeTimes {
  readonly #timescale: number;
  #delayTicks = 0;
  #lastTicks = Number.NEGATIVE_INFINITY;
  #sorted = new Float64Array(64);
  baseTicks = 0;
  durationsTicks = new Uint32Array(64);
  compositionTicks = new Int32Array(64);

  constructor(timescale: number) {
    this.#timescale = timescale;
  }

  /** What the stream says it needs; more is learned from the frames themselves. */
  expectDelay(delayTicks: number): void {
    this.#delayTicks = Math.round(Math.min(delayTicks, this.#timescale * delaySecondsMax));
  }

  /** Fills `baseTicks` and the columns for `samples`; `frameTicks` is the last one's duration where nothing tells it. */
  assign(samples: SampleColumns, frameTicks: number, nextPtsTicks: number | null): void {
    const count = samples.count;
    this.#reserve(count);
    const sorted = this.#sorted.subarray(0, count);
    sorted.set(samples.ptsTicks.subarray(0, count));
    sorted.sort();
    this.#learnDelay(samples.ptsTicks, sorted);
    spread(sorted, frameTicks / 4);
    for (let index = 0; index < count; index += 1) {
      const decodeTicks = Math.max((sorted[index] ?? 0) - this.#delayTicks, this.#lastTicks + 1);
      if (index === 0) this.baseTicks = decodeTicks;
      else this.durationsTicks[index - 1] = decodeTicks - this.#lastTicks;
      this.compositionTicks[index] = (samples.ptsTicks[index] ?? 0) - decodeTicks;
      this.#lastTicks = decodeTicks;
    }
    const known = nextPtsTicks !== null && this.#delayTicks === 0;
    const last = known ? nextPtsTicks - this.#lastTicks : frameTicks;
    this.durationsTicks[count - 1] = Math.max(1, Math.min(Math.round(last), 0xffff_ffff));
  }

  #learnDelay(ptsTicks: Float64Array, sorted: Float64Array): void {
    for (let index = 0; index < sorted.length; index += 1) {
      const late = (sorted[index] ?? 0) - (ptsTicks[index] ?? 0);
      if (late > this.#delayTicks) this.#delayTicks = Math.min(late, this.#timescale * delaySecondsMax);
    }
  }

  #reserve(count: number): void {
    if (count <= this.#sorted.length) return;
    const size = Math.max(count, this.#sorted.length * 2);
    this.#sorted = new Float64Array(size);
    this.durationsTicks = new Uint32Array(size);
    this.compositionTicks = new Int32Array(size);
  }
}

/** Frames that a sender stamped alike would be decoded all at once: each moves halfway to the one before. */
function spread(sorted: Float64Array, closestTicks: number): void {
  for (let index = sorted.length - 2; index > 0; index -= 1) {
    const after = sorted[index + 1] ?? 0;
    if (after - (sorted[index] ?? 0) >= closestTicks) continue;
    sorted[index] = Math.floor(((sorted[index - 1] ?? 0) + after) / 2);
  }
}
