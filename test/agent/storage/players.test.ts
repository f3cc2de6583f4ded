import { afterEach, expect, it } from 'vitest';
import { createChunkPool } from '../../../agent/media/mp4/chunk-pool.ts';
import { createFragmenter } from '../../../agent/media/mp4/fragmenter.ts';
import type { InitSegment, Part } from '../../../agent/media/types.ts';
import { blockFilePath } from '../../../agent/storage/block/codec.ts';
import { loadClip } from '../../../agent/test-camera/clip.ts';
import { mebibyte, Rig } from '../../support/storage/rig.ts';
import { feedClip } from '../media/mp4/feed.ts';
import { frameHashes, hasFfmpeg, probe } from '../media/mp4/ffmpeg.ts';

let r: Rig | null = null;

afterEach(async () => {
  await r?.end();
  r = null;
});

/** Records loops of a clip as a camera would, waiting for the disk after each loop. */
async function record(rig: Rig, loops: number): Promise<{ frames: number; parts: number }> {
  const writer = rig.open('c1');
  const chunks = createChunkPool({ bytesMax: 32 * mebibyte });
  let init: InitSegment | null = null;
  const parts: Part[] = [];
  const fragmenter = createFragmenter({
    chunks,
    onInit: (segment) => {
      init = segment;
    },
    onPart: (part) => parts.push(part),
    onPartDropped: () => expect.unreachable(),
  });
  const { frames } = feedClip(fragmenter, loadClip('h264'), { loops });
  fragmenter.flush();
  const made = parts.length;
  for (const part of parts.splice(0)) {
    if (init !== null) expect(writer.append(init, part)).toBeNull();
  }
  await rig.until(() => chunks.usedBytes === 0, 'every part is on disk and released');
  return { frames, parts: made };
}

function blockPaths(rig: Rig, blocks: number): string[] {
  return Array.from({ length: blocks }, (_, number) =>
    blockFilePath(rig.spaceConfigs[0]?.path ?? '', number),
  );
}

it.skipIf(!hasFfmpeg)(
  'any player reads raw blocks: every packet is there and nothing is complained about',
  async () => {
    r = await new Rig({ blocks: 4, blockBytes: mebibyte }).ready();
    const { frames } = await record(r, 3);
    await r.synced();
    let packets = 0;
    for (const path of blockPaths(r, r.space('s1').blocks.sealed + r.space('s1').blocks.open)) {
      const found = probe(path);
      expect(found.warnings).toBe('');
      packets += found.packets.filter(({ stream }) => stream === 0).length;
      expect(found.packets[0]?.pts).toBeLessThan(2);
    }
    expect(packets).toBe(frames);
  },
);

it.skipIf(!hasFfmpeg)('a block written over older video plays as if that had never been there', async () => {
  r = await new Rig({ blocks: 2, blockBytes: mebibyte }).ready();
  const { frames, parts } = await record(r, 14);
  await r.synced();
  const check = await r.check();
  expect(check.faults).toEqual([]);
  expect(check.parts).toBeLessThan(parts / 2);
  let packets = 0;
  for (const path of blockPaths(r, 2)) {
    const found = probe(path);
    expect(found.warnings).toBe('');
    const video = found.packets.filter(({ stream }) => stream === 0);
    expect(frameHashes(path, 'v')).toHaveLength(video.length);
    packets += video.length;
  }
  expect(packets).toBe((frames / parts) * check.parts);
});
