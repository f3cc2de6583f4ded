/** The samples of one track of one part in growing typed arrays, reused from part to part: nothing is allocated per frame. */

const samplesMax = 8192;

export class SampleColumns {
  count = 0;
  totalBytes = 0;
  ptsTicks = new Float64Array(64);
  sizesBytes = new Uint32Array(64);
  sync = new Uint8Array(64);

  get full(): boolean {
    return this.count >= samplesMax;
  }

  push(ptsTicks: number, sizeBytes: number, sync: boolean): void {
    if (this.count === this.ptsTicks.length) this.#grow();
    this.ptsTicks[this.count] = ptsTicks;
    this.sizesBytes[this.count] = sizeBytes;
    this.sync[this.count] = sync ? 1 : 0;
    this.count += 1;
    this.totalBytes += sizeBytes;
  }

  /** Moves all presentation times. */
  shift(ticks: number): void {
    for (let index = 0; index < this.count; index += 1)
      this.ptsTicks[index] = (this.ptsTicks[index] ?? 0) + ticks;
  }

  clear(): void {
    this.count = 0;
    this.totalBytes = 0;
  }

  #grow(): void {
    const size = this.count * 2;
    const pts = new Float64Array(size);
    pts.set(this.ptsTicks);
    this.ptsTicks = pts;
    const sizes = new Uint32Array(size);
    sizes.set(this.sizesBytes);
    this.sizesBytes = sizes;
    const sync = new Uint8Array(size);
    sync.set(this.sync);
    this.sync = sync;
  }
}
