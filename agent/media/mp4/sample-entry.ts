/** Sample descriptions of all codecs that are recorded: avc1, hvc1 (ISO 14496-15), mp4a (ISO 14496-14), alaw and ulaw (QuickTime). */
import { AppError } from '../../../src/errors.ts';
import type { AudioFormat, VideoFormat } from '../types.ts';
import type { BoxWriter } from './box-writer.ts';
import { avcChroma, hevcFacts } from './parameter-sets.ts';

export function writeVideoEntry(writer: BoxWriter, video: VideoFormat): void {
  writer.box(video.codec === 'h264' ? 'avc1' : 'hvc1', () => {
    writer.zeros(6);
    writer.u16(1);
    writer.zeros(16);
    writer.u16(video.width);
    writer.u16(video.height);
    writer.u32(0x480000);
    writer.u32(0x480000);
    writer.u32(0);
    writer.u16(1);
    writer.zeros(32);
    writer.u16(24);
    writer.u16(0xffff);
    if (video.codec === 'h264') writer.box('avcC', () => writeAvcConfig(writer, video.parameterSets));
    else writer.box('hvcC', () => writeHevcConfig(writer, video.parameterSets));
  });
}

/** ISO 14496-15, 5.3.3.1. */
function writeAvcConfig(writer: BoxWriter, sets: readonly Uint8Array[]): void {
  const sps = sets.filter((nal) => ((nal[0] ?? 0) & 31) === 7);
  const pps = sets.filter((nal) => ((nal[0] ?? 0) & 31) === 8);
  const first = sps[0];
  if (first === undefined || first.length < 4 || pps.length === 0) throw missingSets('H.264', 'SPS and PPS');
  writer.u8(1);
  for (let index = 1; index <= 3; index += 1) writer.u8(first[index] ?? 0);
  writer.u8(0xff);
  writer.u8(0xe0 | Math.min(sps.length, 31));
  for (const nal of sps.slice(0, 31)) writeNal(writer, nal);
  writer.u8(Math.min(pps.length, 255));
  for (const nal of pps.slice(0, 255)) writeNal(writer, nal);
  const chroma = avcChroma(first);
  if (chroma === null) return;
  writer.u8(0xfc | chroma.chromaFormat);
  writer.u8(0xf8 | chroma.lumaDepthMinus8);
  writer.u8(0xf8 | chroma.chromaDepthMinus8);
  writer.u8(0);
}

/** ISO 14496-15, 8.3.3.1. */
function writeHevcConfig(writer: BoxWriter, sets: readonly Uint8Array[]): void {
  const ofType = (type: number) => sets.filter((nal) => (((nal[0] ?? 0) >> 1) & 63) === type);
  const arrays = [32, 33, 34].map((type) => ({ type, nals: ofType(type) }));
  const sps = arrays[1]?.nals[0];
  if (sps === undefined || arrays.some(({ nals }) => nals.length === 0)) {
    throw missingSets('H.265', 'VPS, SPS and PPS');
  }
  const facts = hevcFacts(sps);
  writer.u8(1);
  writer.raw(facts.profileTierLevel);
  writer.u16(0xf000);
  writer.u8(0xfc);
  writer.u8(0xfc | facts.chromaFormat);
  writer.u8(0xf8 | facts.lumaDepthMinus8);
  writer.u8(0xf8 | facts.chromaDepthMinus8);
  writer.u16(0);
  writer.u8((facts.temporalLayers << 3) | (facts.temporalIdNested << 2) | 3);
  writer.u8(arrays.length);
  for (const { type, nals } of arrays) {
    writer.u8(0x80 | type);
    writer.u16(nals.length);
    for (const nal of nals) writeNal(writer, nal);
  }
}

function writeNal(writer: BoxWriter, nal: Uint8Array): void {
  writer.u16(nal.length);
  writer.raw(nal);
}

function missingSets(codec: string, sets: string): AppError {
  return new AppError('protocol', `The ${codec} stream has no ${sets}.`, {
    hint: 'The camera must send parameter sets in its SDP or in the stream.',
  });
}

export function writeAudioEntry(writer: BoxWriter, audio: AudioFormat): void {
  const type = audio.codec === 'aac' ? 'mp4a' : audio.codec === 'pcma' ? 'alaw' : 'ulaw';
  writer.box(type, () => {
    writer.zeros(6);
    writer.u16(1);
    writer.zeros(8);
    writer.u16(audio.channels);
    writer.u16(16);
    writer.u32(0);
    writer.u32((audio.clockRate & 0xffff) * 0x10000);
    if (audio.codec === 'aac') writer.fullBox('esds', 0, 0, () => writeAacDescriptor(writer, audio.config));
    else writeChannelLayout(writer, audio.channels);
  });
}

/** `chan` (QuickTime, Core Audio layout tags): without it players guess a layout for G.711, and say so. */
function writeChannelLayout(writer: BoxWriter, channels: number): void {
  const mono = (100 << 16) | 1;
  const stereo = (101 << 16) | 2;
  writer.fullBox('chan', 0, 0, () => {
    writer.u32(channels === 2 ? stereo : mono);
    writer.zeros(8);
  });
}

/** ES_Descriptor of ISO 14496-1, 7.2.6.5: object type 0x40 (MPEG-4 audio), stream type 5 (audio). */
function writeAacDescriptor(writer: BoxWriter, config: Uint8Array): void {
  const descriptor = (tag: number, length: number) => {
    writer.u8(tag);
    writer.u8(length);
  };
  descriptor(3, 23 + config.length);
  writer.u16(0);
  writer.u8(0);
  descriptor(4, 15 + config.length);
  writer.u8(0x40);
  writer.u8(0x15);
  writer.zeros(11);
  descriptor(5, config.length);
  writer.raw(config);
  descriptor(6, 1);
  writer.u8(2);
}
