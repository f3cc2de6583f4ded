import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReader } from '../../../agent/inspection/reader.ts';
import type { Reader, ReaderConfig } from '../../../agent/inspection/types.ts';
import { exportPlanSchema, type Gap } from '../../../src/contract/index.ts';
import { frameHashes, hasFfmpeg, probe } from '../media/mp4/ffmpeg.ts';
import { RecordingFixture } from './recording-fixture.ts';

const startMs = Date.UTC(2026, 10, 19, 8);
const source = (name: string): string =>
  new URL(`../../../fixtures/media/${name}.mp4`, import.meta.url).pathname;

describe('export', { timeout: 60_000 }, () => {
  let fixture: RecordingFixture;
  let reader: Reader;
  let work: string;
  beforeEach(() => {
    fixture = new RecordingFixture();
    work = mkdtempSync(join(tmpdir(), 'holdfast-export-test-'));
    const config: ReaderConfig = {
      timeZone: 'UTC',
      cameras: [{ id: 'c1', name: 'Front door', channel: 1, plan: 'always' }],
      spaces: fixture.spaces,
    };
    const clock = { utcMs: () => startMs + 86_400_000 };
    reader = createReader({ dataDir: fixture.dataDir, config: () => config, clock });
  });
  afterEach(async () => {
    await reader.close();
    fixture.remove();
    rmSync(work, { recursive: true, force: true });
  });

  const range = (fromMs: number, toMs: number, camera = 'c1') => ({
    camera,
    fromMs: startMs + fromMs,
    toMs: startMs + toMs,
  });

  async function saved(input: ReturnType<typeof range>) {
    const opened = await reader.exportStream(input);
    const chunks: Uint8Array[] = [];
    for await (const chunk of opened.stream) chunks.push(chunk);
    const path = join(work, 'export.mp4');
    writeFileSync(path, Buffer.concat(chunks));
    return { ...opened, path, lengthBytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0), chunks };
  }

  it.skipIf(!hasFfmpeg)(
    'gives back every recorded frame by count and by checksum, over blocks and spaces',
    async () => {
      fixture.record({ clip: 'h264', startMs, block: 3, loops: 4 });
      fixture.record({ clip: 'h264', startMs: startMs + 40_000, block: 1, space: 's2', loops: 2 });
      fixture.record({ clip: 'h264', startMs: startMs + 60_000, block: 1004 });
      const file = await saved(range(0, 71_000));
      expect(file.lengthBytes).toBe(file.totalBytes);
      expect(file.fileName).toBe('Front-door-20261119T080000Z.mp4');
      expect(file.gaps).toEqual([]);
      expect(file.chunks.every((chunk) => chunk.length <= 1024 * 1024)).toBe(true);
      const { warnings, packets } = probe(file.path);
      expect(warnings).toBe('');
      expect(packets.filter((packet) => packet.stream === 0)).toHaveLength(7 * 250);
      const once = frameHashes(source('h264'), 'v');
      expect(frameHashes(file.path, 'v')).toEqual(Array.from({ length: 7 }, () => once).flat());
    },
  );

  it.skipIf(!hasFfmpeg)('keeps wall-clock time across a gap and says why it is there', async () => {
    fixture.record({ clip: 'h265', startMs, block: 1 });
    fixture.record({ clip: 'h265', startMs: startMs + 70_000, block: 2 });
    fixture.gap(startMs + 10_000, startMs + 70_000, 'camera-unreachable');
    const file = await saved(range(0, 90_000));
    const { warnings, packets } = probe(file.path);
    expect(warnings).toBe('');
    const times = packets.filter((packet) => packet.stream === 0).map((packet) => packet.pts);
    expect(times).toHaveLength(500);
    expect(times.find((pts) => pts > 20)).toBeCloseTo(70, 0);
    expect(
      file.gaps.map(({ fromMs, toMs, reason }) => [fromMs - startMs, (toMs ?? 0) - startMs, reason]),
    ).toEqual([
      [10_000, 70_000, 'camera-unreachable'],
      [80_000, 90_000, 'not-configured'],
    ]);
    expect(file.gaps[1]?.detail).toMatch(/no entry of the gap ledger/);
  });

  it.skipIf(!hasFfmpeg)(
    'finds what was recorded after the clock was set back, at the time of the clock',
    async () => {
      // The first 10 s by a clock that is 2 h ahead, then by the right one, in one session.
      fixture.record({
        clip: 'h264',
        startMs,
        block: 1,
        loops: 4,
        arrivalMs: (frame, dueMs) => (frame < 250 ? dueMs + 7_200_000 : dueMs),
      });
      const file = await saved(range(12_000, 30_000));
      const { warnings, packets } = probe(file.path);
      expect(warnings).toBe('');
      expect(packets.filter((packet) => packet.stream === 0).length / 25).toBeCloseTo(18, -1);
      expect(file.gaps).toEqual([]);
    },
  );

  describe('of what was recorded twice, as the clock was set back by a minute and a half', () => {
    const expectTold = ({ gaps }: { gaps: Gap[] }, block: number) => {
      expect(gaps).toHaveLength(1);
      expect(gaps[0]).toMatchObject({
        reason: 'time-step',
        detail: expect.stringContaining(`block ${block} of space s1`),
      });
      expect((gaps[0]?.fromMs ?? 0) - startMs).toBeCloseTo(30_000, -3);
      expect(((gaps[0]?.toMs ?? 0) - startMs) / 1_000).toBeCloseTo(121, -1);
    };

    it.skipIf(!hasFfmpeg)('says so when the recorder began again, and goes on behind it', async () => {
      fixture.record({ clip: 'h264', startMs, block: 1, loops: 12 });
      fixture.record({ clip: 'h264', startMs: startMs + 30_000, block: 2, loops: 12, partSpanMs: 400 });
      const file = await saved(range(0, 150_000));
      const { warnings, packets } = probe(file.path);
      expect(warnings).toBe('');
      const pictures = packets.filter((packet) => packet.stream === 0);
      expect(pictures.length / 25).toBeCloseTo(150, -1);
      expect(pictures.at(-1)?.pts).toBeCloseTo(150, 0);
      expectTold(file, 2);
    });

    it.skipIf(!hasFfmpeg)('says so when the session went on, and goes on behind it', async () => {
      const arrivalMs = (frame: number, dueMs: number) => (frame < 3_000 ? dueMs : dueMs - 90_000);
      fixture.record({ clip: 'h264', startMs, block: 1, loops: 24, arrivalMs });
      const file = await saved(range(0, 150_000));
      const { warnings, packets } = probe(file.path);
      expect(warnings).toBe('');
      const pictures = packets.filter((packet) => packet.stream === 0);
      expect(pictures.length / 25).toBeCloseTo(150, -1);
      expect(pictures.at(-1)?.pts).toBeCloseTo(150, -1);
      expectTold(file, 1);
    });

    it('counts it once in the plan, and says so there as well', async () => {
      fixture.record({ clip: 'h264', startMs, block: 1, loops: 12 });
      fixture.record({ clip: 'h264', startMs: startMs + 30_000, block: 2, loops: 12 });
      const plan = await reader.exportPlan(range(0, 150_000));
      expect(plan.presentSeconds).toBeCloseTo(150, 0);
      expectTold(plan, 2);
    });
  });

  it.skipIf(!hasFfmpeg)('has a description for each codec when the camera changed it', async () => {
    fixture.record({ clip: 'h264', startMs, block: 1 });
    fixture.record({ clip: 'h264-b-frames', startMs: startMs + 10_000, block: 2 });
    const file = await saved(range(0, 21_000));
    const both = [...frameHashes(source('h264'), 'v'), ...frameHashes(source('h264-b-frames'), 'v')];
    expect(both).toHaveLength(500);
    expect(frameHashes(file.path, 'v')).toEqual(both);
  });

  it.skipIf(!hasFfmpeg)(
    'begins where decoding of its first moment must begin, and ends at its end',
    async () => {
      const parts = fixture.record({ clip: 'h264', startMs, block: 1, loops: 3 });
      const file = await saved(range(12_500, 18_000));
      const { packets, warnings } = probe(file.path);
      expect(warnings).toBe('');
      const video = packets.filter((packet) => packet.stream === 0);
      const entry = parts.findLast((part) => part.randomAccess && part.startMs <= startMs + 12_500);
      const seconds = 18 - ((entry?.startMs ?? 0) - startMs) / 1_000;
      expect(video[0]?.key).toBe(true);
      expect(video.length / 25).toBeCloseTo(seconds, 0);
      expect(frameHashes(file.path, 'v')).toHaveLength(video.length);
    },
  );

  it.skipIf(!hasFfmpeg)(
    'leaves a damaged part out, lists it, and goes on at the next key frame',
    async () => {
      const parts = fixture.record({ clip: 'h264', startMs, block: 1, loops: 2, partSpanMs: 400 });
      const bad = parts.find(
        (part, index) => index > 3 && part.randomAccess && !parts[index + 1]?.randomAccess,
      );
      if (!bad) throw new Error('the clip is too short');
      fixture.damage(1, bad);
      const file = await saved(range(0, 20_000));
      expect(probe(file.path).warnings).toBe('');
      expect(file.gaps[0]).toMatchObject({ fromMs: bad.startMs, toMs: bad.endMs, reason: 'write-error' });
      expect(file.gaps[0]?.detail).toMatch(/checksum does not hold \(block 1 of space s1/);
      const after = parts.slice(parts.indexOf(bad) + 1).findIndex((part) => part.randomAccess);
      expect(after).toBeGreaterThan(0);
      expect(file.gaps.filter((gap) => /needs the part before it/.test(gap.detail ?? ''))).toHaveLength(
        after,
      );
      const left = new Set(frameHashes(source('h264'), 'v'));
      expect(frameHashes(file.path, 'v').every((hash) => left.has(hash))).toBe(true);
    },
  );

  describe('fails with data_loss', () => {
    const blockMs = 120_000;
    const record = (block: number, atMs: number, generation = 1) =>
      fixture.record({ clip: 'h264', startMs: startMs + atMs, block, generation, loops: 12 });

    it('at the next chunk when the block that it reads is recycled', async () => {
      record(1, 0);
      const opened = await reader.exportStream(range(0, blockMs));
      const chunks = opened.stream[Symbol.asyncIterator]();
      expect((await chunks.next()).value).toHaveLength(1024 * 1024);
      record(1, blockMs, 2);
      await expect(chunks.next()).rejects.toMatchObject({ code: 'data_loss' });
    });

    it('when its space is initialised meanwhile, and the block is of another camera', async () => {
      record(1, 0);
      const opened = await reader.exportStream(range(0, blockMs));
      const chunks = opened.stream[Symbol.asyncIterator]();
      expect((await chunks.next()).value).toHaveLength(1024 * 1024);
      fixture.record({ clip: 'h264', startMs: startMs + blockMs, block: 1, cameraId: 'c2', loops: 12 });
      await expect(chunks.next()).rejects.toMatchObject({ code: 'data_loss' });
    });

    it('when a block that it has yet to read is recycled', async () => {
      record(1, 0);
      record(2, blockMs);
      const opened = await reader.exportStream(range(0, 2 * blockMs));
      record(2, 2 * blockMs, 2);
      const readAll = async (): Promise<void> => {
        for await (const chunk of opened.stream) expect(chunk.length).toBeGreaterThan(0);
      };
      await expect(readAll()).rejects.toMatchObject({ code: 'data_loss' });
    });
  });

  it('reports a block that is gone instead of failing', async () => {
    fixture.record({ clip: 'h264', startMs, block: 1, loops: 6 });
    fixture.record({ clip: 'h264', startMs: startMs + 60_000, block: 2, loops: 6 });
    rmSync(fixture.blockPath(2));
    const file = await saved(range(0, 120_000));
    expect(file.gaps).toHaveLength(1);
    expect(file.gaps[0]).toMatchObject({
      reason: 'write-error',
      detail: expect.stringMatching(/block 2 of space s1/),
    });
  });

  it('finds what the other spaces hold while the index of one is damaged', async () => {
    fixture.record({ clip: 'h264', startMs, block: 1 });
    writeFileSync(join(fixture.dataDir, 'index', 's2.db'), 'not a database at all'.repeat(1_000));
    expect((await saved(range(0, 10_000))).lengthBytes).toBeGreaterThan(100_000);
  });

  it('can be left early and started again more often than exports may run at once', async () => {
    fixture.record({ clip: 'h264', startMs, block: 1, loops: 4 });
    for (let round = 0; round < 6; round++) {
      const { stream } = await reader.exportStream(range(0, 40_000));
      for await (const chunk of stream) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
    }
  });

  it('refuses more exports at once than its maximum', async () => {
    fixture.record({ clip: 'h264', startMs, block: 1 });
    const opened = await Promise.all([1, 2, 3, 4].map(() => reader.exportStream(range(0, 10_000))));
    expect(opened).toHaveLength(4);
    await expect(reader.exportStream(range(0, 10_000))).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('frees its place when it is given up before, while, and after it is opened', async () => {
    fixture.record({ clip: 'h264', startMs, block: 1, loops: 4 });
    const input = range(0, 40_000);
    const never = reader.exportStream(input, AbortSignal.abort());
    await expect(never).rejects.toMatchObject({ code: 'unavailable' });
    const early = new AbortController();
    const opening = reader.exportStream(input, early.signal);
    early.abort();
    await expect(opening).rejects.toMatchObject({ code: 'unavailable' });
    for (let round = 0; round < 5; round++) {
      const unread = await reader.exportStream(input);
      await unread.stream[Symbol.asyncIterator]().return?.();
      const late = new AbortController();
      await reader.exportStream(input, late.signal);
      late.abort();
    }
  });

  it('ignores rows of an older generation of a block', async () => {
    fixture.record({ clip: 'h264', startMs, block: 1 });
    fixture.record({ clip: 'h264', startMs: startMs + 600_000, block: 1, generation: 2 });
    await expect(reader.exportStream(range(0, 60_000))).rejects.toMatchObject({ code: 'not_found' });
    expect((await reader.exportPlan(range(600_000, 660_000))).presentSeconds).toBeCloseTo(10, 0);
  });

  describe('plan', () => {
    it('tells seconds, bytes, parts and gaps', async () => {
      const parts = fixture.record({ clip: 'h264', startMs, block: 1, loops: 2 });
      fixture.gap(startMs + 20_000, startMs + 60_000, 'stream-stalled');
      const plan = exportPlanSchema.parse(await reader.exportPlan(range(0, 60_000, 'front DOOR')));
      const bytes = parts.reduce((sum, part) => sum + part.lengthBytes - 64, 0);
      expect(plan).toMatchObject({ cameraId: 'c1', parts: parts.length, estimatedBytes: bytes });
      expect(plan.presentSeconds).toBeCloseTo(20, 1);
      expect(plan.gaps.map((gap) => gap.reason)).toEqual(['stream-stalled']);
      expect(plan.downloadPath).toBe(
        `/v1/export/download?camera=c1&fromMs=${startMs}&toMs=${startMs + 60_000}`,
      );
      const { totalBytes } = await reader.exportStream(range(0, 60_000));
      expect(Math.abs(totalBytes - plan.estimatedBytes) / totalBytes).toBeLessThan(0.05);
    });

    it('is made from the index alone when the range is long', async () => {
      for (let block = 0; block < 95; block++) {
        fixture.record({ clip: 'h265', startMs: startMs + block * 60_000, block, audio: false });
      }
      const plan = await reader.exportPlan(range(0, 95 * 60_000));
      expect(plan.presentSeconds).toBeCloseTo(950, -1);
      expect(plan.gaps.length).toBeGreaterThan(90);
    });

    it.each([
      ['no video', range(0, 60_000), 'not_found'],
      ['a camera that does not exist', range(0, 60_000, 'c9'), 'not_found'],
      ['an empty range', range(60_000, 60_000), 'invalid_input'],
      ['a range of weeks', range(0, 14 * 86_400_000), 'invalid_input'],
    ])('refuses %s', async (_, input, code) => {
      await expect(reader.exportPlan(input)).rejects.toMatchObject({ code });
      await expect(reader.exportStream(input)).rejects.toMatchObject({ code });
    });
  });

  it('leaves the blocks untouched', async () => {
    fixture.record({ clip: 'h264', startMs, block: 1 });
    const before = readFileSync(fixture.blockPath(1));
    await saved(range(0, 10_000));
    expect(readFileSync(fixture.blockPath(1)).equals(before)).toBe(true);
  });
});
