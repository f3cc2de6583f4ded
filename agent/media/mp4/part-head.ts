/** moof and the mdat header of one part (ISO 14496-12, 8.8): offsets are relative to moof, so a part may lie anywhere. */
import type { DecodeTimeField } from '../types.ts';
import type { BoxWriter } from './box-writer.ts';
import type { SampleColumns } from './sample-columns.ts';

/** Samples of one track; its columns may be longer than `samples.count`. */
export interface TrackRun {
  readonly trackId: number;
  readonly timescale: number;
  readonly baseTicks: number;
  readonly samples: SampleColumns;
  readonly durationsTicks: Uint32Array;
  /** Presentation minus decode time; null for sound, of which every sample is a random access point. */
  readonly compositionTicks: Int32Array | null;
}

export interface PartHead {
  readonly head: Uint8Array;
  readonly decodeTimes: readonly DecodeTimeField[];
  readonly sequenceOffsetBytes: number;
}

/** Depends on others or not, and whether decoding can begin here (8.8.3.1). */
const syncFlags = 0x0200_0000;
const otherFlags = 0x0101_0000;

/** Payload order is the order of `runs`. */
export function buildPartHead(writer: BoxWriter, sequence: number, runs: readonly TrackRun[]): PartHead {
  writer.reset();
  const decodeTimes: DecodeTimeField[] = [];
  const moof = writer.begin('moof');
  const mfhd = writer.begin('mfhd');
  writer.u32(0);
  const sequenceOffsetBytes = writer.length;
  writer.u32(sequence);
  writer.end(mfhd);
  const dataOffsets = runs.map((run) => writeTrackFragment(writer, run, decodeTimes));
  writer.end(moof);
  let dataOffset = writer.length + 8;
  runs.forEach((run, index) => {
    writer.patchU32(dataOffsets[index] ?? 0, dataOffset);
    dataOffset += run.samples.totalBytes;
  });
  writer.u32(dataOffset - writer.length);
  writer.ascii('mdat');
  return { head: writer.finish(), decodeTimes, sequenceOffsetBytes };
}

/** Returns where the run's data offset stands. */
function writeTrackFragment(writer: BoxWriter, run: TrackRun, decodeTimes: DecodeTimeField[]): number {
  const traf = writer.begin('traf');
  const tfhd = writer.begin('tfhd');
  writer.u32(0x020020);
  writer.u32(run.trackId);
  writer.u32(run.compositionTicks === null ? syncFlags : otherFlags);
  writer.end(tfhd);
  const tfdt = writer.begin('tfdt');
  writer.u32(0x0100_0000);
  decodeTimes.push({ offsetBytes: writer.length, ticks: run.baseTicks, timescale: run.timescale });
  writer.u64(run.baseTicks);
  writer.end(tfdt);
  const trun = writer.begin('trun');
  writer.u32(0x0100_0000 | (run.compositionTicks === null ? 0x301 : 0xf01));
  writer.u32(run.samples.count);
  const dataOffset = writer.length;
  writer.u32(0);
  writeSamples(writer, run);
  writer.end(trun);
  writer.end(traf);
  return dataOffset;
}

function writeSamples(writer: BoxWriter, { samples, durationsTicks, compositionTicks }: TrackRun): void {
  for (let index = 0; index < samples.count; index += 1) {
    writer.u32(durationsTicks[index] ?? 0);
    writer.u32(samples.sizesBytes[index] ?? 0);
    if (compositionTicks === null) continue;
    writer.u32(samples.sync[index] === 1 ? syncFlags : otherFlags);
    writer.i32(compositionTicks[index] ?? 0);
  }
}
