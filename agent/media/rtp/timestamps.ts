/** Unwraps 32-bit RTP timestamps to a growing number: differences of up to half the range keep their sign. */

export class TimestampUnwrapper {
  #last = 0;
  #value = 0;
  #started = false;

  get started(): boolean {
    return this.#started;
  }

  /** Takes the 32 bits as signed number and moves on. */
  next(timestamp: number): number {
    if (!this.#started) {
      this.#started = true;
      this.#value = timestamp >>> 0;
    } else {
      this.#value += (timestamp - this.#last) | 0;
    }
    this.#last = timestamp;
    return this.#value;
  }

  /** Where a timestamp lies on the same line, without moving (RTCP sender reports). */
  peek(timestamp: number): number {
    return this.#value + ((timestamp - this.#last) | 0);
  }
}
