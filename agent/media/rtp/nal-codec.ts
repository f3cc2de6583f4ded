/** What the two video codecs call their NAL units, and where random access lies (H.264 7.4.1, H.265 7.4.2.2). */
import type { PictureFormat } from './picture.ts';
import { parseH264Sps } from './sps-h264.ts';
import { parseH265Sps } from './sps-h265.ts';

/** Plain numbers: they are compared once per packet. */
export const nalKind = {
  slice: 0,
  randomAccessSlice: 1,
  /** VPS, SPS, PPS: kept out of the samples. */
  parameterSet: 2,
  /** Access unit delimiter and whatever else stands before a picture. */
  prefix: 3,
  supplemental: 4,
  /** Stands behind the slices of its picture. */
  suffix: 5,
  /** Filler, other layers, reserved types. */
  ignored: 6,
  /** Not a NAL unit header: the bytes are an Annex B stream. */
  startCode: 7,
} as const;
export type NalKind = (typeof nalKind)[keyof typeof nalKind];

export interface NalCodec {
  readonly name: 'h264' | 'h265';
  readonly headerBytes: number;
  kind(first: number, second: number): NalKind;
  /** Is the slice whose header ends before `afterHeader` the first of its picture? */
  startsPicture(afterHeader: number): boolean;
  /** Order of the parameter sets of a stream: 0 VPS, 1 SPS, 2 PPS; each must be there. */
  parameterSetRank(first: number): number;
  readonly parameterSetRanks: readonly number[];
  parsePicture(sequenceParameterSet: Uint8Array): PictureFormat;
  /** Recovery point SEI: decoding may begin here although it is no IDR. */
  isRecoveryPoint(bytes: Uint8Array, length: number): boolean;
}

export const sequenceRank = 1;
const pictureRank = 2;

function h264Kind(first: number): NalKind {
  const type = first & 0x1f;
  if (type === 5) return nalKind.randomAccessSlice;
  if (type >= 1 && type <= 4) return nalKind.slice;
  if (type === 7 || type === 8) return nalKind.parameterSet;
  if (type === 6) return nalKind.supplemental;
  if (type === 9 || type === 13 || type === 14 || type === 15) return nalKind.prefix;
  if (type === 10 || type === 11 || type === 19 || type === 20) return nalKind.suffix;
  return type === 0 ? nalKind.startCode : nalKind.ignored;
}

const recoveryPointPayload = 6;

/** ISO 14496-10, 7.3.2.3.1: payload types and sizes are runs of 255 and a last byte. */
function h264RecoveryPoint(bytes: Uint8Array, length: number): boolean {
  let at = 1;
  while (at + 2 < length) {
    let type = 0;
    while (bytes[at] === 255 && at < length) {
      type += 255;
      at += 1;
    }
    type += bytes[at++] ?? 0;
    if (type === recoveryPointPayload) return true;
    let size = 0;
    while (bytes[at] === 255 && at < length) {
      size += 255;
      at += 1;
    }
    size += bytes[at++] ?? 0;
    at += size;
  }
  return false;
}

export const h264Codec: NalCodec = {
  name: 'h264',
  headerBytes: 1,
  kind: h264Kind,
  startsPicture: (afterHeader) => (afterHeader & 0x80) !== 0,
  parameterSetRank: (first) => ((first & 0x1f) === 7 ? sequenceRank : pictureRank),
  parameterSetRanks: [sequenceRank, pictureRank],
  parsePicture: parseH264Sps,
  isRecoveryPoint: h264RecoveryPoint,
};

function h265Kind(first: number, second: number): NalKind {
  if ((second & 7) === 0) return nalKind.startCode;
  if ((first & 1) !== 0 || (second & 0xf8) !== 0) return nalKind.ignored;
  const type = first >> 1;
  if (type >= 16 && type <= 21) return nalKind.randomAccessSlice;
  if (type <= 9) return nalKind.slice;
  if (type >= 32 && type <= 34) return nalKind.parameterSet;
  if (type === 39) return nalKind.supplemental;
  if (type === 35) return nalKind.prefix;
  return type === 36 || type === 37 || type === 40 ? nalKind.suffix : nalKind.ignored;
}

export const h265Codec: NalCodec = {
  name: 'h265',
  headerBytes: 2,
  kind: h265Kind,
  startsPicture: (afterHeader) => (afterHeader & 0x80) !== 0,
  parameterSetRank: (first) => (first >> 1) - 32,
  parameterSetRanks: [0, sequenceRank, pictureRank],
  parsePicture: parseH265Sps,
  isRecoveryPoint: () => false,
};
