/** ftyp, moov and mdat header of a finished movie whose payload follows at once ("fast start"). */
import { BoxWriter } from './box-writer.ts';
import type { ExportColumns, ExportRun } from './export-columns.ts';
import { type EditEntry, writeFileType, writeMovieHeader, writeTrack } from './movie-box.ts';

/** Of the movie as a whole; fine enough for both tracks. */
const movieTimescale = 90_000;

/** Chunk offsets count from the file's start, so the head is laid out once to learn its own length. */
export function buildMovieHead(tracks: readonly ExportColumns[], payloadBytes: number): Uint8Array {
  const draftBytes = layOut(tracks, payloadBytes, 0, false).length;
  const wide = draftBytes + payloadBytes > 0xffff_0000;
  const headBytes = wide ? layOut(tracks, payloadBytes, 0, true).length : draftBytes;
  return layOut(tracks, payloadBytes, headBytes, wide);
}

function layOut(
  tracks: readonly ExportColumns[],
  payloadBytes: number,
  headBytes: number,
  wide: boolean,
): Uint8Array {
  const writer = new BoxWriter(65_536);
  writeFileType(writer, ['isom', 'iso6', 'mp41']);
  const startSeconds = Math.min(...tracks.map((track) => track.firstPtsTicks / track.timescale));
  writer.box('moov', () => {
    const spans = tracks.map((track) => spanOf(track, startSeconds));
    const durationTicks = Math.max(...spans.map(({ delay, length }) => delay + length));
    writeMovieHeader(writer, { timescale: movieTimescale, durationTicks, trackCount: tracks.length });
    tracks.forEach((track, index) => {
      const span = spans[index] ?? { delay: 0, length: 0 };
      writeTrack(writer, {
        trackId: index + 1,
        kind: track.kind,
        timescale: track.timescale,
        durationTicks: track.endDecodeTicks - track.firstDecodeTicks,
        movieDurationTicks: span.delay + span.length,
        width: track.width,
        height: track.height,
        edits: editsOf(track, span),
        entryCount: track.entries.length,
        writeEntries: () => {
          for (const entry of track.entries) writer.raw(entry);
        },
        writeTables: () => writeTables(writer, track, headBytes, wide),
      });
    });
  });
  writeMediaHeader(writer, payloadBytes);
  return writer.finish();
}

/** In the movie's timescale: when the track is first shown, and for how long. */
interface Span {
  readonly delay: number;
  readonly length: number;
}

function spanOf(track: ExportColumns, startSeconds: number): Span {
  const scale = movieTimescale / track.timescale;
  return {
    delay: Math.round((track.firstPtsTicks / track.timescale - startSeconds) * movieTimescale),
    length: Math.round((track.endPtsTicks - track.firstPtsTicks) * scale),
  };
}

/** The first frame shown stands at 0 of the movie, or at its distance to the other track (ISO 14496-12, 8.6.6). */
function editsOf(track: ExportColumns, { delay, length }: Span): EditEntry[] {
  const mediaTimeTicks = Math.max(0, track.firstPtsTicks - track.firstDecodeTicks);
  const media = { durationTicks: length, mediaTimeTicks };
  return delay > 0 ? [{ durationTicks: delay, mediaTimeTicks: -1 }, media] : [media];
}

function writeTables(writer: BoxWriter, track: ExportColumns, headBytes: number, wide: boolean): void {
  writer.fullBox('stts', 0, 0, () =>
    writeRunLengths(writer, track.count, (index) => durationOf(track, index)),
  );
  if (track.compositionTicks.subarray(0, track.count).some((ticks) => ticks !== 0)) {
    const offsetAt = (index: number) => track.compositionTicks[index] ?? 0;
    writer.fullBox('ctts', 1, 0, () => writeRunLengths(writer, track.count, offsetAt));
  }
  if (track.syncCount < track.count) writeSyncTable(writer, track);
  writer.fullBox('stsc', 0, 0, () => writeChunkTable(writer, track.runs));
  writer.fullBox('stsz', 0, 0, () => {
    writer.u32(0);
    writer.u32(track.count);
    for (let index = 0; index < track.count; index += 1) writer.u32(track.sizesBytes[index] ?? 0);
  });
  writer.fullBox(wide ? 'co64' : 'stco', 0, 0, () => {
    writer.u32(track.runs.length);
    for (const { payloadOffsetBytes } of track.runs) {
      if (wide) writer.u64(headBytes + payloadOffsetBytes);
      else writer.u32(headBytes + payloadOffsetBytes);
    }
  });
}

/** A frame before a gap lasts until the next one: the movie keeps wall-clock time. */
function durationOf(track: ExportColumns, index: number): number {
  if (index + 1 >= track.count) return track.lastDurationTicks;
  return (track.decodeTicks[index + 1] ?? 0) - (track.decodeTicks[index] ?? 0);
}

function writeRunLengths(writer: BoxWriter, count: number, valueAt: (index: number) => number): void {
  const countOffset = writer.length;
  writer.u32(0);
  let rows = 0;
  let index = 0;
  while (index < count) {
    const value = valueAt(index);
    const first = index;
    while (index < count && valueAt(index) === value) index += 1;
    writer.u32(index - first);
    writer.i32(value | 0);
    rows += 1;
  }
  writer.patchU32(countOffset, rows);
}

function writeSyncTable(writer: BoxWriter, track: ExportColumns): void {
  writer.fullBox('stss', 0, 0, () => {
    writer.u32(track.syncCount);
    for (let index = 0; index < track.count; index += 1) if (track.sync[index] === 1) writer.u32(index + 1);
  });
}

function writeChunkTable(writer: BoxWriter, runs: readonly ExportRun[]): void {
  const rows = runs.flatMap((run, index) => {
    const before = runs[index - 1];
    const same = before !== undefined && before.count === run.count && before.entry === run.entry;
    return same ? [] : [{ chunk: index + 1, count: run.count, entry: run.entry }];
  });
  writer.u32(rows.length);
  for (const row of rows) {
    writer.u32(row.chunk);
    writer.u32(row.count);
    writer.u32(row.entry);
  }
}

function writeMediaHeader(writer: BoxWriter, payloadBytes: number): void {
  if (payloadBytes + 8 <= 0xffff_ffff) {
    writer.u32(payloadBytes + 8);
    writer.ascii('mdat');
    return;
  }
  writer.u32(1);
  writer.ascii('mdat');
  writer.u64(payloadBytes + 16);
}
