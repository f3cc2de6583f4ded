/** Reads a moof back into columns: decode time, sizes, durations, flags and composition offsets of each track. */
import { type Box, ByteReader, bodyReader, boxes, childrenOf, damaged, findBox } from './read-box.ts';
import type { FragmentInfo, FragmentTrack } from './read-types.ts';

const samplesMax = 100_000;

interface Defaults {
  trackId: number;
  duration: number;
  size: number;
  flags: number;
}

/** `bytes` begins with the moof; what follows it is not looked at. Throws `data_loss`. */
export function readFragment(bytes: Uint8Array): FragmentInfo {
  const header = new ByteReader(bytes, 0, bytes.length);
  const moofBytes = header.u32();
  if (header.ascii(4) !== 'moof' || moofBytes > bytes.length) throw damaged('a whole moof was expected');
  const moof = boxes(bytes, 0, moofBytes)[0];
  if (moof === undefined) throw damaged('a whole moof was expected');
  const mfhd = findBox(bytes, moof, 'mfhd');
  if (mfhd === null) throw damaged('a moof has no mfhd');
  const sequence = bodyReader(bytes, mfhd);
  sequence.skip(4);
  const tracks: FragmentTrack[] = [];
  for (const traf of childrenOf(bytes, moof))
    if (traf.type === 'traf') tracks.push(readTrackFragment(bytes, traf));
  return { sequence: sequence.u32(), moofBytes, tracks };
}

function readTrackFragment(bytes: Uint8Array, traf: Box): FragmentTrack {
  const tfhd = findBox(bytes, traf, 'tfhd');
  const tfdt = findBox(bytes, traf, 'tfdt');
  const trun = findBox(bytes, traf, 'trun');
  if (tfhd === null || tfdt === null || trun === null) throw damaged('a track fragment is incomplete');
  const defaults = readDefaults(bodyReader(bytes, tfhd));
  const time = bodyReader(bytes, tfdt);
  const wide = time.u32() >>> 24 === 1;
  if (!wide) throw damaged('a decode time has 32 bits only');
  const decodeTimeOffsetBytes = time.position;
  return {
    decodeTimeOffsetBytes,
    decodeTimeTicks: time.u64(),
    ...readRun(bodyReader(bytes, trun), defaults),
  };
}

/** Optional fields in the order of ISO 14496-12, 8.8.7. */
function readDefaults(reader: ByteReader): Defaults {
  const flags = reader.u32() & 0xffffff;
  const trackId = reader.u32();
  const optional = (bit: number, bytes: 4 | 8) => {
    if ((flags & bit) === 0) return 0;
    return bytes === 8 ? reader.u64() : reader.u32();
  };
  optional(0x1, 8);
  optional(0x2, 4);
  return { trackId, duration: optional(0x8, 4), size: optional(0x10, 4), flags: optional(0x20, 4) };
}

type Run = Omit<FragmentTrack, 'decodeTimeOffsetBytes' | 'decodeTimeTicks'>;

/** ISO 14496-12, 8.8.8. */
function readRun(reader: ByteReader, defaults: Defaults): Run {
  const flags = reader.u32() & 0xffffff;
  const has = (bit: number) => (flags & bit) !== 0;
  const entryBytes = 4 * [0x100, 0x200, 0x400, 0x800].filter(has).length;
  const count = reader.count(entryBytes);
  if (count > samplesMax) throw damaged(`a track fragment claims ${count} samples`);
  const dataOffsetBytes = has(0x1) ? reader.i32() : 0;
  const firstFlags = has(0x4) ? reader.u32() : null;
  const sizesBytes = new Uint32Array(count);
  const durationsTicks = new Uint32Array(count);
  const compositionTicks = new Int32Array(count);
  const sync = new Uint8Array(count);
  let dataLengthBytes = 0;
  for (let index = 0; index < count; index += 1) {
    durationsTicks[index] = has(0x100) ? reader.u32() : defaults.duration;
    const size = has(0x200) ? reader.u32() : defaults.size;
    sizesBytes[index] = size;
    dataLengthBytes += size;
    const own = has(0x400) ? reader.u32() : defaults.flags;
    sync[index] = ((index === 0 && firstFlags !== null ? firstFlags : own) & 0x10000) === 0 ? 1 : 0;
    if (has(0x800)) compositionTicks[index] = reader.i32();
  }
  const { trackId } = defaults;
  return {
    trackId,
    dataOffsetBytes,
    dataLengthBytes,
    count,
    sizesBytes,
    durationsTicks,
    compositionTicks,
    sync,
  };
}
