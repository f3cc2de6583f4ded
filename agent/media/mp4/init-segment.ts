/** ftyp and moov of a recorded stream; equal codec parameters give equal bytes and so an equal key. */
import type { InitSegment, StreamFormats } from '../types.ts';
import { BoxWriter } from './box-writer.ts';
import { type TrackBox, writeFileType, writeMovieHeader, writeTrack } from './movie-box.ts';
import { writeAudioEntry, writeVideoEntry } from './sample-entry.ts';

export const videoTrackId = 1;
export const audioTrackId = 2;

/** Throws `protocol` when the parameter sets are incomplete. */
export function buildInitSegment(formats: StreamFormats): InitSegment {
  const writer = new BoxWriter();
  writeFileType(writer, ['iso6', 'isom', 'mp41']);
  const ftyp = writer.finish();
  writer.reset();
  writer.box('moov', () => writeMovie(writer, formats));
  const moov = writer.finish();
  return { ftyp, moov, key: fingerprint(moov) };
}

function writeMovie(writer: BoxWriter, { video, audio }: StreamFormats): void {
  writeMovieHeader(writer, { timescale: 1000, durationTicks: 0, trackCount: audio === null ? 1 : 2 });
  const shared = { durationTicks: 0, movieDurationTicks: 0, edits: [], entryCount: 1 };
  const writeTables = () => writeEmptyTables(writer);
  const videoTrack: TrackBox = {
    ...shared,
    trackId: videoTrackId,
    kind: 'video',
    timescale: video.clockRate,
    width: video.width,
    height: video.height,
    writeEntries: () => writeVideoEntry(writer, video),
    writeTables,
  };
  writeTrack(writer, videoTrack);
  if (audio !== null) {
    writeTrack(writer, {
      ...shared,
      trackId: audioTrackId,
      kind: 'audio',
      timescale: audio.clockRate,
      width: 0,
      height: 0,
      writeEntries: () => writeAudioEntry(writer, audio),
      writeTables,
    });
  }
  writer.box('mvex', () => {
    writeTrackDefaults(writer, videoTrackId);
    if (audio !== null) writeTrackDefaults(writer, audioTrackId);
  });
}

function writeEmptyTables(writer: BoxWriter): void {
  writer.fullBox('stts', 0, 0, () => writer.u32(0));
  writer.fullBox('stsc', 0, 0, () => writer.u32(0));
  writer.fullBox('stsz', 0, 0, () => writer.zeros(8));
  writer.fullBox('stco', 0, 0, () => writer.u32(0));
}

function writeTrackDefaults(writer: BoxWriter, trackId: number): void {
  writer.fullBox('trex', 0, 0, () => {
    writer.u32(trackId);
    writer.u32(1);
    writer.zeros(12);
  });
}

/** FNV-1a, twice with different offsets: two streams of equal key would have to collide in 64 bits. */
function fingerprint(bytes: Uint8Array): string {
  let first = 0x811c9dc5;
  let second = 0x01234567;
  for (const byte of bytes) {
    first = Math.imul(first ^ byte, 0x01000193);
    second = Math.imul(second ^ byte, 0x01000193) ^ (second >>> 15);
  }
  const hex = (value: number) => (value >>> 0).toString(16).padStart(8, '0');
  return hex(first) + hex(second);
}
