/** When a part was on the wire: consecutive spans tile the arrival clock unless frames are missing between them. */

/** Frames further apart than this, and than the stream's own spacing, mean that something is missing between them. */
const contiguousMs = 2000;
/** An arrival clock that goes back by more than this was set back. */
const setBackMs = 1000;

export class ArrivalSpan {
  #startMs = 0;
  #firstMs = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #endMs = Number.NEGATIVE_INFINITY;
  /** Frames were lost after the last one that is in the span. */
  #broken = false;

  get startMs(): number {
    return this.#startMs;
  }

  spanMs(nowMs: number): number {
    return nowMs - this.#firstMs;
  }

  breakHere(): void {
    this.#broken = true;
  }

  begin(arrivalMs: number): void {
    const setBack = arrivalMs < this.#endMs - setBackMs;
    this.#startMs = setBack ? Math.round(arrivalMs) : Math.max(Math.round(arrivalMs), this.#endMs);
    this.#firstMs = arrivalMs;
    this.#lastMs = arrivalMs;
    this.#broken = false;
  }

  extend(arrivalMs: number): void {
    this.#lastMs = Math.max(this.#lastMs, arrivalMs);
  }

  /** A frame that arrives now does not belong to this span. */
  isBrokenBy(arrivalMs: number, frameMs: number): boolean {
    const hole = arrivalMs - this.#lastMs > Math.max(contiguousMs, frameMs * 1.5);
    return this.#broken || hole || arrivalMs < this.#lastMs - setBackMs;
  }

  /** Ends the span, before a frame that arrived at `nextMs` or, with null, before nothing known. Returns the end. */
  finish(nextMs: number | null, frameMs: number): number {
    const ownMs = this.#lastMs + frameMs;
    const setBack = nextMs !== null && nextMs < this.#lastMs - setBackMs;
    const until =
      nextMs === null || setBack
        ? ownMs
        : this.isBrokenBy(nextMs, frameMs)
          ? Math.min(ownMs, nextMs)
          : nextMs;
    this.#endMs = Math.max(Math.round(until), this.#startMs + 1);
    return this.#endMs;
  }
}
