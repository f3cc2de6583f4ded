/** H.264 in RTP (RFC 6184): single NAL units, STAP-A, FU-A; fragments that cameras cut wrongly are still put together. */
import type { AccessUnits } from './access-units.ts';
import { takeAggregate } from './aggregation.ts';
import { u8 } from './big-endian.ts';
import type { Depacketizer } from './depacketizer.ts';

const stapA = 24;
const fuA = 28;
const fuB = 29;
const fuStart = 0x80;
const fuEnd = 0x40;

export class H264Depacketizer implements Depacketizer {
  readonly #units: AccessUnits;

  constructor(units: AccessUnits) {
    this.#units = units;
  }

  timestamp(ptsTicks: number, arrivalMs: number): void {
    this.#units.timestamp(ptsTicks, arrivalMs);
  }

  payload(bytes: Uint8Array, start: number, end: number, marker: boolean): void {
    if (end > start) {
      const type = u8(bytes, start) & 0x1f;
      if (type === fuA || type === fuB) this.#fragment(bytes, start, end, type === fuB);
      else if (type === stapA) takeAggregate(this.#units, bytes, start + 1, end);
      else this.#units.nal(bytes, start, end);
    }
    if (marker) this.#units.marker();
  }

  lost(): void {
    this.#units.lost();
  }

  /**
   * 5.8. The NAL unit header is put together over the fragment header. A type that changes between fragments is
   * ignored, a second start ends what was open, an end without bytes is an end.
   */
  #fragment(bytes: Uint8Array, start: number, end: number, numbered: boolean): void {
    if (end - start < 2) return;
    const fragmentHeader = u8(bytes, start + 1);
    const from = start + (numbered ? 4 : 2);
    if ((fragmentHeader & fuStart) !== 0 && from <= end) {
      bytes[from - 1] = (u8(bytes, start) & 0xe0) | (fragmentHeader & 0x1f);
      this.#units.begin(bytes, from - 1, end);
    } else if (from < end) {
      this.#units.more(bytes, from, end);
    }
    if ((fragmentHeader & fuEnd) !== 0) this.#units.stop();
  }
}
