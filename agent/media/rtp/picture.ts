/** What a sequence parameter set says about the picture, the same for both codecs. */

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
export const pictureEdgeMax = 16_384;

/** Only rates that a camera can have; the timing of many is a placeholder. */
export function plausibleRate(framesPerSecond: number): number | null {
  return framesPerSecond >= 0.1 && framesPerSecond <= 300 ? Math.round(framesPerSecond * 1000) / 1000 : null;
}
