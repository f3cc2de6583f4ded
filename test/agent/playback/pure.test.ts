import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportFileName } from '../../../agent/playback/file-name.ts';
import { gapReport, type ReportInput } from '../../../agent/playback/gap-report.ts';
import { type MinuteRow, presentByMinute, toSegments } from '../../../agent/playback/segments.ts';
import { StartFinder } from '../../../agent/playback/start-finder.ts';

describe('file names', () => {
  it.each([
    ['Front door', 'Front-door-20261119T083000Z.mp4'],
    ['../../etc/passwd', 'etc-passwd-20261119T083000Z.mp4'],
    ['Tür "1"\r\nX-Evil: 1', 'Tu-r-1-X-Evil-1-20261119T083000Z.mp4'],
    ['停车场', 'camera-20261119T083000Z.mp4'],
  ])('of %j are harmless', (name, file) => {
    expect(exportFileName(name, Date.UTC(2026, 10, 19, 8, 30))).toBe(file);
  });
});

describe('segments', () => {
  const row = (
    minute: number,
    block: number,
    offsetBytes: number,
    lengthBytes: number,
    generation = 1,
  ): MinuteRow => ({
    spaceId: 's1',
    spacePath: '/s1',
    minute,
    block,
    generation,
    offsetBytes,
    lengthBytes,
    presentMs: 40_000,
  });

  it('join the minutes of a block, and keep blocks apart in order of time', () => {
    const rows = [row(11, 7, 900, 300), row(10, 7, 100, 900), row(12, 2, 50, 10), row(13, 7, 5_000, 10, 2)];
    expect(toSegments(rows).map(({ block, fromBytes, toBytes }) => [block, fromBytes, toBytes])).toEqual([
      [7, 100, 1_200],
      [2, 50, 60],
      [7, 5_000, 5_010],
    ]);
  });

  it('add up a minute that is spread over blocks, to no more than a minute', () => {
    expect(presentByMinute([row(10, 1, 0, 1), row(10, 2, 0, 1), row(11, 2, 0, 1)])).toEqual(
      new Map([
        [10, 60_000],
        [11, 40_000],
      ]),
    );
  });
});

describe('the start of an export', () => {
  const parts = (pattern: string, gaps: Record<number, number> = {}) => {
    let atMs = 0;
    return [...pattern].map((sign, index) => {
      atMs += gaps[index] ?? 0;
      const header = { startMs: atMs, endMs: atMs + 1_000, randomAccess: sign === 'K' };
      atMs += 1_000;
      return { header, index };
    });
  };
  const begin = (pattern: string, fromMs: number, gaps?: Record<number, number>): number[] => {
    const finder = new StartFinder<ReturnType<typeof parts>[number]>(fromMs);
    return parts(pattern, gaps).flatMap((part) => finder.offer(part).map((given) => given.index));
  };

  it.each([
    ['at a key frame part', 'K--K--K--', 3_000, [3, 4, 5, 6, 7, 8]],
    ['at the key frame before', 'K--K--K--', 5_500, [3, 4, 5, 6, 7, 8]],
    ['at the first part that there is', '---K', 500, [0, 1, 2, 3]],
    ['nowhere when all is before', 'K--', 9_000, []],
  ])('is %s', (_, pattern, fromMs, expected) => {
    expect(begin(pattern, fromMs)).toEqual(expected);
  });

  it('does not reach back over a gap', () => {
    expect(begin('K--K-', 7_000, { 3: 5_000 })).toEqual([3, 4]);
  });
});

describe('the gap report', () => {
  const input = (change: Partial<ReportInput>): ReportInput => ({
    cameraId: 'c1',
    fromMs: 0,
    toMs: 100_000,
    ledger: [],
    covered: [],
    damaged: [],
    oldestMs: 0,
    isPlanned: () => true,
    ...change,
  });
  const ledgerGap = (fromMs: number, toMs: number | null, state: 'open' | 'filled' = 'open') =>
    ({ cameraId: 'c1', fromMs, toMs, reason: 'no-space', detail: null, state }) as const;

  it('is the ledger where the ledger explains everything', () => {
    const ledger = [ledgerGap(40_000, 60_000), ledgerGap(90_000, null)];
    const covered = [
      { fromMs: 60_000, toMs: 90_000 },
      { fromMs: 0, toMs: 40_000 },
    ];
    expect(gapReport(input({ ledger, covered }))).toEqual(ledger);
  });

  it('adds holes that the ledger does not know, but not jitter', () => {
    const covered = [
      { fromMs: 0, toMs: 10_000 },
      { fromMs: 11_999, toMs: 50_000 },
      { fromMs: 52_000, toMs: 100_000 },
    ];
    expect(gapReport(input({ covered }))).toMatchObject([{ fromMs: 50_000, toMs: 52_000, state: 'open' }]);
  });

  it('tells what was overwritten and what was never planned', () => {
    const covered = [{ fromMs: 20_000, toMs: 80_000 }];
    const isPlanned = ({ fromMs }: { fromMs: number }) => fromMs < 80_000;
    expect(gapReport(input({ covered, oldestMs: 20_000, isPlanned }))).toMatchObject([
      { fromMs: 0, toMs: 20_000, reason: 'overwritten' },
      { fromMs: 80_000, toMs: 100_000, detail: 'nothing was planned here' },
    ]);
  });

  it('leaves out gaps that were filled', () => {
    const covered = [{ fromMs: 0, toMs: 100_000 }];
    expect(gapReport(input({ covered, ledger: [ledgerGap(10_000, 20_000, 'filled')] }))).toEqual([]);
  });

  it('leaves no second of the range without video or a line', () => {
    const stretch = fc
      .tuple(fc.nat(100), fc.nat(40))
      .map(([from, length]) => ({ fromMs: from * 1_000, toMs: (from + length) * 1_000 }));
    fc.assert(
      fc.property(
        fc.array(stretch, { maxLength: 8 }),
        fc.array(stretch, { maxLength: 4 }),
        (covered, gaps) => {
          const ledger = gaps.map(({ fromMs, toMs }) => ledgerGap(fromMs, toMs));
          const report = gapReport(input({ covered, ledger }));
          const all = [...covered, ...report.map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs ?? 100_000 }))];
          let open = 0;
          for (let atMs = 0; atMs < 100_000; atMs += 1_000) {
            const isHeld = all.some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
            open = isHeld ? 0 : open + 1_000;
            expect(open).toBeLessThan(2_000);
          }
        },
      ),
    );
  });
});
