/** Reads ftyp + moov back: which tracks there are, in which codec, and their sample descriptions. */
import { type Box, bodyReader, boxes, childrenOf, damaged, findBox } from './read-box.ts';
import type { InitInfo, MediaCodec, TrackInfo } from './read-types.ts';

const tracksMax = 16;
const codecOfEntry: Readonly<Record<string, MediaCodec>> = {
  avc1: 'h264',
  avc3: 'h264',
  hvc1: 'h265',
  hev1: 'h265',
  mp4a: 'aac',
  alaw: 'pcma',
  ulaw: 'pcmu',
};

/** `bytes` may hold other boxes around the moov. Throws `data_loss` when there is no readable moov. */
export function readInit(bytes: Uint8Array): InitInfo {
  const moov = boxes(bytes, 0, bytes.length).find((box) => box.type === 'moov');
  if (moov === undefined) throw damaged('there is no moov');
  const tracks: TrackInfo[] = [];
  for (const trak of childrenOf(bytes, moov)) {
    if (trak.type !== 'trak' || tracks.length >= tracksMax) continue;
    const track = readTrack(bytes, trak);
    if (track !== null) tracks.push(track);
  }
  return { tracks };
}

/** Null for a track that is neither picture nor sound. */
export function readTrack(bytes: Uint8Array, trak: Box): TrackInfo | null {
  const tkhd = findBox(bytes, trak, 'tkhd');
  const mdhd = findBox(bytes, trak, 'mdia', 'mdhd');
  const hdlr = findBox(bytes, trak, 'mdia', 'hdlr');
  const stsd = findBox(bytes, trak, 'mdia', 'minf', 'stbl', 'stsd');
  if (tkhd === null || mdhd === null || hdlr === null || stsd === null)
    throw damaged('a track is incomplete');
  const handler = bodyReader(bytes, hdlr);
  handler.skip(8);
  const kind = handler.ascii(4);
  if (kind !== 'vide' && kind !== 'soun') return null;
  const entry = childrenOf(bytes, stsd, 8)[0];
  if (entry === undefined) throw damaged('a track has no sample description');
  const timing = { trackId: afterTimes(bytes, tkhd), timescale: afterTimes(bytes, mdhd) };
  return { ...timing, ...(kind === 'vide' ? readVideoEntry(bytes, entry) : readAudioEntry(bytes, entry)) };
}

/** The field that follows creation and modification time: track id in tkhd, timescale in mdhd. */
function afterTimes(bytes: Uint8Array, box: Box): number {
  const reader = bodyReader(bytes, box);
  const version = reader.u32() >>> 24;
  reader.skip(version === 1 ? 16 : 8);
  return reader.u32();
}

type EntryInfo = Omit<TrackInfo, 'trackId' | 'timescale'>;

function readVideoEntry(bytes: Uint8Array, entry: Box): EntryInfo {
  const reader = bodyReader(bytes, entry);
  reader.skip(24);
  const width = reader.u16();
  const height = reader.u16();
  const codec = codecOfEntry[entry.type] ?? 'other';
  const sampleEntry = bytes.slice(entry.start, entry.end);
  const configType = codec === 'h265' ? 'hvcC' : 'avcC';
  const codecConfig = configIn(sampleEntry, entry.bodyStart - entry.start + 78, configType);
  const codecString = videoCodecString(codec, entry.type, codecConfig);
  return {
    kind: 'video',
    codec,
    codecString,
    sampleEntry,
    codecConfig,
    width,
    height,
    channels: 0,
    sampleRate: 0,
  };
}

function readAudioEntry(bytes: Uint8Array, entry: Box): EntryInfo {
  const reader = bodyReader(bytes, entry);
  reader.skip(16);
  const claimed = reader.u16();
  reader.skip(6);
  const sampleRate = reader.u32() >>> 16;
  const codec = codecOfEntry[entry.type] ?? 'other';
  const sampleEntry = bytes.slice(entry.start, entry.end);
  const esds = codec === 'aac' ? configIn(sampleEntry, entry.bodyStart - entry.start + 28, 'esds') : empty;
  const codecConfig = decoderSpecific(esds);
  const channels = codec === 'aac' ? (channelsOf(codecConfig) ?? claimed) : claimed;
  const objectType = (codecConfig[0] ?? 16) >> 3;
  const codecString = codec === 'aac' ? `mp4a.40.${objectType}` : entry.type;
  return {
    kind: 'audio',
    codec,
    codecString,
    sampleEntry,
    codecConfig,
    width: 0,
    height: 0,
    channels,
    sampleRate,
  };
}

const empty = new Uint8Array(0);

/** Many writers put 2 into the sample entry whatever the stream has; channelConfiguration of ISO 14496-3, 1.6.2.1 tells. */
function channelsOf([first = 0, second = 0]: Uint8Array): number | null {
  const explicitRate = (((first & 7) << 1) | (second >> 7)) === 15;
  const configuration = (second >> 3) & 15;
  return explicitRate || configuration < 1 || configuration > 6 ? null : configuration;
}

function configIn(entry: Uint8Array, childrenStart: number, type: string): Uint8Array {
  const box = boxes(entry, childrenStart, entry.length).find((child) => child.type === type);
  return box === undefined ? empty : entry.subarray(box.bodyStart, box.end);
}

/** The AudioSpecificConfig inside the nested descriptors of esds (ISO 14496-1, 7.2.6). */
function decoderSpecific(esds: Uint8Array): Uint8Array {
  let position = 4;
  for (let depth = 0; depth < 3 && position < esds.length; depth += 1) {
    const tag = esds[position] ?? 0;
    let length = 0;
    do {
      position += 1;
      length = (length << 7) | ((esds[position] ?? 0) & 0x7f);
    } while (((esds[position] ?? 0) & 0x80) !== 0);
    position += 1;
    if (tag === 5) return esds.subarray(position, position + length);
    position += tag === 3 ? 3 : 13;
  }
  return empty;
}

/** RFC 6381 for H.264, ISO 14496-15 E.3 for H.265. */
function videoCodecString(codec: MediaCodec, entryType: string, config: Uint8Array): string {
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  if (codec === 'h264') return `${entryType}.${[...config.subarray(1, 4)].map(hex).join('')}`;
  if (codec !== 'h265' || config.length < 13) return entryType;
  const view = new DataView(config.buffer, config.byteOffset, config.byteLength);
  const general = config[1] ?? 0;
  const space = ['', 'A', 'B', 'C'][general >> 6] ?? '';
  const tier = (general & 0x20) === 0 ? 'L' : 'H';
  const constraints = [...config.subarray(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  const compatibility = reversedBits(view.getUint32(2)).toString(16).toUpperCase();
  const tail = constraints.map((byte) => `.${byte.toString(16).toUpperCase()}`).join('');
  return `${entryType}.${space}${general & 31}.${compatibility}.${tier}${config[12] ?? 0}${tail}`;
}

function reversedBits(value: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit += 1) reversed = reversed * 2 + ((value >>> bit) & 1);
  return reversed;
}
