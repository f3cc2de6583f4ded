/** The bytes of an export, fetched one chunk at a time; its session is closed however the reading ends, even unbegun. */

export class ExportChunks implements AsyncIterableIterator<Uint8Array> {
  readonly #read: () => Promise<Uint8Array | null>;
  readonly #close: () => Promise<void>;
  #isOver = false;

  /** `read` gives null at the end. */
  constructor(read: () => Promise<Uint8Array | null>, close: () => Promise<void>) {
    this.#read = read;
    this.#close = close;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#isOver) return { done: true, value: undefined };
    try {
      const value = await this.#read();
      return value === null ? await this.return() : { done: false, value };
    } catch (thrown) {
      await this.return();
      throw thrown;
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#isOver) {
      this.#isOver = true;
      await this.#close();
    }
    return { done: true, value: undefined };
  }
}
