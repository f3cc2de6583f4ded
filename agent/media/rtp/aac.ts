/** AAC in RTP (RFC 3640): splits packets into access units and puts fragmented ones together. */
import { u8, u16 } from './big-endian.ts';
import type { AudioSink, Depacketizer } from './depacketizer.ts';

/** 13-bit sizes cannot say more; larger modes are not used for AAC. */
const unitBytesMax = 64 * 1024;
const adtsBytes = 7;

export interface AacLayout {
  /** Bits of the fields of an AU header (fmtp sizelength, indexlength, indexdeltalength); 13, 3, 3 for AAC-hbr. */
  readonly sizeBits: number;
  readonly indexBits: number;
  readonly indexDeltaBits: number;
  /** Length of an access unit on the RTP clock. */
  readonly unitTicks: number;
}

export class AacDepacketizer implements Depacketizer {
  readonly #layout: AacLayout;
  readonly #sink: AudioSink;
  #ptsTicks = 0;
  #arrivalMs = 0;
  /** A fragmented unit: bytes so far, and how many it will have; 0 when none is open. */
  #fragment = new Uint8Array(0);
  #fragmentLength = 0;
  #fragmentSize = 0;

  constructor(layout: AacLayout, sink: AudioSink) {
    this.#layout = layout;
    this.#sink = sink;
  }

  timestamp(ptsTicks: number, arrivalMs: number): void {
    this.#fragmentSize = 0;
    this.#ptsTicks = ptsTicks;
    this.#arrivalMs = arrivalMs;
  }

  lost(): void {
    this.#fragmentSize = 0;
  }

  /** 3.2.1: AU-headers-length in bits, the headers, then the units without gaps. */
  payload(bytes: Uint8Array, start: number, end: number): void {
    if (end - start < 2) return;
    const headerBits = u16(bytes, start);
    const headers = start + 2;
    let at = headers + ((headerBits + 7) >> 3);
    if (at > end) return;
    const layout = this.#layout;
    let bit = 0;
    let pts = this.#ptsTicks;
    let gapBits = layout.indexBits;
    while (bit + layout.sizeBits + gapBits <= headerBits) {
      const size = readBits(bytes, headers, bit, layout.sizeBits);
      const skipped = readBits(bytes, headers, bit + layout.sizeBits, gapBits);
      if (bit > 0) pts += (1 + skipped) * layout.unitTicks;
      bit += layout.sizeBits + gapBits;
      gapBits = layout.indexDeltaBits;
      if (at + size > end) {
        this.#part(bytes, at, end, size);
        return;
      }
      this.#unit(pts, bytes, at, at + size);
      at += size;
    }
  }

  /** 3.2.3.2: fragments of one unit repeat its whole size and its timestamp. */
  #part(bytes: Uint8Array, start: number, end: number, size: number): void {
    if (this.#fragmentSize !== size) {
      if (size > unitBytesMax) return;
      this.#fragmentSize = size;
      this.#fragmentLength = 0;
      if (this.#fragment.length < size) this.#fragment = new Uint8Array(size);
    }
    const length = this.#fragmentLength + end - start;
    if (length > size) {
      this.#fragmentSize = 0;
      return;
    }
    this.#fragment.set(bytes.subarray(start, end), this.#fragmentLength);
    this.#fragmentLength = length;
    if (length < size) return;
    this.#fragmentSize = 0;
    this.#unit(this.#ptsTicks, this.#fragment, 0, size);
  }

  /** Some devices leave the ADTS header on; no raw unit begins like one. */
  #unit(ptsTicks: number, bytes: Uint8Array, start: number, end: number): void {
    let from = start;
    if (end - start > adtsBytes && u8(bytes, start) === 0xff && (u8(bytes, start + 1) & 0xf6) === 0xf0) {
      from += adtsBytes + ((u8(bytes, start + 1) & 1) === 0 ? 2 : 0);
    }
    if (end > from) this.#sink.sound(ptsTicks, this.#arrivalMs, bytes, from, end);
  }
}

function readBits(bytes: Uint8Array, base: number, bit: number, count: number): number {
  let value = 0;
  for (let i = bit; i < bit + count; i++) {
    value = value * 2 + ((u8(bytes, base + (i >> 3)) >> (7 - (i & 7))) & 1);
  }
  return value;
}
