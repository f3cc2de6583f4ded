/** Reads an H.264 sequence parameter set (ISO 14496-10, 7.3.2.1.1 and E.1.1): size, rate and reordering. */
import { AppError } from '../../../src/errors.ts';
import { chromaProfiles, withoutEmulation } from '../nal-syntax.ts';
import { BitReader } from './bit-reader.ts';
import { chromaStep, type PictureFormat, plausibleRate, plausibleSize } from './picture.ts';
import { skipAppearance } from './vui.ts';

const pocCycleMax = 255;

interface Timing {
  framesPerSecond: number | null;
  reorderFramesMax: number;
}

/** Throws AppError `protocol` when the set is cut off or its size is impossible. */
export function parseH264Sps(nal: Uint8Array): PictureFormat {
  const bits = new BitReader(withoutEmulation(nal));
  bits.skip(8);
  const profile = bits.bits(8);
  bits.skip(16);
  bits.unsigned();
  const chromaFormat = chromaProfiles.has(profile) ? readChroma(bits) : 1;
  bits.unsigned();
  readPictureOrder(bits);
  bits.unsigned();
  bits.skip(1);
  const widthUnits = bits.unsigned() + 1;
  const heightUnits = bits.unsigned() + 1;
  const fieldFactor = bits.flag() ? 1 : 2;
  if (fieldFactor === 2) bits.skip(1);
  bits.skip(1);
  const crop = readCrop(bits, chromaFormat, fieldFactor);
  const width = widthUnits * 16 - crop.x;
  const height = heightUnits * 16 * fieldFactor - crop.y;
  const size = plausibleSize('H.264', width, height);
  const decodingBits = bits.positionBits;
  return { ...size, decodingBits, ...readUsability(bits) };
}

function readChroma(bits: BitReader): number {
  const chromaFormat = bits.unsigned();
  if (chromaFormat === 3) bits.skip(1);
  bits.unsigned();
  bits.unsigned();
  bits.skip(1);
  if (bits.flag()) {
    const lists = chromaFormat === 3 ? 12 : 8;
    for (let i = 0; i < lists; i++) if (bits.flag()) skipScalingList(bits, i < 6 ? 16 : 64);
  }
  return chromaFormat;
}

function skipScalingList(bits: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i++) {
    if (next !== 0) next = (last + bits.signed() + 256) % 256;
    if (next !== 0) last = next;
  }
}

function readPictureOrder(bits: BitReader): void {
  const type = bits.unsigned();
  if (type === 0) {
    bits.unsigned();
  } else if (type === 1) {
    bits.skip(1);
    bits.signed();
    bits.signed();
    const cycle = bits.unsigned();
    if (cycle > pocCycleMax) throw new AppError('protocol', 'An H.264 parameter set has an endless cycle.');
    for (let i = 0; i < cycle; i++) bits.signed();
  }
}

function readCrop(bits: BitReader, chromaFormat: number, fieldFactor: number): { x: number; y: number } {
  if (!bits.flag()) return { x: 0, y: 0 };
  const step = chromaStep(chromaFormat);
  const left = bits.unsigned();
  const right = bits.unsigned();
  const top = bits.unsigned();
  const bottom = bits.unsigned();
  return { x: (left + right) * step.x, y: (top + bottom) * step.y * fieldFactor };
}

/** Cameras cut this part short: what is missing is unknown, not an error. */
function readUsability(bits: BitReader): Timing {
  const timing: Timing = { framesPerSecond: null, reorderFramesMax: 0 };
  try {
    if (bits.flag()) fillTiming(bits, timing);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
  return timing;
}

function fillTiming(bits: BitReader, timing: Timing): void {
  skipAppearance(bits);
  if (bits.flag()) {
    const unitsInTick = bits.bits(32);
    const timeScale = bits.bits(32);
    bits.skip(1);
    if (unitsInTick > 0) timing.framesPerSecond = plausibleRate(timeScale / (2 * unitsInTick));
  }
  const nalHrd = bits.flag();
  if (nalHrd) skipHrd(bits);
  const vclHrd = bits.flag();
  if (vclHrd) skipHrd(bits);
  if (nalHrd || vclHrd) bits.skip(1);
  bits.skip(1);
  if (!bits.flag()) return;
  bits.skip(1);
  for (let i = 0; i < 4; i++) bits.unsigned();
  timing.reorderFramesMax = Math.min(bits.unsigned(), 16);
}

function skipHrd(bits: BitReader): void {
  const count = bits.unsigned() + 1;
  if (count > 32) throw new AppError('protocol', 'An H.264 parameter set has too many buffer models.');
  bits.skip(8);
  for (let i = 0; i < count; i++) {
    bits.unsigned();
    bits.unsigned();
    bits.skip(1);
  }
  bits.skip(20);
}
