/** The few facts of H.264 and H.265 parameter sets that avcC and hvcC repeat; tolerant: what cannot be read gets the usual value. */
import { chromaProfiles, withoutEmulation } from '../nal-syntax.ts';

/** Bits of a NAL unit, most significant first; past the end they are 0. */
class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(nal: Uint8Array, skipBytes: number) {
    this.#bytes = withoutEmulation(nal.subarray(skipBytes));
  }

  bits(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index += 1) {
      const byte = this.#bytes[this.#position >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#position & 7))) & 1);
      this.#position += 1;
    }
    return value;
  }

  /** ue(v), H.264 9.1. */
  golomb(): number {
    let zeros = 0;
    while (zeros < 32 && this.bits(1) === 0) zeros += 1;
    return zeros >= 32 ? 0 : 2 ** zeros - 1 + this.bits(zeros);
  }
}

export interface ChromaFacts {
  readonly chromaFormat: number;
  readonly lumaDepthMinus8: number;
  readonly chromaDepthMinus8: number;
}

const ordinaryChroma: ChromaFacts = { chromaFormat: 1, lumaDepthMinus8: 0, chromaDepthMinus8: 0 };

/** Null where the profile fixes 4:2:0 at 8 bits and avcC says nothing. */
export function avcChroma(sps: Uint8Array): ChromaFacts | null {
  if (!chromaProfiles.has(sps[1] ?? 0)) return null;
  const reader = new BitReader(sps, 4);
  reader.golomb();
  const chromaFormat = reader.golomb();
  if (chromaFormat === 3) reader.bits(1);
  return checked({ chromaFormat, lumaDepthMinus8: reader.golomb(), chromaDepthMinus8: reader.golomb() });
}

export interface HevcFacts extends ChromaFacts {
  /** The twelve bytes of the general profile, tier and level (H.265 7.3.3). */
  readonly profileTierLevel: Uint8Array;
  readonly temporalLayers: number;
  readonly temporalIdNested: number;
}

export function hevcFacts(sps: Uint8Array): HevcFacts {
  const reader = new BitReader(sps, 2);
  reader.bits(4);
  const subLayers = reader.bits(3);
  const temporalIdNested = reader.bits(1);
  const profileTierLevel = new Uint8Array(12);
  for (let index = 0; index < 12; index += 1) profileTierLevel[index] = reader.bits(8);
  skipSubLayers(reader, subLayers);
  reader.golomb();
  const chromaFormat = reader.golomb();
  if (chromaFormat === 3) reader.bits(1);
  reader.golomb();
  reader.golomb();
  if (reader.bits(1) === 1) for (let side = 0; side < 4; side += 1) reader.golomb();
  const chroma = { chromaFormat, lumaDepthMinus8: reader.golomb(), chromaDepthMinus8: reader.golomb() };
  return { ...checked(chroma), profileTierLevel, temporalLayers: subLayers + 1, temporalIdNested };
}

function skipSubLayers(reader: BitReader, subLayers: number): void {
  if (subLayers === 0) return;
  let bits = 0;
  for (let layer = 0; layer < 8; layer += 1) {
    const profilePresent = reader.bits(1);
    const levelPresent = reader.bits(1);
    if (layer < subLayers) bits += profilePresent * 88 + levelPresent * 8;
  }
  reader.bits(bits);
}

function checked(facts: ChromaFacts): ChromaFacts {
  const plausible = facts.chromaFormat <= 3 && facts.lumaDepthMinus8 <= 8 && facts.chromaDepthMinus8 <= 8;
  return plausible ? facts : ordinaryChroma;
}
