/** Several NAL units in one packet: STAP-A (RFC 6184, 5.7.1) and AP (RFC 7798, 4.4.2); one that is cut off gives what is whole in it. */
import type { AccessUnits } from './access-units.ts';
import { u16 } from './big-endian.ts';

/** Takes sizes of two bytes, each before its NAL unit, from `start` on; ends the NAL unit that was open. */
export function takeAggregate(units: AccessUnits, bytes: Uint8Array, start: number, end: number): void {
  units.stop();
  let at = start;
  while (at + 2 < end) {
    const next = at + 2 + u16(bytes, at);
    if (next > end) return;
    if (next > at + 2) units.nal(bytes, at + 2, next);
    at = next;
  }
}
