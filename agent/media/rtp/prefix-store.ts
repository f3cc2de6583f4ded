/** Small NAL units kept until the picture they belong to: bounded in bytes and number, reused, never shrunk. */

const bytesMax = 256 * 1024;
const countMax = 64;

export class PrefixStore {
  bytes = new Uint8Array(512);
  #length = 0;
  readonly #starts = new Int32Array(countMax);
  count = 0;

  clear(): void {
    this.count = 0;
    this.#length = 0;
  }

  begin(): void {
    if (this.count === countMax) this.clear();
    this.#starts[this.count++] = this.#length;
  }

  /** To the one begun last; false when the bound is reached. */
  append(bytes: Uint8Array, start: number, end: number): boolean {
    const length = this.#length + end - start;
    if (length > bytesMax) return false;
    if (length > this.bytes.length) {
      const grown = new Uint8Array(Math.min(bytesMax, Math.max(length, this.bytes.length * 2)));
      grown.set(this.bytes.subarray(0, this.#length));
      this.bytes = grown;
    }
    this.bytes.set(bytes.subarray(start, end), this.#length);
    this.#length = length;
    return true;
  }

  startOf(index: number): number {
    return this.#starts[index] ?? 0;
  }

  endOf(index: number): number {
    return index + 1 < this.count ? this.startOf(index + 1) : this.#length;
  }

  get lastStart(): number {
    return this.count === 0 ? 0 : this.startOf(this.count - 1);
  }

  get lastLength(): number {
    return this.#length - this.lastStart;
  }

  /** A byte of the one begun last, 0 past its end. */
  byte(index: number): number {
    return index < this.lastLength ? (this.bytes[this.lastStart + index] ?? 0) : 0;
  }
}
