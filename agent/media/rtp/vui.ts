/** The usability information (VUI) begins alike in both codecs (ISO 14496-10, E.1.1; ISO 23008-2, E.2.1): how samples look. */
import type { BitReader } from './bit-reader.ts';

const extendedSampleAspect = 255;

/** Reads over sample aspect, overscan, video signal type and chroma location. */
export function skipAppearance(bits: BitReader): void {
  if (bits.flag() && bits.bits(8) === extendedSampleAspect) bits.skip(32);
  if (bits.flag()) bits.skip(1);
  if (bits.flag()) {
    bits.skip(4);
    if (bits.flag()) bits.skip(24);
  }
  if (bits.flag()) {
    bits.unsigned();
    bits.unsigned();
  }
}
