/** Writes ISO base media boxes into one growing buffer; lengths are patched when a box ends (ISO 14496-12, 4.2). */

export class BoxWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(sizeBytes = 2048) {
    this.#bytes = new Uint8Array(sizeBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  reset(): void {
    this.#length = 0;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  box(type: string, contents: () => void): void {
    const start = this.begin(type);
    contents();
    this.end(start);
  }

  fullBox(type: string, version: number, flags: number, contents: () => void): void {
    this.box(type, () => {
      this.u32(version * 0x1000000 + flags);
      contents();
    });
  }

  /** Returns the box's offset, for `end`. */
  begin(type: string): number {
    const start = this.#length;
    this.u32(0);
    this.ascii(type);
    return start;
  }

  end(start: number): void {
    this.#view.setUint32(start, this.#length - start);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#length, value);
    this.#length += 2;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  i32(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
  }

  /** Whole numbers up to 2^53; negative ones as two's complement. */
  u64(value: number): void {
    const high = Math.floor(value / 0x1_0000_0000);
    this.u32(high >>> 0);
    this.u32((value - high * 0x1_0000_0000) >>> 0);
  }

  ascii(text: string): void {
    this.#reserve(text.length);
    for (let index = 0; index < text.length; index += 1) {
      this.#bytes[this.#length + index] = text.charCodeAt(index);
    }
    this.#length += text.length;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  zeros(count: number): void {
    this.#reserve(count);
    this.#bytes.fill(0, this.#length, this.#length + count);
    this.#length += count;
  }

  patchU32(offset: number, value: number): void {
    this.#view.setUint32(offset, value);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
