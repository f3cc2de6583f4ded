/** What ffprobe and ffmpeg make of a finished export: known length, all frames, wall-clock time across gaps, sound in step. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createChunkPool } from '../../../../agent/media/mp4/chunk-pool.ts';
import { createExportPlanner } from '../../../../agent/media/mp4/export-plan.ts';
import type { ExportOptions, ExportPart } from '../../../../agent/media/mp4/export-types.ts';
import { createFragmenter } from '../../../../agent/media/mp4/fragmenter.ts';
import { readFragment } from '../../../../agent/media/mp4/read-fragment.ts';
import { readInit } from '../../../../agent/media/mp4/read-init.ts';
import type { InitInfo } from '../../../../agent/media/mp4/read-types.ts';
import { type ClipName, clipNames, loadClip } from '../../../../agent/test-camera/clip.ts';
import { epochMs, type FeedOptions, feedClip, partBytes } from './feed.ts';
import { frameHashes, hasFfmpeg, probe } from './ffmpeg.ts';

const work = mkdtempSync(join(tmpdir(), 'holdfast-export-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Parts as they would lie in blocks; the source of each is its own bytes. */
function record(name: ClipName, options: FeedOptions = {}): ExportPart<Uint8Array>[] {
  const parts: ExportPart<Uint8Array>[] = [];
  let init: InitInfo = { tracks: [] };
  const baseMs = epochMs - 1000;
  const fragmenter = createFragmenter({
    chunks: createChunkPool({ bytesMax: 8 << 20 }),
    onInit: ({ ftyp, moov }) => {
      init = readInit(Buffer.concat([ftyp, moov]));
    },
    onPart: (part) => {
      const bytes = partBytes(part, baseMs);
      parts.push({ init, fragment: readFragment(bytes), baseMs, source: bytes });
      part.release();
    },
    onPartDropped: () => expect.unreachable(),
  });
  feedClip(fragmenter, loadClip(name), options);
  fragmenter.flush();
  return parts;
}

function exported(parts: readonly ExportPart<Uint8Array>[], options: ExportOptions = {}) {
  const planner = createExportPlanner<Uint8Array>(options);
  for (const part of parts) planner.add(part);
  const plan = planner.finish();
  let position = plan.head.length;
  const payload = plan.ranges.map(({ source, offsetBytes, lengthBytes, exportOffsetBytes }) => {
    expect(exportOffsetBytes).toBe(position);
    position += lengthBytes;
    return source.subarray(offsetBytes, offsetBytes + lengthBytes);
  });
  expect(plan.lengthBytes).toBe(position);
  const path = join(work, `${Math.random()}.mp4`);
  writeFileSync(path, Buffer.concat([plan.head, ...payload]));
  return { path, plan };
}

const sourceHashes = (name: ClipName) =>
  frameHashes(new URL(`../../../../fixtures/media/${name}.mp4`, import.meta.url).pathname, 'v');

describe.skipIf(!hasFfmpeg)('an exported MP4', () => {
  it.each(clipNames)('holds every frame of %s, unchanged, from second 0 on', (name) => {
    const { path, plan } = exported(record(name));
    const { warnings, packets } = probe(path);
    expect(warnings).toBe('');
    expect(packets.filter(({ stream }) => stream === 0)).toHaveLength(plan.videoFrames);
    expect(packets.filter(({ stream }) => stream === 1)).toHaveLength(plan.audioFrames);
    expect(plan.videoFrames).toBe(loadClip(name).units.length);
    expect(plan.endMs - plan.startMs).toBeCloseTo(plan.videoFrames * 40, -1);
    const firstShown = Math.min(...packets.filter(({ stream }) => stream === 0).map(({ pts }) => pts));
    expect(firstShown).toBeCloseTo(0, 3);
    expect(frameHashes(path, 'v')).toEqual(sourceHashes(name));
  });

  it('keeps wall-clock time across a gap, for picture and sound alike', () => {
    const gapMs = 60_000;
    const later = record('h264', { startMs: epochMs + 10_000 + gapMs });
    const { path } = exported([...record('h264'), ...later]);
    const { warnings, packets } = probe(path);
    expect(warnings).toBe('');
    for (const stream of [0, 1]) {
      const times = packets.filter((packet) => packet.stream === stream).map(({ pts }) => pts);
      expect(times.find((pts) => pts > 30)).toBeCloseTo(70, 0);
    }
  });

  it('shows a gap of days as twelve hours instead of breaking', () => {
    const later = record('h264', { startMs: epochMs + 5 * 86_400_000 });
    const { packets, warnings } = probe(exported([...record('h264'), ...later]).path);
    expect(warnings).toBe('');
    expect(packets.at(-1)?.pts).toBeCloseTo(12 * 3600 + 20, -1);
  });

  it('begins with the first key frame and ends before the asked time', () => {
    const parts = record('h264');
    const withoutStart = parts.slice(1).map((part, index) => {
      if (index > 0) return part;
      const tracks = part.fragment.tracks.map((track) => ({ ...track, sync: new Uint8Array(track.count) }));
      return { ...part, fragment: { ...part.fragment, tracks } };
    });
    const { path, plan } = exported(withoutStart, { toMs: epochMs + 5000 });
    expect(plan.startMs).toBeCloseTo(epochMs + 2000, -1);
    expect(plan.videoFrames).toBe(75);
    const { packets, warnings } = probe(path);
    expect(warnings).toBe('');
    expect(packets.filter(({ stream }) => stream === 0)).toHaveLength(75);
    expect(packets.filter(({ stream }) => stream === 1).every(({ pts }) => pts >= 0 && pts < 3)).toBe(true);
    expect(frameHashes(path, 'v')).toHaveLength(75);
  });

  it('goes on with a description of its own when the camera changed its parameters', () => {
    const { path, plan } = exported([
      ...record('h264'),
      ...record('h264-b-frames', { startMs: epochMs + 10_000 }),
    ]);
    expect(plan.videoFrames).toBe(500);
    expect(frameHashes(path, 'v')).toEqual([...sourceHashes('h264'), ...sourceHashes('h264-b-frames')]);
  });

  it('refuses a range without a decodable frame, and one that is too long', () => {
    expect(() => createExportPlanner().finish()).toThrow(expect.objectContaining({ code: 'not_found' }));
    expect(() => exported(record('h264'), { samplesMax: 300 })).toThrow(
      expect.objectContaining({ code: 'invalid_input' }),
    );
  });
});
