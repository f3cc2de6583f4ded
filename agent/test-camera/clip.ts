/** The clips that the test camera plays: access units and sound frames out of fixtures/media, ready to be packetised. */
import { existsSync, readFileSync } from 'node:fs';
import { AppError } from '../../src/errors.ts';
import { type ClipTrack, readClip } from '../media/mp4/read-clip.ts';
import type { AudioFormat, VideoFormat } from '../media/types.ts';

/** Beside the sources, and one folder further up beside the built program. */
const folders = ['../../fixtures/media/', '../../../fixtures/media/'].map(
  (path) => new URL(path, import.meta.url),
);
const videoRate = 90_000;
const soundFrameBytes = 160;

export const clipNames = ['h264', 'h264-b-frames', 'h264-busy', 'h265'] as const;
export type ClipName = (typeof clipNames)[number];

export interface ClipUnit {
  /** Slices, SEI and the like, without parameter sets. */
  readonly nals: readonly Uint8Array[];
  /** From the clip's start, in display order; ticks of 90 kHz. */
  readonly ptsTicks: number;
  readonly randomAccess: boolean;
}

export interface Clip {
  readonly video: VideoFormat;
  /** In decode order, spaced evenly. */
  readonly units: readonly ClipUnit[];
  readonly frameTicks: number;
  readonly audio: AudioFormat;
  readonly sounds: readonly Uint8Array[];
  /** RTP ticks of one sound frame. */
  readonly soundTicks: number;
}

/** H.264 clips carry AAC, the H.265 clip carries G.711 A-law from a file beside it. */
export function loadClip(name: ClipName): Clip {
  const tracks = readClip(readMedia(`${name}.mp4`));
  const picture = tracks.find(({ info }) => info.kind === 'video');
  if (picture === undefined) throw new AppError('internal', `The clip ${name} has no picture.`);
  const frameTicks = Math.round(
    (picture.durationTicks * videoRate) / picture.info.timescale / picture.samples.length,
  );
  return {
    video: videoFormat(picture, frameTicks),
    units: units(picture),
    frameTicks,
    ...sound(name, tracks),
  };
}

function readMedia(file: string): Uint8Array {
  const path = folders.map((folder) => new URL(file, folder)).find((candidate) => existsSync(candidate));
  if (path !== undefined) return readFileSync(path);
  throw new AppError('not_found', `The test camera's clip ${file} is missing.`, {
    hint: 'Reinstall Holdfast; in a source tree run scripts/make-fixtures.sh.',
  });
}

function videoFormat({ info, samples }: ClipTrack, frameTicks: number): VideoFormat {
  const codec = info.codec === 'h265' ? 'h265' : 'h264';
  const reordered = samples.some(({ ptsTicks }, index) => ptsTicks < (samples[index - 1]?.ptsTicks ?? 0));
  return {
    codec,
    clockRate: videoRate,
    parameterSets: codec === 'h265' ? hevcSets(info.codecConfig) : avcSets(info.codecConfig),
    width: info.width,
    height: info.height,
    framesPerSecond: videoRate / frameTicks,
    reorderFramesMax: reordered ? 2 : 0,
  };
}

function units({ info, samples }: ClipTrack): ClipUnit[] {
  const first = samples.reduce((least, { ptsTicks }) => Math.min(least, ptsTicks), Number.POSITIVE_INFINITY);
  return samples.map(({ bytes, ptsTicks, sync }) => ({
    nals: lengthPrefixed(bytes, 4),
    ptsTicks: Math.round(((ptsTicks - first) * videoRate) / info.timescale),
    randomAccess: sync,
  }));
}

function lengthPrefixed(bytes: Uint8Array, prefix: 2 | 4, count = Number.POSITIVE_INFINITY): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const nals: Uint8Array[] = [];
  let position = 0;
  while (position + prefix <= bytes.length && nals.length < count) {
    const length = prefix === 2 ? view.getUint16(position) : view.getUint32(position);
    nals.push(bytes.subarray(position + prefix, position + prefix + length));
    position += prefix + length;
  }
  return nals;
}

/** SPS and PPS of an avcC (ISO 14496-15, 5.3.3.1). */
function avcSets(config: Uint8Array): Uint8Array[] {
  const sps = lengthPrefixed(config.subarray(6), 2, (config[5] ?? 0) & 31);
  const after = sps.reduce((position, nal) => position + 2 + nal.length, 6);
  return [...sps, ...lengthPrefixed(config.subarray(after + 1), 2, config[after] ?? 0)];
}

/** VPS, SPS and PPS of an hvcC (ISO 14496-15, 8.3.3.1). */
function hevcSets(config: Uint8Array): Uint8Array[] {
  const sets: Uint8Array[] = [];
  let position = 23;
  for (let array = 0; array < (config[22] ?? 0); array += 1) {
    const type = (config[position] ?? 0) & 63;
    const count = ((config[position + 1] ?? 0) << 8) | (config[position + 2] ?? 0);
    const nals = lengthPrefixed(config.subarray(position + 3), 2, count);
    position = nals.reduce((at, nal) => at + 2 + nal.length, position + 3);
    if (type >= 32 && type <= 34) sets.push(...nals);
  }
  return sets;
}

function sound(name: ClipName, tracks: readonly ClipTrack[]): Pick<Clip, 'audio' | 'sounds' | 'soundTicks'> {
  const track = tracks.find(({ info }) => info.codec === 'aac');
  if (track !== undefined) {
    const { sampleRate, channels, codecConfig } = track.info;
    return {
      audio: { codec: 'aac', clockRate: sampleRate, channels, config: codecConfig },
      sounds: track.samples.map(({ bytes }) => bytes),
      soundTicks: 1024,
    };
  }
  const samples = readMedia(`${name}.alaw`);
  const count = Math.floor(samples.length / soundFrameBytes);
  return {
    audio: { codec: 'pcma', clockRate: 8000, channels: 1, config: new Uint8Array(0) },
    sounds: Array.from({ length: count }, (_, index) =>
      samples.subarray(index * soundFrameBytes, (index + 1) * soundFrameBytes),
    ),
    soundTicks: soundFrameBytes,
  };
}
