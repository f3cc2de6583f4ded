/** The parts of `moov` that an init segment and a finished movie have in common (ISO 14496-12, 8). */
import type { BoxWriter } from './box-writer.ts';

export interface EditEntry {
  /** In the movie's timescale. */
  readonly durationTicks: number;
  /** In the track's timescale; -1 for a pause before the track begins. */
  readonly mediaTimeTicks: number;
}

export interface TrackBox {
  readonly trackId: number;
  readonly kind: 'video' | 'audio';
  readonly timescale: number;
  /** In the track's timescale; 0 when samples come in fragments. */
  readonly durationTicks: number;
  /** In the movie's timescale. */
  readonly movieDurationTicks: number;
  readonly width: number;
  readonly height: number;
  readonly edits: readonly EditEntry[];
  readonly entryCount: number;
  readonly writeEntries: () => void;
  /** stts, stsc, stsz, stco and their kin. */
  readonly writeTables: () => void;
}

const unityMatrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

export function writeFileType(writer: BoxWriter, brands: readonly string[]): void {
  writer.box('ftyp', () => {
    writer.ascii(brands[0] ?? 'isom');
    writer.u32(0x200);
    for (const brand of brands) writer.ascii(brand);
  });
}

export function writeMovieHeader(
  writer: BoxWriter,
  movie: { timescale: number; durationTicks: number; trackCount: number },
): void {
  writer.fullBox('mvhd', 1, 0, () => {
    writer.zeros(16);
    writer.u32(movie.timescale);
    writer.u64(movie.durationTicks);
    writer.u32(0x10000);
    writer.u16(0x100);
    writer.zeros(10);
    for (const value of unityMatrix) writer.u32(value);
    writer.zeros(24);
    writer.u32(movie.trackCount + 1);
  });
}

export function writeTrack(writer: BoxWriter, track: TrackBox): void {
  writer.box('trak', () => {
    writeTrackHeader(writer, track);
    if (track.edits.length > 0) writer.box('edts', () => writeEdits(writer, track.edits));
    writer.box('mdia', () => {
      writer.fullBox('mdhd', 1, 0, () => {
        writer.zeros(16);
        writer.u32(track.timescale);
        writer.u64(track.durationTicks);
        writer.u16(0x55c4);
        writer.u16(0);
      });
      writeHandler(writer, track.kind);
      writer.box('minf', () => writeMediaInformation(writer, track));
    });
  });
}

function writeTrackHeader(writer: BoxWriter, track: TrackBox): void {
  writer.fullBox('tkhd', 1, 3, () => {
    writer.zeros(16);
    writer.u32(track.trackId);
    writer.u32(0);
    writer.u64(track.movieDurationTicks);
    writer.zeros(12);
    writer.u16(track.kind === 'audio' ? 0x100 : 0);
    writer.u16(0);
    for (const value of unityMatrix) writer.u32(value);
    writer.u32(track.width * 0x10000);
    writer.u32(track.height * 0x10000);
  });
}

function writeEdits(writer: BoxWriter, edits: readonly EditEntry[]): void {
  writer.fullBox('elst', 1, 0, () => {
    writer.u32(edits.length);
    for (const edit of edits) {
      writer.u64(edit.durationTicks);
      writer.u64(edit.mediaTimeTicks);
      writer.u32(0x10000);
    }
  });
}

function writeHandler(writer: BoxWriter, kind: 'video' | 'audio'): void {
  writer.fullBox('hdlr', 0, 0, () => {
    writer.u32(0);
    writer.ascii(kind === 'video' ? 'vide' : 'soun');
    writer.zeros(12);
    writer.ascii(kind === 'video' ? 'Video' : 'Sound');
    writer.u8(0);
  });
}

function writeMediaInformation(writer: BoxWriter, track: TrackBox): void {
  if (track.kind === 'video') writer.fullBox('vmhd', 0, 1, () => writer.zeros(8));
  else writer.fullBox('smhd', 0, 0, () => writer.zeros(4));
  writer.box('dinf', () => {
    writer.fullBox('dref', 0, 0, () => {
      writer.u32(1);
      writer.fullBox('url ', 0, 1, () => {});
    });
  });
  writer.box('stbl', () => {
    writer.fullBox('stsd', 0, 0, () => {
      writer.u32(track.entryCount);
      track.writeEntries();
    });
    track.writeTables();
  });
}
