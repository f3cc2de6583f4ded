/** AudioSpecificConfig (ISO 14496-3, 1.6.2.1): reads the few fields that timing needs, and builds one when the SDP has none. */
import { AppError } from '../../../src/errors.ts';
import { BitReader } from './bit-reader.ts';

const samplingRates = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
const explicitRate = 15;
const escapeType = 31;
const lowComplexity = 2;

export interface AacConfig {
  /** Of the core coder; with SBR the sound may be played at twice this. */
  readonly samplingRate: number;
  /** 0 when a program config element says it. */
  readonly channels: number;
  /** Samples of an access unit at `samplingRate`: 1024, or 960. */
  readonly frameSamples: number;
}

/** Throws AppError `protocol` when cut off or reserved. */
export function parseAacConfig(config: Uint8Array): AacConfig {
  const bits = new BitReader(config);
  let type = bits.bits(5);
  if (type === escapeType) type = 32 + bits.bits(6);
  const index = bits.bits(4);
  const samplingRate = index === explicitRate ? bits.bits(24) : samplingRates[index];
  if (!samplingRate || type === 0)
    throw new AppError('protocol', 'The AAC configuration has reserved values.');
  const channelField = bits.bits(4);
  if (type === 5 || type === 29) {
    if (bits.bits(4) === explicitRate) bits.skip(24);
    bits.skip(5);
  }
  return {
    samplingRate,
    channels: channelField === 7 ? 8 : channelField,
    frameSamples: bits.flag() ? 960 : 1024,
  };
}

/** AAC-LC of a standard rate, or null. */
export function buildAacConfig(samplingRate: number, channels: number): Uint8Array | null {
  const index = samplingRates.indexOf(samplingRate);
  if (index < 0 || channels < 1 || channels > 6) return null;
  return Uint8Array.of((lowComplexity << 3) | (index >> 1), ((index & 1) << 7) | (channels << 3));
}
