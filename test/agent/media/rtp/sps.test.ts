import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseH264Sps } from '../../../../agent/media/rtp/sps-h264.ts';
import { parseH265Sps } from '../../../../agent/media/rtp/sps-h265.ts';
import { AppError } from '../../../../src/errors.ts';

/** Parameter sets as x264 and x265 wrote them. */
const h264Sets = [
  ['baseline', 'Z0LAHtkAoC/5cBEAAAMAAQAAAwAyDxYuSA==', 640, 360, 25, 0],
  ['cropped to 1080 lines, with B pictures', 'Z2QAKKzZQHgCJ+XARAAAAwAEAAADAPA8YMZY', 1920, 1080, 30, 2],
  ['interlaced', 'Z2QAKKzZQHgET94CIAAAAwAgAAAGQ+LFssA=', 1920, 1080, 25, 2],
  ['4:4:4 at 29.97', 'Z/QADZGbKCwS2AiAAAH0gAB1MAeKFMs=', 352, 288, 29.97, 2],
  ['4:2:2 with a buffer model', 'Z3oAMrbLIAUQHr8TgIgAAAMACAAAAwDDEwAHoSAA9CUllAPGDJI=', 2592, 1944, 12, 0],
  ['scaling matrices and odd size', 'Z2QAFqzZQKQv4iTARAAAAwAEAAADAKA8WLZY', 642, 362, 20, 2],
] as const;

const h265Sets = [
  ['without reordering', 'QgEBAWAAAAMAkAAAAwAAAwA/oAUCAWllkqSTK8BaAgAAAwACAAADAB4Q', 640, 360, 15, 0],
  ['cropped to 1080 lines', 'QgEBAWAAAAMAkAAAAwAAAwB4oAPAgBDlllZpJMrwFoCAAAADAIAAAAyE', 1920, 1080, 25, 2],
  [
    'two layers, scaling lists',
    'QgEBAiAAAAMAkAAAAwAAAwA/oAUSAXHJI2WVmkk5XgLQEAAAAwAQAAADAUCA',
    642,
    362,
    20,
    2,
  ],
  ['4:4:4', 'QgEBBAgAAAMAnggAAAMAAD+QAWEAkLLKzSSZXgLQEAAAAwAQAAADAeYJyWbgAPQkAB6EiA==', 352, 288, 30, 2],
] as const;

describe('an H.264 sequence parameter set', () => {
  it.each(h264Sets)('%s', (_name, text, width, height, framesPerSecond, reorderFramesMax) => {
    const picture = parseH264Sps(Buffer.from(text, 'base64'));
    expect(picture).toMatchObject({ width, height, framesPerSecond, reorderFramesMax });
  });

  it('still gives its size when the usability information is cut off', () => {
    const whole = Buffer.from(h264Sets[1][1], 'base64');
    const cut = parseH264Sps(whole.subarray(0, 15));
    expect(cut).toMatchObject({ width: 1920, height: 1080, framesPerSecond: null });
  });
});

describe('an H.265 sequence parameter set', () => {
  it.each(h265Sets)('%s', (_name, text, width, height, framesPerSecond, reorderFramesMax) => {
    const picture = parseH265Sps(Buffer.from(text, 'base64'));
    expect(picture).toMatchObject({ width, height, framesPerSecond, reorderFramesMax });
  });

  it('still gives its size when what follows is cut off', () => {
    const whole = Buffer.from(h265Sets[0][1], 'base64');
    expect(parseH265Sps(whole.subarray(0, 28))).toMatchObject({
      width: 640,
      height: 360,
      framesPerSecond: null,
    });
  });
});

describe('any bytes as parameter set', () => {
  it('give a picture of sane size or a protocol error', () => {
    const seeds = [...h264Sets, ...h265Sets].map(([, text]) => Buffer.from(text, 'base64'));
    const mutated = fc
      .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 6 }))
      .map(([seed, changes]) => {
        const bytes = Uint8Array.from(seed);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 64 })), (bytes) => {
        for (const parse of [parseH264Sps, parseH265Sps]) {
          try {
            const { width, height } = parse(bytes);
            expect(width > 0 && width <= 16_384 && height > 0 && height <= 16_384).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
          }
        }
      }),
      { numRuns: 1500 },
    );
  });
});
