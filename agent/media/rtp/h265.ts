/** H.265 in RTP (RFC 7798): single NAL units, AP, FU; decoding order numbers (sprop-max-don-diff) are not supported. */
import type { AccessUnits } from './access-units.ts';
import { takeAggregate } from './aggregation.ts';
import { u8 } from './big-endian.ts';
import type { Depacketizer } from './depacketizer.ts';

const aggregation = 48;
const fragmentation = 49;
const fuStart = 0x80;
const fuEnd = 0x40;

export class H265Depacketizer implements Depacketizer {
  readonly #units: AccessUnits;

  constructor(units: AccessUnits) {
    this.#units = units;
  }

  timestamp(ptsTicks: number, arrivalMs: number): void {
    this.#units.timestamp(ptsTicks, arrivalMs);
  }

  payload(bytes: Uint8Array, start: number, end: number, marker: boolean): void {
    if (end - start >= 2) {
      const type = (u8(bytes, start) >> 1) & 0x3f;
      if (type === fragmentation) this.#fragment(bytes, start, end);
      else if (type === aggregation) takeAggregate(this.#units, bytes, start + 2, end);
      else this.#units.nal(bytes, start, end);
    }
    if (marker) this.#units.marker();
  }

  lost(): void {
    this.#units.lost();
  }

  /** 4.4.3. The two header bytes are written over the payload header's second byte and the fragment header. */
  #fragment(bytes: Uint8Array, start: number, end: number): void {
    if (end - start < 3) return;
    const fragmentHeader = u8(bytes, start + 2);
    if ((fragmentHeader & fuStart) !== 0) {
      bytes[start + 2] = u8(bytes, start + 1);
      bytes[start + 1] = (u8(bytes, start) & 0x81) | ((fragmentHeader & 0x3f) << 1);
      this.#units.begin(bytes, start + 1, end);
    } else if (end - start > 3) {
      this.#units.more(bytes, start + 3, end);
    }
    if ((fragmentHeader & fuEnd) !== 0) this.#units.stop();
  }
}
