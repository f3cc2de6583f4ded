import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkBytes, createChunkPool } from '../../../../agent/media/mp4/chunk-pool.ts';
import { createFragmenter } from '../../../../agent/media/mp4/fragmenter.ts';
import { readFragment } from '../../../../agent/media/mp4/read-fragment.ts';
import type { InitSegment, Part } from '../../../../agent/media/types.ts';
import { type Clip, loadClip } from '../../../../agent/test-camera/clip.ts';
import { epochMs, feedClip, feedUnit, formatsOf, partBytes } from './feed.ts';

const clip = loadClip('h264');
const reordered = loadClip('h264-b-frames');

function setUp(options: { poolBytes?: number; hold?: boolean } = {}) {
  const chunks = createChunkPool({ bytesMax: options.poolBytes ?? 16 << 20 });
  const inits: InitSegment[] = [];
  const parts: Part[] = [];
  const dropped: { startMs: number; endMs: number }[] = [];
  const fragmenter = createFragmenter({
    chunks,
    onInit: (init) => inits.push(init),
    onPart: (part) => {
      parts.push(part);
      if (options.hold !== true) part.release();
    },
    onPartDropped: (startMs, endMs) => dropped.push({ startMs, endMs }),
  });
  return { chunks, inits, parts, dropped, fragmenter };
}

type Rig = ReturnType<typeof setUp>;

/** Feeds frames by number, endlessly looped; `ms` is the arrival where it differs from 25 frames a second. */
function feedFrames({ fragmenter }: Rig, from: number, to: number, source: Clip = clip, lateMs = 0) {
  for (let frame = from; frame < to; frame += 1) {
    const unit = source.units[frame % source.units.length];
    if (unit === undefined) throw new Error('an empty clip');
    const pts = Math.floor(frame / source.units.length) * 250 * 3600 + unit.ptsTicks;
    feedUnit(fragmenter, unit, { pts, ms: epochMs + frame * 40 + lateMs, pieceBytes: 1400 });
  }
}

function expectTiles(parts: readonly Part[]) {
  for (const [index, part] of parts.entries()) {
    expect(Number.isInteger(part.startMs)).toBe(true);
    expect(part.endMs).toBeGreaterThan(part.startMs);
    const next = parts[index + 1];
    if (next !== undefined) expect(next.startMs).toBe(part.endMs);
  }
}

