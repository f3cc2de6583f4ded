/** What ffprobe and ffmpeg make of fragments: every frame counted, nothing to complain about, the same pictures. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createChunkPool } from '../../../../agent/media/mp4/chunk-pool.ts';
import { createFragmenter } from '../../../../agent/media/mp4/fragmenter.ts';
import type { InitSegment } from '../../../../agent/media/types.ts';
import { clipNames, loadClip } from '../../../../agent/test-camera/clip.ts';
import { type FeedOptions, feedClip, partBytes } from './feed.ts';
import { frameHashes, hasFfmpeg, probe } from './ffmpeg.ts';

const work = mkdtempSync(join(tmpdir(), 'holdfast-fragmenter-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

function record(name: (typeof clipNames)[number], options: FeedOptions = {}) {
  const clip = loadClip(name);
  const bytes: Uint8Array[] = [];
  const onInit = ({ ftyp, moov }: InitSegment) => bytes.push(ftyp, moov);
  const chunks = createChunkPool({ bytesMax: 8 << 20 });
  const fragmenter = createFragmenter({
    chunks,
    onInit,
    onPart: (part) => {
      bytes.push(partBytes(part));
      part.release();
    },
    onPartDropped: () => expect.unreachable(),
  });
  const fed = feedClip(fragmenter, clip, options);
  fragmenter.flush();
  expect(chunks.usedBytes).toBe(0);
  const path = join(work, `${name}-${Math.random()}.mp4`);
  writeFileSync(path, Buffer.concat(bytes));
  return { path, ...fed };
}

describe.skipIf(!hasFfmpeg)('fragments in a player', () => {
  it.each(clipNames)('counts every packet of %s without a warning', (name) => {
    const { path, frames, sounds } = record(name, { loops: 2 });
    const { warnings, packets } = probe(path);
    expect(warnings).toBe('');
    expect(packets.filter(({ stream }) => stream === 0)).toHaveLength(frames);
    expect(packets.filter(({ stream }) => stream === 1)).toHaveLength(sounds);
    for (const stream of [0, 1]) {
      const times = packets.filter((packet) => packet.stream === stream).map(({ dts }) => dts);
      expect(times.every((dts, index) => index === 0 || dts > (times[index - 1] ?? 0))).toBe(true);
    }
    expect(packets.filter(({ stream, key }) => stream === 0 && key)).toHaveLength(frames / 25);
  });

  it.each(clipNames)('decodes %s to the same pictures as its source', (name) => {
    const recorded = frameHashes(record(name).path, 'v');
    const source = frameHashes(
      new URL(`../../../../fixtures/media/${name}.mp4`, import.meta.url).pathname,
      'v',
    );
    expect(recorded).toEqual(source);
    expect(recorded).toHaveLength(loadClip(name).units.length);
  });

  it.each(clipNames)(
    'keeps %s readable when the camera stamps 25 frames a second and delivers 21',
    (name) => {
      const { path, frames } = record(name, { loops: 3, frameMs: 1000 / 21 });
      const { warnings, packets } = probe(path);
      expect(warnings).toBe('');
      expect(packets.filter(({ stream }) => stream === 0)).toHaveLength(frames);
    },
  );
});
