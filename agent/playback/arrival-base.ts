/** Puts video back to the time of the clock after that one was set back: media time then went on beside it, hours ahead. Pure. */

/** Less than this is drift and jitter, which the recorder makes good by itself. */
const besideMsMin = 60_000;

export class ArrivalBase {
  #shiftMs = 0;
  #endMs = Number.NEGATIVE_INFINITY;

  /**
   * UTC ms that decode time 0 of the part's file is to stand for. `mediaMs`: where `baseMs` puts the part's first frame.
   * Parts are asked for in the order in which they are shown; none is put before the end of another.
   */
  of(part: { readonly startMs: number; readonly endMs: number }, baseMs: number, mediaMs: number): number {
    const offMs = Math.round(part.startMs - mediaMs);
    if (Math.abs(offMs - this.#shiftMs) >= besideMsMin) {
      const shiftMs = Math.abs(offMs) >= besideMsMin ? offMs : 0;
      if (mediaMs + shiftMs >= this.#endMs) this.#shiftMs = shiftMs;
    }
    const lastsMs = part.endMs - part.startMs;
    this.#endMs = Math.max(this.#endMs, mediaMs + this.#shiftMs + lastsMs);
    return baseMs + this.#shiftMs;
  }
}