describe('cutting parts', () => {
  it('gives one part a second, each begun by a key frame, that tile the arrival clock', () => {
    const rig = setUp();
    feedClip(rig.fragmenter, clip);
    rig.fragmenter.flush();
    expect(rig.parts).toHaveLength(10);
    expect(rig.parts.every((part) => part.randomAccess && part.videoFrames === 25)).toBe(true);
    expect(rig.parts[0]?.startMs).toBe(epochMs);
    expect(rig.parts.at(-1)?.endMs).toBe(epochMs + 10_000);
    expectTiles(rig.parts);
    expect(rig.inits).toHaveLength(1);
  });

  it.each([
    ['plain', clip],
    ['reordered', reordered],
  ])('keeps decode time growing and parts short through jitter and bursts: %s', (_, source) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1500 }), { minLength: 1, maxLength: 60 }), (late) => {
        const rig = setUp({ hold: true });
        let arrivalMs = 0;
        const arrival = (frame: number, dueMs: number) => {
          arrivalMs = Math.max(arrivalMs, dueMs + (late[frame % late.length] ?? 0));
          return arrivalMs;
        };
        const fed = feedClip(rig.fragmenter, source, { arrivalMs: arrival });
        rig.fragmenter.flush();
        expectTiles(rig.parts);
        expect(rig.parts.reduce((sum, part) => sum + part.videoFrames, 0)).toBe(fed.frames);
        expect(rig.parts.reduce((sum, part) => sum + part.audioFrames, 0)).toBe(fed.sounds);
        const last = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
        for (const part of rig.parts) {
          const bytes = partBytes(part);
          expect(bytes).toHaveLength(part.lengthBytes);
          const { tracks } = readFragment(bytes);
          for (const [index, track] of tracks.entries()) {
            let ticks = track.decodeTimeTicks;
            for (const duration of track.durationsTicks) {
              expect(ticks).toBeGreaterThan(last[index] ?? 0);
              last[index] = ticks;
              ticks += duration;
            }
          }
          part.release();
        }
        expect(rig.chunks.usedBytes).toBe(0);
      }),
      { numRuns: 15 },
    );
  });

  it('ends a part after 1.2 s where no key frame comes, and never cuts between reordered frames', () => {
    const rig = setUp({ hold: true });
    rig.fragmenter.formats(formatsOf(reordered, false));
    const units = reordered.units.map((unit, index) => ({ ...unit, randomAccess: index === 0 }));
    feedFrames(rig, 0, 250, { ...reordered, units });
    rig.fragmenter.flush();
    let shownBefore = Number.NEGATIVE_INFINITY;
    for (const part of rig.parts) {
      expect(part.endMs - part.startMs).toBeLessThan(1500);
      const track = readFragment(partBytes(part)).tracks[0];
      let ticks = track?.decodeTimeTicks ?? 0;
      const shown = [...(track?.durationsTicks ?? [])].map((duration, index) => {
        ticks += duration;
        return ticks - duration + (track?.compositionTicks[index] ?? 0);
      });
      expect(Math.min(...shown)).toBeGreaterThan(shownBefore);
      shownBefore = Math.max(...shown);
    }
    expect(rig.parts.slice(1).some((part) => part.randomAccess)).toBe(false);
  });

  it('shows nothing before the key frame that a session begins with', () => {
    const rig = setUp({ hold: true });
    rig.fragmenter.formats(formatsOf(clip, false));
    const stamps = [65_642, 69_240, 62_042, 72_838, 76_440];
    for (const [index, pts] of stamps.entries()) {
      const unit = clip.units[index];
      if (unit) feedUnit(rig.fragmenter, unit, { pts, ms: epochMs + index * 40, pieceBytes: 1400 });
    }
    rig.fragmenter.flush();
    const [part] = rig.parts;
    const track = part ? readFragment(partBytes(part)).tracks[0] : undefined;
    let ticks = 0;
    const shown = [...(track?.durationsTicks ?? [])].map((duration, index) => {
      ticks += duration;
      return ticks - duration + (track?.compositionTicks[index] ?? 0);
    });
    expect(shown).toHaveLength(stamps.length);
    expect(Math.min(...shown.slice(1))).toBeGreaterThan(shown[0] ?? 0);
  });

  it('does not cut a stream of key frames at every frame', () => {
    const rig = setUp();
    rig.fragmenter.formats(formatsOf(clip, false));
    feedFrames(rig, 0, 100, { ...clip, units: clip.units.map((unit) => ({ ...unit, randomAccess: true })) });
    rig.fragmenter.flush();
    expect(rig.parts.every((part) => part.videoFrames >= 5)).toBe(true);
  });

  it('shows a stall as a hole: the part ends a frame after its last one', () => {
    const rig = setUp();
    rig.fragmenter.formats(formatsOf(clip, false));
    feedFrames(rig, 0, 30);
    rig.fragmenter.tick(epochMs + 2000);
    expect(rig.parts).toHaveLength(1);
    rig.fragmenter.tick(epochMs + 3500);
    expect(rig.parts).toHaveLength(2);
    expect(rig.parts[1]).toMatchObject({ startMs: epochMs + 1000, endMs: epochMs + 1200, videoFrames: 5 });
    feedFrames(rig, 30, 60, clip, 8000);
    rig.fragmenter.flush();
    expect(rig.parts[2]?.startMs).toBe(epochMs + 30 * 40 + 8000);
  });

  it('shows abandoned units as a hole, and their bytes are not in the part', () => {
    const rig = setUp({ hold: true });
    rig.fragmenter.formats(formatsOf(clip, false));
    feedFrames(rig, 0, 10);
    rig.fragmenter.videoBegin(10 * 3600, epochMs + 400);
    rig.fragmenter.nalBegin();
    rig.fragmenter.nalBytes(new Uint8Array(100_000), 0, 100_000);
    rig.fragmenter.videoAbandon();
    feedFrames(rig, 25, 50);
    rig.fragmenter.flush();
    expect(rig.parts.map(({ startMs, endMs }) => [startMs - epochMs, endMs - epochMs])).toEqual([
      [0, 400],
      [1000, 2000],
    ]);
    expect(rig.parts[0]?.lengthBytes).toBeLessThan(100_000);
  });

  it('shows packets lost between units as a hole, whose length does not spoil the measured frame rate', () => {
    const rig = setUp();
    rig.fragmenter.formats(formatsOf(clip, false));
    for (const second of [0, 1, 2]) {
      feedFrames(rig, second * 25, second * 25 + 1);
      rig.fragmenter.packetsLost('audio', 1, epochMs + second * 1000 + 20);
      feedFrames(rig, second * 25 + 1, second * 25 + 2);
      rig.fragmenter.packetsLost('video', 3, epochMs + second * 1000 + 80);
    }
    rig.fragmenter.flush();
    expect(rig.parts.map(({ startMs, endMs }) => [startMs - epochMs, endMs - epochMs])).toEqual([
      [0, 80],
      [1000, 1080],
      [2000, 2080],
    ]);
  });

  it('ends a part when the arrival clock is set back, and goes on with growing media time', () => {
    const rig = setUp({ hold: true });
    rig.fragmenter.formats(formatsOf(clip, false));
    feedFrames(rig, 0, 30);
    feedFrames(rig, 30, 60, clip, -3_600_000);
    rig.fragmenter.flush();
    const starts = rig.parts.map((part) => readFragment(partBytes(part)).tracks[0]?.decodeTimeTicks ?? 0);
    expect(starts.toSorted((one, other) => one - other)).toEqual(starts);
    const before = rig.parts.findIndex((part) => part.startMs < epochMs);
    expect(rig.parts[before - 1]?.endMs).toBe(epochMs + 1200);
    expect(rig.parts[before]?.startMs).toBe(epochMs - 3_600_000 + 1200);
  });

  it('hands out what is whole when the clock is cut, and goes on with the unit that was coming in', () => {
    const rig = setUp();
    rig.fragmenter.formats(formatsOf(clip, false));
    feedFrames(rig, 0, 10);
    rig.fragmenter.videoBegin(10 * 3600, epochMs + 400);
    rig.fragmenter.nalBegin();
    rig.fragmenter.nalBytes(Uint8Array.of(0x41, 1, 2, 3), 0, 4);
    rig.fragmenter.cut();
    expect(rig.parts).toHaveLength(1);
    rig.fragmenter.nalEnd();
    rig.fragmenter.videoEnd(false);
    rig.fragmenter.flush();
    expect(rig.parts[1]).toMatchObject({ videoFrames: 1, randomAccess: false });
  });

  it('takes nothing of a unit that a flush interrupted, nor of what comes late', () => {
    const rig = setUp();
    rig.fragmenter.formats(formatsOf(clip, false));
    feedFrames(rig, 0, 10);
    rig.fragmenter.videoBegin(10 * 3600, epochMs + 400);
    rig.fragmenter.nalBegin();
    rig.fragmenter.flush();
    rig.fragmenter.nalBytes(Uint8Array.of(0x41, 1, 2, 3), 0, 4);
    rig.fragmenter.nalEnd();
    rig.fragmenter.videoEnd(false);
    rig.fragmenter.flush();
    expect(rig.parts).toHaveLength(1);
    expect(rig.chunks.usedBytes).toBe(0);
  });
});

