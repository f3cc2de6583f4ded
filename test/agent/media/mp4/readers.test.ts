import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildInitSegment } from '../../../../agent/media/mp4/init-segment.ts';
import { readClip } from '../../../../agent/media/mp4/read-clip.ts';
import { readFragment } from '../../../../agent/media/mp4/read-fragment.ts';
import { readInit } from '../../../../agent/media/mp4/read-init.ts';
import { loadClip } from '../../../../agent/test-camera/clip.ts';
import { AppError } from '../../../../src/errors.ts';
import { formatsOf } from './feed.ts';

const initBytes = (name: 'h264' | 'h264-b-frames' | 'h265') => {
  const { ftyp, moov } = buildInitSegment(formatsOf(loadClip(name)));
  return Buffer.concat([ftyp, moov]);
};

describe('reading an init segment back', () => {
  it('finds tracks, codecs and sizes', () => {
    const [video, audio] = readInit(initBytes('h264')).tracks;
    expect(video).toMatchObject({ kind: 'video', codec: 'h264', timescale: 90_000, width: 640, height: 360 });
    expect(video?.codecString).toMatch(/^avc1\.4d[0-9a-f]{4}$/);
    expect(audio).toMatchObject({
      kind: 'audio',
      codec: 'aac',
      codecString: 'mp4a.40.2',
      timescale: 16_000,
      channels: 1,
    });
    expect(audio?.codecConfig).toEqual(loadClip('h264').audio.config);
  });

  it('finds H.265 and G.711', () => {
    const [video, audio] = readInit(initBytes('h265')).tracks;
    expect(video).toMatchObject({ codec: 'h265', width: 640, height: 360 });
    expect(video?.codecString).toMatch(/^hvc1\.1\.6\.L\d+/);
    expect(audio).toMatchObject({ codec: 'pcma', codecString: 'alaw', sampleRate: 8000 });
  });

  it('gives equal streams equal keys and different ones different keys', () => {
    const keyOf = (name: 'h264' | 'h265') => buildInitSegment(formatsOf(loadClip(name))).key;
    expect(keyOf('h264')).toBe(keyOf('h264'));
    expect(keyOf('h264')).not.toBe(keyOf('h265'));
  });

  it('refuses to write one without parameter sets', () => {
    const clip = loadClip('h265');
    for (const parameterSets of [[], clip.video.parameterSets.slice(0, 1)]) {
      const formats = { ...formatsOf(clip), video: { ...clip.video, parameterSets } };
      expect(() => buildInitSegment(formats)).toThrow(expect.objectContaining({ code: 'protocol' }));
    }
  });
});

describe('damaged files', () => {
  const damagedOnly = (read: () => unknown) => {
    try {
      read();
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(AppError);
      expect(thrown).toMatchObject({ code: 'data_loss' });
    }
  };

  it('are refused as lost data, whatever bytes are wrong', () => {
    const init = initBytes('h265');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(init.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.nat(init.length),
        (changes, length) => {
          const bytes = Buffer.from(init);
          for (const [at, value] of changes) bytes[at] = value;
          damagedOnly(() => readInit(bytes.subarray(0, length)));
          damagedOnly(() => readClip(bytes.subarray(0, length)));
        },
      ),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        const head = Buffer.from([0, 0, 0, 8 + tail.length, 0x6d, 0x6f, 0x6f, 0x66]);
        damagedOnly(() => readFragment(Buffer.concat([head, tail])));
        damagedOnly(() => readFragment(tail));
      }),
      { numRuns: 500 },
    );
    expect(() => readInit(Buffer.alloc(0))).toThrow(expect.objectContaining({ code: 'data_loss' }));
  });
});
