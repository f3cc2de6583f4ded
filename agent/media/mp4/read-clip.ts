/** Reads a small finished MP4, such as the clips of fixtures/media, into samples with their bytes. */
import { type Box, bodyReader, boxes, childrenOf, damaged, findBox } from './read-box.ts';
import { readTrack } from './read-init.ts';
import type { TrackInfo } from './read-types.ts';

const samplesMax = 1_000_000;

interface ClipSample {
  readonly bytes: Uint8Array;
  readonly decodeTicks: number;
  readonly ptsTicks: number;
  readonly sync: boolean;
}

export interface ClipTrack {
  readonly info: TrackInfo;
  readonly samples: readonly ClipSample[];
  /** From the first decode time to behind the last sample. */
  readonly durationTicks: number;
}

/** Picture and sound tracks of a clip held in memory; samples are views into `bytes`. Edit lists are not applied. */
export function readClip(bytes: Uint8Array): readonly ClipTrack[] {
  const moov = boxes(bytes, 0, bytes.length).find((box) => box.type === 'moov');
  if (moov === undefined) throw damaged('there is no moov');
  const tracks: ClipTrack[] = [];
  for (const trak of childrenOf(bytes, moov)) {
    const info = trak.type === 'trak' ? readTrack(bytes, trak) : null;
    if (info !== null) tracks.push({ info, ...readSamples(bytes, trak) });
  }
  return tracks;
}

function readSamples(bytes: Uint8Array, trak: Box): Omit<ClipTrack, 'info'> {
  const table = (type: string) => findBox(bytes, trak, 'mdia', 'minf', 'stbl', type);
  const sizes = readSizes(bytes, table('stsz'));
  const offsets = readOffsets(bytes, table, sizes);
  const durations = expandRuns(bytes, table('stts'), sizes.length);
  const compositions = expandRuns(bytes, table('ctts'), sizes.length);
  const syncs = readSyncs(bytes, table('stss'));
  let decodeTicks = 0;
  const samples = sizes.map((size, index): ClipSample => {
    const start = offsets[index] ?? 0;
    if (start + size > bytes.length) throw damaged(`sample ${index} lies outside of the file`);
    const at = decodeTicks;
    decodeTicks += durations[index] ?? 0;
    return {
      bytes: bytes.subarray(start, start + size),
      decodeTicks: at,
      ptsTicks: at + (compositions[index] ?? 0),
      sync: syncs === null || syncs.has(index + 1),
    };
  });
  return { samples, durationTicks: decodeTicks };
}

function readSizes(bytes: Uint8Array, stsz: Box | null): number[] {
  if (stsz === null) throw damaged('there is no stsz');
  const reader = bodyReader(bytes, stsz);
  reader.skip(4);
  const fixed = reader.u32();
  const count = reader.count(fixed === 0 ? 4 : 0);
  if (count > samplesMax) throw damaged(`a track claims ${count} samples`);
  return Array.from({ length: count }, () => (fixed === 0 ? reader.u32() : fixed));
}

function readOffsets(
  bytes: Uint8Array,
  table: (type: string) => Box | null,
  sizes: readonly number[],
): number[] {
  const chunks = readChunks(bytes, table('stco'), table('co64'));
  const runs = readEntries(bytes, table('stsc'), 3);
  const offsets: number[] = [];
  let run = 0;
  for (let chunk = 0; chunk < chunks.length && offsets.length < sizes.length; chunk += 1) {
    if ((runs[run + 1]?.[0] ?? Number.POSITIVE_INFINITY) <= chunk + 1) run += 1;
    let position = chunks[chunk] ?? 0;
    const inChunk = Math.min(runs[run]?.[1] ?? 0, sizes.length - offsets.length);
    for (let index = 0; index < inChunk; index += 1) {
      const size = sizes[offsets.length] ?? 0;
      offsets.push(position);
      position += size;
    }
  }
  if (offsets.length < sizes.length) throw damaged('samples without a place');
  return offsets;
}

function readChunks(bytes: Uint8Array, stco: Box | null, co64: Box | null): number[] {
  const box = stco ?? co64;
  if (box === null) throw damaged('there is no stco');
  const reader = bodyReader(bytes, box);
  reader.skip(4);
  const count = reader.count(stco === null ? 8 : 4);
  return Array.from({ length: count }, () => (stco === null ? reader.u64() : reader.u32()));
}

/** A table of rows of 32-bit numbers. */
function readEntries(bytes: Uint8Array, box: Box | null, width: number): number[][] {
  if (box === null) return [];
  const reader = bodyReader(bytes, box);
  reader.skip(4);
  const count = reader.count(4 * width);
  return Array.from({ length: count }, () => Array.from({ length: width }, () => reader.i32()));
}

/** Run-length rows of (count, value) as one value a sample. */
function expandRuns(bytes: Uint8Array, box: Box | null, samples: number): number[] {
  const values: number[] = [];
  for (const [count = 0, value = 0] of readEntries(bytes, box, 2)) {
    for (let index = 0; index < count && values.length < samples; index += 1) values.push(value);
  }
  return values;
}

function readSyncs(bytes: Uint8Array, stss: Box | null): ReadonlySet<number> | null {
  return stss === null ? null : new Set(readEntries(bytes, stss, 1).map(([number = 0]) => number));
}
