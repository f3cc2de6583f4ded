import { describe, expect, it } from 'vitest';
import { createChunkPool } from '../../../../agent/media/mp4/chunk-pool.ts';
import { createFragmenter } from '../../../../agent/media/mp4/fragmenter.ts';
import { MediaTracks } from '../../../../agent/media/rtsp/media-tracks.ts';
import type { Part } from '../../../../agent/media/types.ts';
import { h264, rtp } from './packets.ts';

const startMs = 1_790_000_000_000;
const pictures = 500;

/** Twenty seconds at 25 pictures a second, a key frame each second; the RTP time of picture n is `timestamp(n)`. */
function partsOf(timestamp: (picture: number) => number): Part[] {
  const parts: Part[] = [];
  const fragmenter = createFragmenter({
    chunks: createChunkPool({ bytesMax: 32 << 20 }),
    partSpanMs: 1_000,
    onInit: () => {},
    onPart: (part) => parts.push(part),
    onPartDropped: () => {
      throw new Error('no memory');
    },
  });
  const tracks = new MediaTracks({
    video: {
      kind: 'video',
      codec: 'h264',
      payloadType: 96,
      clockRate: 90_000,
      parameterSets: [h264.sps, h264.pps],
      control: null,
    },
    audio: null,
    notes: [],
    receiver: fragmenter,
    onGoodbye: () => {},
  });
  for (let picture = 0; picture < pictures; picture += 1) {
    const nowMs = startMs + picture * 40;
    const bytes = rtp({
      sequence: picture,
      timestamp: timestamp(picture),
      payload: picture % 25 === 0 ? h264.idr : h264.slice,
      marker: true,
    });
    tracks.video.packet(bytes, 0, bytes.length, nowMs);
    if (picture % 6 === 0) fragmenter.tick(nowMs + 1);
  }
  fragmenter.flush();
  for (const part of parts) part.release();
  return parts;
}

const coveredMs = (parts: readonly Part[]) => parts.reduce((sum, part) => sum + part.endMs - part.startMs, 0);
const mediaMs = (part: Part | undefined) => {
  const [field] = part?.decodeTimes ?? [];
  return field === undefined ? Number.NaN : (field.ticks * 1_000) / field.timescale;
};

describe('a camera that stamps all its pictures alike', () => {
  it.each([
    ['from the start on', () => 9_000],
    ['after a while', (picture: number) => 9_000 + Math.min(picture, 100) * 3_600],
    ['for a while', (picture: number) => 9_000 + Math.max(picture, 250) * 3_600],
  ])('is recorded by the time of arrival: %s', (_, timestamp) => {
    const parts = partsOf(timestamp);
    expect(parts.reduce((sum, part) => sum + part.videoFrames, 0)).toBe(pictures);
    expect(coveredMs(parts) / 1_000).toBeCloseTo(20, 0);
    expect(Math.max(...parts.map((part) => part.endMs - part.startMs))).toBeLessThanOrEqual(2_200);
    for (const part of parts) expect(Math.abs(mediaMs(part) - part.startMs)).toBeLessThan(2_500);
  });

  it('is told from one that sends the slices of a picture with a marker each', () => {
    const parts = partsOf((picture) => 9_000 + Math.floor(picture / 5) * 5 * 3_600);
    expect(coveredMs(parts) / 1_000).toBeCloseTo(20, 0);
  });
});
