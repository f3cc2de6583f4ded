/**
 * Splits the bytes of an RTSP connection into interleaved frames (RFC 2326, 10.12) and messages, straight from the shared
 * read buffer; only the frame that a read cut off is copied. Out of step, it searches the next plausible "$".
 */
import { u8, u16 } from '../rtp/big-endian.ts';
import { MessageAssembler } from './message-assembler.ts';
import type { RtspMessage } from './message-codec.ts';

const dollar = 0x24;
const replyFirst = 0x52;
const headerBytes = 4;
/** A frame's length has 16 bits: the remainder never holds more. */
const remainderBytesMax = 65_535 + headerBytes;
const remainderBytesFirst = 2048;

export interface InterleavedSink {
  /** A frame of a known channel; the range is a view and may be written to. */
  frame(channel: number, bytes: Uint8Array, start: number, end: number): void;
  message(message: RtspMessage): void;
}

export class InterleavedSplitter {
  readonly #sink: InterleavedSink;
  readonly #known = new Uint8Array(256);
  readonly #message = new MessageAssembler();
  #remainder = new Uint8Array(0);
  #remainderLength = 0;
  #lostStep = false;
  #stopped = false;
  /** Bytes that belonged to nothing. */
  skippedBytes = 0;

  constructor(sink: InterleavedSink) {
    this.#sink = sink;
  }

  /** Frames of other channels are skipped. */
  know(channel: number): void {
    this.#known[channel & 0xff] = 1;
  }

  /** Nothing is handed out any more, not even from the read that is being split. */
  stop(): void {
    this.#stopped = true;
  }

  /** Throws AppError `protocol` for a message that breaks the bounds. */
  push(bytes: Uint8Array, length: number): void {
    let at = this.#remainderLength > 0 ? this.#complete(bytes, length) : 0;
    while (at < length && !this.#stopped) {
      const next = this.#message.active ? this.#feed(bytes, at, length) : this.#step(bytes, at, length);
      if (next === at) {
        this.#keep(bytes, at, length);
        return;
      }
      at = next;
    }
  }

  /** One frame, or the beginning of a message; `at` again when the bytes do not suffice. */
  #step(bytes: Uint8Array, at: number, length: number): number {
    if (u8(bytes, at) !== dollar) return this.#feed(bytes, at, length);
    if (length - at < headerBytes) return at;
    const channel = u8(bytes, at + 1);
    const end = at + headerBytes + u16(bytes, at + 2);
    const known = this.#known[channel] === 1;
    if (known || this.#lostStep) {
      if (end > at + headerBytes) {
        if (length === at + headerBytes) return at;
        if (!known || (u8(bytes, at + headerBytes) & 0xc0) !== 0x80)
          return this.#resynchronise(bytes, at, length);
      } else if (this.#lostStep) {
        return this.#resynchronise(bytes, at, length);
      }
    }
    if (end > length) return at;
    this.#lostStep = false;
    if (known && end > at + headerBytes) this.#sink.frame(channel, bytes, at + headerBytes, end);
    return end;
  }

  /** Skips to the next "$" behind `at`. */
  #resynchronise(bytes: Uint8Array, at: number, length: number): number {
    this.#lostStep = true;
    let next = at + 1;
    while (next < length && bytes[next] !== dollar && bytes[next] !== replyFirst) next += 1;
    this.skippedBytes += next - at;
    return next;
  }

  #feed(bytes: Uint8Array, at: number, length: number): number {
    if (!this.#message.active && !this.#mayBegin(u8(bytes, at))) {
      return isBlank(u8(bytes, at)) && !this.#lostStep ? at + 1 : this.#resynchronise(bytes, at, length);
    }
    const fed = this.#message.feed(bytes, at, length);
    if (fed.state === 'done') {
      this.#lostStep = false;
      this.#sink.message(this.#message.take());
    } else if (fed.state === 'garbage') {
      this.#lostStep = true;
    }
    return fed.at === at ? this.#step(bytes, at, length) : fed.at;
  }

  /** A method or "RTSP/"; out of step only the latter, for media bytes are full of letters. */
  #mayBegin(byte: number): boolean {
    return this.#lostStep ? byte === replyFirst : byte >= 0x41 && byte <= 0x5a;
  }

  /** Completes the frame that the last read cut off, with no more of this read than it needs. */
  #complete(bytes: Uint8Array, length: number): number {
    let at = 0;
    while (at < length) {
      const want = this.#wanted();
      const take = Math.min(want - this.#remainderLength, length - at);
      this.#append(bytes, at, at + take);
      at += take;
      if (this.#remainderLength < want) return at;
      const used = this.#step(this.#remainder, 0, this.#remainderLength);
      if (used >= this.#remainderLength) {
        this.#remainderLength = 0;
        return at;
      }
      if (used > 0) this.#replay(used);
      if (this.#remainderLength === 0) return at;
    }
    return at;
  }

  /** Bytes until the next decision: the header and the first byte behind it, then the whole frame. */
  #wanted(): number {
    const have = this.#remainderLength;
    if (have < headerBytes) return headerBytes;
    const size = u16(this.#remainder, 2);
    if (have === headerBytes && size > 0) return headerBytes + 1;
    return Math.max(have, headerBytes + size);
  }

  /** The remainder was no frame: what follows its first bytes is looked at again. */
  #replay(used: number): void {
    const rest = this.#remainder.slice(used, this.#remainderLength);
    this.#remainderLength = 0;
    this.push(rest, rest.length);
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    this.#remainderLength = 0;
    this.#append(bytes, start, end);
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#remainderLength + end - start;
    if (length > this.#remainder.length) {
      const size = Math.min(
        remainderBytesMax,
        Math.max(length, remainderBytesFirst, this.#remainder.length * 2),
      );
      const grown = new Uint8Array(size);
      grown.set(this.#remainder.subarray(0, this.#remainderLength));
      this.#remainder = grown;
    }
    this.#remainder.set(bytes.subarray(start, end), this.#remainderLength);
    this.#remainderLength = length;
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x0d || byte === 0x0a || byte === 0x20;
}
