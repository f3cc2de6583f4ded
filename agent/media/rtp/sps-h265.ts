/** Reads an H.265 sequence parameter set (ISO 23008-2, 7.3.2.2 and E.2.1): size, rate and reordering. */
import { AppError } from '../../../src/errors.ts';
import { withoutEmulation } from '../nal-syntax.ts';
import { BitReader } from './bit-reader.ts';
import { chromaStep, type PictureFormat, plausibleRate, plausibleSize } from './picture.ts';
import { skipAppearance } from './vui.ts';

const setsMax = 64;
const picturesMax = 16;

/** Throws AppError `protocol` when the set is cut off before its size or the size is impossible. */
export function parseH265Sps(nal: Uint8Array): PictureFormat {
  const bits = new BitReader(withoutEmulation(nal));
  bits.skip(16 + 4);
  const subLayersMinus1 = bits.bits(3);
  bits.skip(1);
  skipProfileTierLevel(bits, subLayersMinus1);
  bits.unsigned();
  const chromaFormat = bits.unsigned();
  if (chromaFormat === 3) bits.skip(1);
  let width = bits.unsigned();
  let height = bits.unsigned();
  if (bits.flag()) {
    const step = chromaStep(chromaFormat);
    width -= (bits.unsigned() + bits.unsigned()) * step.x;
    height -= (bits.unsigned() + bits.unsigned()) * step.y;
  }
  return { ...plausibleSize('H.265', width, height), ...readRest(bits, subLayersMinus1) };
}

/** ISO 23008-2, 7.3.3. */
function skipProfileTierLevel(bits: BitReader, subLayersMinus1: number): void {
  bits.skip(88 + 8);
  let skipBits = 0;
  for (let i = 0; i < subLayersMinus1; i++) skipBits += (bits.flag() ? 88 : 0) + (bits.flag() ? 8 : 0);
  if (subLayersMinus1 > 0) bits.skip((8 - subLayersMinus1) * 2);
  bits.skip(skipBits);
}

/** What follows the size may be cut short by a camera: then rate and reordering stay unknown. */
function readRest(bits: BitReader, subLayersMinus1: number): Omit<PictureFormat, 'width' | 'height'> {
  let framesPerSecond: number | null = null;
  let reorderFramesMax = 0;
  let decodingBits = Number.POSITIVE_INFINITY;
  try {
    bits.unsigned();
    bits.unsigned();
    const orderBits = bits.unsigned() + 4;
    reorderFramesMax = readReordering(bits, subLayersMinus1);
    skipCoding(bits, orderBits);
    decodingBits = bits.positionBits;
    if (bits.flag()) framesPerSecond = readRate(bits);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
  return { framesPerSecond, reorderFramesMax, decodingBits };
}

function readReordering(bits: BitReader, subLayersMinus1: number): number {
  let reorder = 0;
  for (let i = bits.flag() ? 0 : subLayersMinus1; i <= subLayersMinus1; i++) {
    bits.unsigned();
    reorder = bits.unsigned();
    bits.unsigned();
  }
  return Math.min(reorder, picturesMax);
}

function skipCoding(bits: BitReader, orderBits: number): void {
  for (let i = 0; i < 6; i++) bits.unsigned();
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(2);
  if (bits.flag()) {
    bits.skip(8);
    bits.unsigned();
    bits.unsigned();
    bits.skip(1);
  }
  skipShortTermSets(bits);
  if (bits.flag()) {
    const count = bits.unsigned();
    if (count > setsMax) throw new AppError('protocol', 'Too many long-term pictures.');
    bits.skip(count * (orderBits + 1));
  }
  bits.skip(2);
}

/** 7.3.4. */
function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.unsigned();
        continue;
      }
      if (size > 1) bits.signed();
      for (let i = 0; i < Math.min(64, 1 << (4 + (size << 1))); i++) bits.signed();
    }
  }
}

/** 7.3.7: a set may be predicted from the one before it, so their sizes are kept. */
function skipShortTermSets(bits: BitReader): void {
  const count = bits.unsigned();
  if (count > setsMax) throw new AppError('protocol', 'Too many reference picture sets.');
  let deltas = 0;
  for (let set = 0; set < count; set++) {
    deltas = set > 0 && bits.flag() ? predictedDeltas(bits, deltas) : explicitDeltas(bits);
  }
}

function predictedDeltas(bits: BitReader, deltas: number): number {
  bits.skip(1);
  bits.unsigned();
  let used = 0;
  for (let i = 0; i <= deltas; i++) {
    if (bits.flag() || bits.flag()) used += 1;
  }
  return used;
}

function explicitDeltas(bits: BitReader): number {
  const deltas = bits.unsigned() + bits.unsigned();
  if (deltas > 2 * picturesMax) throw new AppError('protocol', 'Too many reference pictures.');
  for (let i = 0; i < deltas; i++) {
    bits.unsigned();
    bits.skip(1);
  }
  return deltas;
}

/** E.2.1 up to the timing. */
function readRate(bits: BitReader): number | null {
  skipAppearance(bits);
  bits.skip(3);
  if (bits.flag()) for (let i = 0; i < 4; i++) bits.unsigned();
  if (!bits.flag()) return null;
  const unitsInTick = bits.bits(32);
  const timeScale = bits.bits(32);
  return unitsInTick > 0 ? plausibleRate(timeScale / unitsInTick) : null;
}
