/** The parameter sets of a stream: collects them from SDP and stream, and tells a real change from a flapping camera. */
import { AppError } from '../../../src/errors.ts';
import { withoutEmulation } from '../nal-syntax.ts';
import { BitReader } from './bit-reader.ts';
import { type NalCodec, sequenceRank } from './nal-codec.ts';
import type { PictureFormat } from './picture.ts';

/** Sets of one stream; cameras use three. Of one that numbers them on the longest unseen goes. */
const setsMax = 32;
const setBytesMax = 4096;

interface ParameterSet {
  readonly rank: number;
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly picture: PictureFormat | null;
}

export class ParameterSets {
  readonly #codec: NalCodec;
  /** The longest unseen first. */
  readonly #sets = new Map<number, ParameterSet>();
  #announced: readonly ParameterSet[] | null = null;
  #touched = true;

  constructor(codec: NalCodec) {
    this.#codec = codec;
  }

  /**
   * Takes a set as it came; trailing zeros are not part of it. What cannot be read is ignored, what decodes like the
   * set already known is the same.
   */
  offer(nal: Uint8Array): void {
    const bytes = withoutTrailingZeros(nal);
    if (bytes.length <= this.#codec.headerBytes || bytes.length > setBytesMax) return;
    const set = this.#parse(bytes);
    if (set === null) return;
    const slot = set.rank * 1024 + set.id;
    const known = this.#sets.get(slot);
    const alike = known !== undefined && decodesAlike(known, set);
    this.#sets.delete(slot);
    const [oldest] = this.#sets.keys();
    if (this.#sets.size >= setsMax && oldest !== undefined) this.#sets.delete(oldest);
    this.#sets.set(slot, alike ? known : { ...set, bytes: set.bytes.slice() });
    if (!alike) this.#touched = true;
  }

  /** Every kind of set that the codec needs is there. */
  get complete(): boolean {
    return this.#codec.parameterSetRanks.every((rank) =>
      [...this.#sets.values()].some((s) => s.rank === rank),
    );
  }

  /** To be asked before a random access unit: true when what was announced last is no longer what is valid. */
  commit(): boolean {
    if (!this.#touched) return false;
    this.#touched = false;
    const list = [...this.#sets.values()].sort((a, b) => a.rank - b.rank || a.id - b.id);
    const announced = this.#announced;
    if (announced?.length === list.length) {
      if (list.every((set, i) => announced[i] !== undefined && decodesAlike(announced[i], set))) return false;
    }
    this.#announced = list;
    return true;
  }

  /** The announced sets in the order VPS, SPS, PPS. */
  list(): Uint8Array[] {
    return (this.#announced ?? []).map((set) => set.bytes);
  }

  /** What the first announced sequence parameter set says. */
  picture(): PictureFormat {
    const set = this.#announced?.find((s) => s.picture !== null);
    if (!set?.picture)
      throw new AppError('internal', 'Picture format asked before a parameter set was announced.');
    return set.picture;
  }

  #parse(bytes: Uint8Array): ParameterSet | null {
    const rank = this.#codec.parameterSetRank(bytes[0] ?? 0);
    try {
      const picture = rank === sequenceRank ? this.#codec.parsePicture(bytes) : null;
      return { rank, id: setId(this.#codec, rank, bytes), bytes, picture };
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
  }
}

/** vps_id is 4 bits; pps_id and the H.264 sps_id lead; the H.265 sps_id hides behind the profile and is always 0 in practice. */
function setId(codec: NalCodec, rank: number, bytes: Uint8Array): number {
  const bits = new BitReader(withoutEmulation(bytes.subarray(0, 16)));
  bits.skip(codec.headerBytes * 8);
  if (rank === 0) return bits.bits(4);
  if (rank === sequenceRank && codec.name === 'h265') return 0;
  if (rank === sequenceRank) bits.skip(24);
  return Math.min(bits.unsigned(), 255);
}

function withoutTrailingZeros(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return bytes.subarray(0, end);
}

/** Equal bytes, or sequence parameter sets that differ in the usability information alone. */
function decodesAlike(a: ParameterSet, b: ParameterSet): boolean {
  if (a.rank !== b.rank || a.id !== b.id) return false;
  if (Buffer.compare(a.bytes, b.bytes) === 0) return true;
  if (a.picture === null || b.picture === null) return false;
  const bits = a.picture.decodingBits;
  return bits === b.picture.decodingBits && Number.isFinite(bits) && equalBits(a.bytes, b.bytes, bits);
}

function equalBits(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const left = withoutEmulation(a);
  const right = withoutEmulation(b);
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (left[i] !== right[i]) return false;
  const mask = 0xff00 >> (bits & 7);
  return (((left[whole] ?? 0) ^ (right[whole] ?? 0)) & mask & 0xff) === 0;
}
