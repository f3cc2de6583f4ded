/** Collects one RTSP message byte by byte from wherever reads cut it; never holds more than head and body bounds. */
import { AppError } from '../../../src/errors.ts';
import { bodyBytesMax, bodyLength, headBytesMax, parseHead, type RtspMessage } from './message-codec.ts';

const methodLengthMax = 32;
const startLineLengthMax = 4096;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const slash = 0x2f;
/** "RTSP" */
const protocolName: readonly number[] = [0x52, 0x54, 0x53, 0x50];

export type Feeding = 'more' | 'done' | 'garbage';

export class MessageAssembler {
  #bytes = new Uint8Array(1024);
  #length = 0;
  #started = false;
  /** First method or protocol name, then the rest of the start line, then headers, then the body. */
  #stage: 'name' | 'line' | 'head' | 'body' = 'name';
  #emptyLine = false;
  #message: RtspMessage | null = null;
  #bodyEnd = 0;

  get active(): boolean {
    return this.#started;
  }

  /**
   * Takes bytes from `start` on. `at` is behind the last byte taken: on `done` behind the message, on `garbage` at the
   * byte that cannot belong to a message. Throws AppError `protocol` when a bound is passed or a head is malformed.
   */
  feed(bytes: Uint8Array, start: number, end: number): { state: Feeding; at: number } {
    this.#started = true;
    for (let at = start; at < end; at++) {
      if (this.#stage === 'body') return this.#feedBody(bytes, at, end);
      const byte = bytes[at] as number;
      if (!this.#accepts(byte)) {
        this.reset();
        return { state: 'garbage', at };
      }
      this.#push(byte);
      if (this.#message !== null && this.#bodyEnd === 0) return { state: 'done', at: at + 1 };
    }
    return { state: 'more', at: end };
  }

  /** The message that is done; makes room for the next. */
  take(): RtspMessage {
    const message = this.#message;
    if (message === null) throw new AppError('internal', 'An RTSP message was taken before it was complete.');
    const body = Buffer.from(this.#bytes.subarray(0, this.#bodyEnd)).toString('utf8');
    this.reset();
    return { ...message, body };
  }

  reset(): void {
    this.#length = 0;
    this.#started = false;
    this.#stage = 'name';
    this.#emptyLine = false;
    this.#message = null;
    this.#bodyEnd = 0;
    if (this.#bytes.length > headBytesMax) this.#bytes = new Uint8Array(1024);
  }

  /** Media bytes that are taken for a message must be found out at once, so that the search for "$" goes on. */
  #accepts(byte: number): boolean {
    if (this.#stage === 'name') {
      if (isNameByte(byte)) return this.#length < methodLengthMax;
      return byte === slash ? this.#isProtocolName() : byte === 0x20 && this.#length >= 3;
    }
    if (this.#stage === 'line') {
      return (
        this.#length < startLineLengthMax && (byte >= 0x20 || byte === lineFeed || byte === carriageReturn)
      );
    }
    return true;
  }

  /** A slash follows no other name: "RTP/AVP" is of a description whose length was wrong. */
  #isProtocolName(): boolean {
    return this.#length === protocolName.length && protocolName.every((byte, at) => this.#bytes[at] === byte);
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow(this.#length * 2);
    this.#bytes[this.#length++] = byte;
    if (this.#length > headBytesMax) throw new AppError('protocol', 'The headers of a message are too long.');
    if (this.#stage === 'name' && !isNameByte(byte)) this.#stage = 'line';
    if (byte === lineFeed) {
      if (this.#stage === 'line') this.#stage = 'head';
      if (this.#emptyLine) this.#endHead();
      this.#emptyLine = true;
    } else if (byte !== carriageReturn) {
      this.#emptyLine = false;
    }
  }

  #endHead(): void {
    this.#message = parseHead(Buffer.from(this.#bytes.subarray(0, this.#length)).toString('utf8'));
    this.#bodyEnd = bodyLength(this.#message);
    this.#length = 0;
    this.#stage = 'body';
    if (this.#bodyEnd > this.#bytes.length) this.#grow(this.#bodyEnd);
  }

  #feedBody(bytes: Uint8Array, start: number, end: number): { state: Feeding; at: number } {
    const take = Math.min(end - start, this.#bodyEnd - this.#length);
    this.#bytes.set(bytes.subarray(start, start + take), this.#length);
    this.#length += take;
    return { state: this.#length === this.#bodyEnd ? 'done' : 'more', at: start + take };
  }

  #grow(lengthBytes: number): void {
    const grown = new Uint8Array(Math.min(lengthBytes, bodyBytesMax + headBytesMax));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function isNameByte(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f;
}
