/** Puts video back to the time of the clock after that one was set back: media time then went on beside it, hours ahead. Pure. */

/** Less than this is drift and jitter, which the recorder makes good by itself. */
const besideMsMin = 60_000;
/** Media time and arrival of a part may differ by this much in length. */
const overlapMsMax = 5_000;

export class ArrivalBase {
  #shiftMs = 0;
  #endMs = Number.NEGATIVE_INFINITY;
  #repeats = false;

  /**
   * UTC ms that decode time 0 of the part's file is to stand for; null for a part whose time is taken by another that is
   * shown. `mediaMs`: where `baseMs` puts the part's first frame. Parts are asked for in the order in which they are shown.
   */
  of(
    part: { readonly startMs: number; readonly endMs: number },
    baseMs: number,
    mediaMs: number,
  ): number | null {
    const offMs = Math.round(part.startMs - mediaMs);
    const isBeside = Math.abs(offMs) >= besideMsMin;
    const shiftMs = Math.abs(offMs - this.#shiftMs) < besideMsMin ? this.#shiftMs : isBeside ? offMs : 0;
    const atMs = mediaMs + shiftMs;
    this.#repeats = atMs < this.#endMs - (this.#repeats ? 0 : overlapMsMax);
    if (this.#repeats) return null;
    this.#shiftMs = shiftMs;
    this.#endMs = Math.max(this.#endMs, atMs + part.endMs - part.startMs);
    return baseMs + shiftMs;
  }
}
