/** What a sequence parameter set says about the picture, the same for both codecs. */
import { AppError } from '../../../src/errors.ts';

export interface PictureFormat {
  /** Of the visible picture: cropping is taken off. */
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number | null;
  readonly reorderFramesMax: number;
  /** Bits of the unescaped set that decide how pictures decode: all before the usability information (VUI). */
  readonly decodingBits: number;
}

/** Larger pictures than any camera makes are a parsing accident. */
const edgeMax = 16_384;

/** Throws AppError `protocol` when no camera makes pictures of that size. */
export function plausibleSize(
  codec: string,
  width: number,
  height: number,
): { width: number; height: number } {
  if (width >= 1 && height >= 1 && width <= edgeMax && height <= edgeMax) return { width, height };
  throw new AppError('protocol', `An ${codec} parameter set gives a picture of ${width} x ${height}.`);
}

/** Luma samples per chroma sample: the units in which cropping is given (H.264 6.2, H.265 6.2). */
export function chromaStep(chromaFormat: number): { x: number; y: number } {
  return { x: chromaFormat === 1 || chromaFormat === 2 ? 2 : 1, y: chromaFormat === 1 ? 2 : 1 };
}

/** Only rates that a camera can have; the timing of many is a placeholder. */
export function plausibleRate(framesPerSecond: number): number | null {
  return framesPerSecond >= 0.1 && framesPerSecond <= 300 ? Math.round(framesPerSecond * 1000) / 1000 : null;
}
