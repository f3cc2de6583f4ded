/** Chooses what to record from a session description: one video, one audio if we know it, and says why not otherwise. */

import { AppError } from '../../../src/errors.ts';
import type { AacLayout } from '../rtp/aac.ts';
import { buildAacConfig, parseAacConfig } from '../rtp/aac-config.ts';
import type { AudioFormat } from '../types.ts';
import { mapOf, type RtpMap, type Sdp, type SdpMedia } from './sdp.ts';

export interface VideoChoice {
  readonly kind: 'video';
  readonly codec: 'h264' | 'h265';
  readonly payloadType: number;
  readonly clockRate: number;
  readonly parameterSets: readonly Uint8Array[];
  readonly control: string | null;
}

export interface AudioChoice {
  readonly kind: 'audio';
  readonly payloadType: number;
  readonly format: AudioFormat;
  /** For AAC. */
  readonly layout: AacLayout | null;
  readonly control: string | null;
}

/** `refusal`: in words, why there is no video to record. */
export type Selection =
  | { readonly video: VideoChoice; readonly audio: AudioChoice | null; readonly notes: readonly string[] }
  | { readonly refusal: { readonly detail: string; readonly hint: string } };

export function selectTracks(sdp: Sdp): Selection {
  const video = firstOf(sdp, 'video', chooseVideo);
  if (video === null) return { refusal: refuseVideo(sdp) };
  const audioMedia = sdp.media.filter((media) => media.kind === 'audio' && media.payloadTypes.length > 0);
  const forward = audioMedia.filter((media) => media.direction !== 'sendonly');
  const candidates = forward.length > 0 ? forward : audioMedia;
  const audio = firstOf({ ...sdp, media: candidates }, 'audio', chooseAudio);
  const unknown = audio === null ? candidates[0] : undefined;
  const notes = unknown === undefined ? [] : [`audio ${nameOf(unknown)} is not supported: video only`];
  return { video, audio, notes };
}

function firstOf<T>(
  sdp: Sdp,
  kind: string,
  choose: (media: SdpMedia, payloadType: number, map: RtpMap) => T | null,
): T | null {
  for (const media of sdp.media) {
    if (media.kind !== kind) continue;
    for (const payloadType of media.payloadTypes) {
      const map = mapOf(media, payloadType);
      const choice = map === null ? null : choose(media, payloadType, map);
      if (choice !== null) return choice;
    }
  }
  return null;
}

function nameOf(media: SdpMedia): string {
  const type = media.payloadTypes[0];
  if (type === undefined) return 'without a format';
  return mapOf(media, type)?.encoding.slice(0, 32) ?? `of payload type ${type}`;
}

function refuseVideo(sdp: Sdp): { detail: string; hint: string } {
  const media = sdp.media.find((m) => m.kind === 'video');
  if (media === undefined) {
    return {
      detail: 'The stream has no video.',
      hint: 'Check the path in the camera address: it may name an audio or metadata stream.',
    };
  }
  const type = media.payloadTypes[0] ?? -1;
  const interleaved = /^H26[45]$/.test(mapOf(media, type)?.encoding ?? '');
  return {
    detail: `The video is ${nameOf(media)}${interleaved ? ' with interleaved packets' : ''}, which is not supported.`,
    hint: 'Set the stream to H.264 or H.265 in the camera, or choose another stream of it.',
  };
}

function chooseVideo(media: SdpMedia, payloadType: number, map: RtpMap): VideoChoice | null {
  const parameters = media.parameters.get(payloadType) ?? new Map<string, string>();
  const common = {
    kind: 'video' as const,
    payloadType,
    clockRate: map.clockRate,
    control: media.control,
  };
  if (map.encoding === 'H264' && parameters.get('packetization-mode') !== '2') {
    return { ...common, codec: 'h264', parameterSets: decodeSets(parameters, ['sprop-parameter-sets']) };
  }
  const ordered = Number(parameters.get('sprop-max-don-diff') ?? 0) > 0;
  if ((map.encoding === 'H265' || map.encoding === 'HEVC') && !ordered) {
    const names = ['sprop-vps', 'sprop-sps', 'sprop-pps'];
    return { ...common, codec: 'h265', parameterSets: decodeSets(parameters, names) };
  }
  return null;
}

function decodeSets(parameters: ReadonlyMap<string, string>, names: readonly string[]): Uint8Array[] {
  return names
    .flatMap((name) => (parameters.get(name) ?? '').split(','))
    .map((text) => withoutStartCode(Buffer.from(text.trim().replace(/^"|"$/g, ''), 'base64')))
    .filter((set) => set.length > 1);
}

/** Some cameras encode the start code with the set. */
function withoutStartCode(set: Uint8Array): Uint8Array {
  let zeros = 0;
  while (set[zeros] === 0) zeros += 1;
  const start = zeros >= 2 && set[zeros] === 1 ? zeros + 1 : 0;
  return new Uint8Array(set.subarray(start));
}

function chooseAudio(media: SdpMedia, payloadType: number, map: RtpMap): AudioChoice | null {
  const common = { kind: 'audio' as const, payloadType, control: media.control };
  if (map.encoding === 'PCMA' || map.encoding === 'PCMU') {
    const codec = map.encoding === 'PCMA' ? ('pcma' as const) : ('pcmu' as const);
    const format = { codec, clockRate: map.clockRate, channels: map.channels, config: new Uint8Array(0) };
    return { ...common, format, layout: null };
  }
  if (map.encoding !== 'MPEG4-GENERIC') return null;
  const parameters = media.parameters.get(payloadType) ?? new Map<string, string>();
  const aac = aacOf(parameters, map);
  return aac === null ? null : { ...common, ...aac };
}

function aacOf(
  parameters: ReadonlyMap<string, string>,
  map: RtpMap,
): { format: AudioFormat; layout: AacLayout } | null {
  const sizeBits = bitsOf(parameters.get('sizelength'), 13);
  if (sizeBits < 1) return null;
  const text = (parameters.get('config') ?? '').replace(/[^0-9a-f]/gi, '');
  const given = text.length >= 4 ? new Uint8Array(Buffer.from(text.slice(0, 256), 'hex')) : null;
  const config = given ?? buildAacConfig(map.clockRate, map.channels);
  if (config === null) return null;
  try {
    const parsed = parseAacConfig(config);
    return {
      format: {
        codec: 'aac',
        clockRate: map.clockRate,
        channels: parsed.channels > 0 ? parsed.channels : map.channels,
        config,
      },
      layout: {
        sizeBits,
        indexBits: bitsOf(parameters.get('indexlength'), 3),
        indexDeltaBits: bitsOf(parameters.get('indexdeltalength'), 3),
        unitTicks: Math.round((parsed.frameSamples * map.clockRate) / parsed.samplingRate),
      },
    };
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

function bitsOf(text: string | undefined, fallback: number): number {
  const bits = Number(text ?? fallback);
  return Number.isInteger(bits) && bits >= 0 && bits <= 16 ? bits : fallback;
}