describe('a new session on the same fragmenter', () => {
  it('keeps the init segment when nothing changed, and never goes back in media time', () => {
    const rig = setUp({ hold: true });
    feedClip(rig.fragmenter, clip, { frameMs: 36 });
    rig.fragmenter.flush();
    feedClip(rig.fragmenter, clip, { startMs: epochMs + 9_100 });
    rig.fragmenter.flush();
    expect(rig.inits).toHaveLength(1);
    const starts = rig.parts.map((part) => readFragment(partBytes(part)).tracks[0]?.decodeTimeTicks ?? 0);
    expect(starts.toSorted((one, other) => one - other)).toEqual(starts);
  });

  it('announces another init segment when the parameters changed, with another key', () => {
    const rig = setUp();
    feedClip(rig.fragmenter, clip);
    feedClip(rig.fragmenter, reordered, { startMs: epochMs + 10_000 });
    feedClip(rig.fragmenter, reordered, { startMs: epochMs + 20_000, audio: false });
    expect(new Set(rig.inits.map(({ key }) => key)).size).toBe(3);
    expect(rig.parts.reduce((sum, part) => sum + part.videoFrames, 0)).toBeGreaterThanOrEqual(725);
  });
});

describe('running out of memory', () => {
  it('drops whole parts, says which time is missing, and begins again with a key frame', () => {
    const rig = setUp({ poolBytes: 4 * chunkBytes, hold: true });
    rig.fragmenter.formats(formatsOf(clip, false));
    feedFrames(rig, 0, 250);
    const held = rig.parts.length;
    expect(held).toBeLessThan(10);
    for (const part of rig.parts) part.release();
    feedFrames(rig, 250, 300);
    rig.fragmenter.flush();
    for (const part of rig.parts.slice(held)) part.release();
    const spans = [...rig.parts, ...rig.dropped].toSorted((one, other) => one.startMs - other.startMs);
    expect(rig.dropped.length).toBeGreaterThan(0);
    expect(rig.parts.every((part) => part.randomAccess)).toBe(true);
    for (const [index, span] of spans.entries()) {
      const next = spans[index + 1];
      if (next !== undefined) expect(next.startMs).toBe(span.endMs);
    }
    expect(spans.at(-1)?.endMs).toBe(epochMs + 300 * 40);
    expect(rig.chunks.usedBytes).toBe(0);
  });

  it('reports a drop that goes on, also while nothing arrives', () => {
    const rig = setUp({ poolBytes: chunkBytes, hold: true });
    rig.fragmenter.formats(formatsOf(clip, false));
    feedFrames(rig, 0, 60);
    rig.fragmenter.tick(epochMs + 60_000);
    expect(rig.dropped.at(-1)?.endMs).toBe(epochMs + 60_000);
  });

  it('does not take a unit of any size', () => {
    const rig = setUp({ poolBytes: 256 << 20 });
    rig.fragmenter.formats(formatsOf(clip, false));
    const megabyte = new Uint8Array(1 << 20);
    rig.fragmenter.videoBegin(0, epochMs);
    rig.fragmenter.nalBegin();
    for (let piece = 0; piece < 100; piece += 1) rig.fragmenter.nalBytes(megabyte, 0, megabyte.length);
    expect(rig.chunks.usedBytes).toBeLessThanOrEqual(chunkBytes);
    rig.fragmenter.nalEnd();
    rig.fragmenter.videoEnd(true);
    rig.fragmenter.flush();
    expect(rig.parts).toHaveLength(0);
    expect(rig.dropped).toHaveLength(1);
  });
});

