/** What a track hands its packets to: one depacketizer per codec, called with views into the read buffer. */

export interface Depacketizer {
  /** The packets from here on carry this RTP timestamp (unwrapped); called once per change, not per packet. */
  timestamp(ptsTicks: number, arrivalMs: number): void;
  /** One RTP payload. It may rewrite bytes of the payload in place: the buffer belongs to the reader. */
  payload(bytes: Uint8Array, start: number, end: number, marker: boolean): void;
  /** Packets before the next one are missing. */
  lost(): void;
}

/** Where whole audio frames go; the bytes are a view, valid during the call. */
export interface AudioSink {
  sound(ptsTicks: number, arrivalMs: number, bytes: Uint8Array, start: number, end: number): void;
}
