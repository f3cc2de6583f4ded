/** Splits bytes at Annex B start codes, wherever fragments cut them; a stretch without start code is one NAL unit. */

export interface NalPieces {
  pieceBegin(): void;
  pieceBytes(bytes: Uint8Array, start: number, end: number): void;
  pieceEnd(): void;
}

/** Zeros that were held back because they might have belonged to a start code. */
const zeros = new Uint8Array(64);

export class AnnexBSplitter {
  readonly #sink: NalPieces;
  #zeroRun = 0;
  #open = false;
  /** Start codes met since the stretch began. */
  startCodes = 0;

  constructor(sink: NalPieces) {
    this.#sink = sink;
  }

  begin(): void {
    this.#zeroRun = 0;
    this.#open = false;
    this.startCodes = 0;
  }

  /**
   * A byte above 1 ends no start code, and neither do the two before it begin one that ends there: such bytes are looked
   * at one in three. It is the inner loop of recording.
   */
  write(bytes: Uint8Array, start: number, end: number): void {
    let from = start;
    let at = start;
    while (at < end) {
      if (this.#zeroRun === 0) {
        while (at + 2 < end && (bytes[at + 2] ?? 0) > 1) at += 3;
        if (at >= end) break;
      }
      const byte = bytes[at];
      at += 1;
      if (byte === 0) {
        this.#zeroRun += 1;
        continue;
      }
      if (this.#zeroRun === 0) continue;
      const pending = this.#zeroRun;
      const inside = Math.min(pending, at - 1 - from);
      this.#zeroRun = 0;
      if (byte === 1 && pending >= 2) {
        this.#emit(bytes, from, at - 1 - inside);
        this.#close();
        this.startCodes += 1;
        from = at;
      } else if (pending > inside) this.#emitZeros(pending - inside);
    }
    this.#emit(bytes, from, Math.max(from, end - this.#zeroRun));
  }

  /** Zeros at the end of a NAL unit are padding (7.4.1: it never ends in a zero byte). */
  end(): void {
    this.#close();
    this.#zeroRun = 0;
  }

  #emitZeros(count: number): void {
    for (let left = count; left > 0; left -= zeros.length) this.#emit(zeros, 0, Math.min(left, zeros.length));
  }

  #emit(bytes: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    if (!this.#open) {
      this.#open = true;
      this.#sink.pieceBegin();
    }
    this.#sink.pieceBytes(bytes, start, end);
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#sink.pieceEnd();
  }
}