describe('sound', () => {
  it('is put where the sender reports say, not where it happened to arrive', () => {
    const rig = setUp({ hold: true });
    const { fragmenter } = rig;
    fragmenter.formats(formatsOf(clip));
    const sound = clip.sounds[0] ?? new Uint8Array(8);
    fragmenter.senderReport('video', 0, 5_000_000);
    fragmenter.senderReport('audio', 800_000, 5_000_000);
    feedFrames(rig, 0, 1);
    for (let index = 0; index < 20; index += 1) {
      feedFrames(rig, index + 1, index + 2);
      fragmenter.audio(800_000 + index * 1024, epochMs + index * 64 + 700, sound, 0, sound.length);
    }
    fragmenter.flush();
    const [part] = rig.parts;
    if (part === undefined) throw new Error('a part was expected');
    const [video, audio] = readFragment(partBytes(part)).tracks;
    const seconds = (audio?.decodeTimeTicks ?? 0) / 16_000 - (video?.decodeTimeTicks ?? 0) / 90_000;
    expect(Math.abs(seconds)).toBeLessThan(0.01);
  });

  it('stays with the picture when a sender report is of a clock an hour off, and when that one is set right', () => {
    const rig = setUp({ hold: true });
    const { fragmenter } = rig;
    fragmenter.formats(formatsOf(clip));
    const sound = clip.sounds[0] ?? new Uint8Array(8);
    let sounds = 0;
    for (let frame = 0; frame < 500; frame += 1) {
      const ms = epochMs + frame * 40;
      const offMs = frame === 50 ? 3_600_000 : 0;
      if (frame === 50 || frame === 300) {
        fragmenter.senderReport('video', frame * 3600, ms);
        fragmenter.senderReport('audio', 800_000 + sounds * 1024, ms + offMs);
      }
      feedFrames(rig, frame, frame + 1);
      for (; sounds * 64 < frame * 40; sounds += 1)
        fragmenter.audio(800_000 + sounds * 1024, ms, sound, 0, sound.length);
    }
    fragmenter.flush();
    const apart = rig.parts.map((part) => {
      const [video, audio] = readFragment(partBytes(part)).tracks;
      return Math.abs((audio?.decodeTimeTicks ?? 0) / 16_000 - (video?.decodeTimeTicks ?? 0) / 90_000);
    });
    expect(Math.max(...apart)).toBeLessThan(0.2);
  });

  it('that waits for a picture in vain is forgotten before it grows', () => {
    const rig = setUp();
    rig.fragmenter.formats(formatsOf(clip));
    const sound = new Uint8Array(4000);
    for (let index = 0; index < 3000; index += 1) rig.fragmenter.audio(index * 1024, epochMs, sound, 0, 4000);
    feedFrames(rig, 0, 25);
    rig.fragmenter.flush();
    expect(rig.parts[0]?.lengthBytes).toBeLessThan(1_500_000);
  });
});

it('a part cannot be released twice', () => {
  const rig = setUp();
  feedClip(rig.fragmenter, clip);
  expect(() => rig.parts[0]?.release()).toThrow(/twice/);
});
