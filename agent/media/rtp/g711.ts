/** G.711 in RTP (RFC 3551, 4.5.14): the payload is the samples. */
import type { AudioSink, Depacketizer } from './depacketizer.ts';

export class G711Depacketizer implements Depacketizer {
  readonly #sink: AudioSink;
  #ptsTicks = 0;
  #arrivalMs = 0;

  constructor(sink: AudioSink) {
    this.#sink = sink;
  }

  timestamp(ptsTicks: number, arrivalMs: number): void {
    this.#ptsTicks = ptsTicks;
    this.#arrivalMs = arrivalMs;
  }

  /** One byte is one sample and one tick; a second packet of the same timestamp goes on where the first ended. */
  payload(bytes: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    this.#sink.sound(this.#ptsTicks, this.#arrivalMs, bytes, start, end);
    this.#ptsTicks += end - start;
  }

  lost(): void {
    // Samples stand alone: the next packet says its own time.
  }
}
