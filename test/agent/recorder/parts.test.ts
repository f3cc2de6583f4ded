/** The small parts of the recorder process: clock, gate, lines, rate. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineSplitter, lineBytesMax } from '../../../agent/adapters/line-splitter.ts';
import { createGate } from '../../../agent/recorder/gate.ts';
import { createRateMeter } from '../../../agent/recorder/rate-meter.ts';
import { createWallClock } from '../../../agent/recorder/wall-clock.ts';
import { isPlanned } from '../../../src/model/recording-plan.ts';

describe('wall clock', () => {
  const time = { wallMs: 1_000_000, monotonicMs: 50 };
  const pass = (ms: number, wallMs = ms) => {
    time.monotonicMs += ms;
    time.wallMs += wallMs;
  };

  it('slews a small deviation at 500 ppm and never runs backwards', () => {
    const clock = createWallClock({ wallMs: () => time.wallMs, monotonicMs: () => time.monotonicMs });
    pass(1_000, 900);
    const before = clock.utcMs();
    expect(clock.discipline()).toBe(0);
    expect(before - clock.utcMs()).toBeCloseTo(0.5, 3);
    pass(1_000);
    expect(clock.utcMs()).toBeGreaterThan(before);
  });

  it('tells a step, and follows it at once', () => {
    const clock = createWallClock({ wallMs: () => time.wallMs, monotonicMs: () => time.monotonicMs });
    pass(1_000, 3_601_000);
    expect(clock.discipline()).toBeCloseTo(3_600_000, 0);
    expect(clock.utcMs()).toBeCloseTo(time.wallMs, 0);
    pass(1_000, -7_199_000);
    expect(clock.discipline()).toBeCloseTo(-7_200_000, 0);
  });
});

describe('gate', () => {
  it('lets in as many as there are places, the next when one leaves, and none that gave up', () => {
    const gate = createGate({ placesMax: 2, holdMsMax: 3_000, monotonicMs: () => 0 });
    const inside: string[] = [];
    const pass = (name: string) => gate.pass(() => inside.push(name), { hasFailed: false });
    const leaveA = pass('a');
    pass('b');
    const leaveC = pass('c');
    pass('d');
    pass('e');
    expect(inside).toEqual(['a', 'b']);
    leaveC();
    leaveA();
    leaveA();
    expect(inside).toEqual(['a', 'b', 'd']);
  });

  it('lets a sound camera pass five hundred that do not answer', () => {
    let nowMs = 0;
    const gate = createGate({ placesMax: 48, holdMsMax: 3_000, monotonicMs: () => nowMs });
    const dead = Array.from({ length: 500 }, () => ({ entered: 0 }));
    for (const camera of dead) gate.pass(() => camera.entered++, { hasFailed: true });
    let enteredMs: number | null = null;
    gate.pass(() => (enteredMs = nowMs), { hasFailed: false });
    for (; nowMs <= 40_000; nowMs += 250) gate.tick();
    expect(enteredMs).toBe(3_000);
    expect(dead.every(({ entered }) => entered === 1)).toBe(true);
  });
});

describe('lines', () => {
  it('come out the same however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1 }).map((text) => text.replaceAll('\n', ' '))),
        fc.integer({ min: 1, max: 9 }),
        (lines, size) => {
          const out: string[] = [];
          const split = createLineSplitter((line) => out.push(line));
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          for (let at = 0; at < bytes.length; at += size) split(bytes.subarray(at, at + size));
          expect(out).toEqual(lines.map((line) => Buffer.from(line).toString()));
        },
      ),
    );
  });

  it('refuse a line without end', () => {
    const split = createLineSplitter(() => {});
    const chunk = Buffer.alloc(1024 * 1024, 65);
    const flood = () => {
      for (let sent = 0; sent <= lineBytesMax; sent += chunk.length) split(chunk);
    };
    expect(flood).toThrow(/more than/);
  });
});

describe('rate meter', () => {
  it('gives bits per second over the last whole seconds and falls to zero in silence', () => {
    const meter = createRateMeter();
    for (let ms = 0; ms < 5_000; ms += 100) meter.add(25_000, ms);
    expect(meter.bitsPerSecond(5_000)).toBe(2_000_000);
    expect(meter.bitsPerSecond(60_000)).toBe(0);
  });
});

describe('recording plan', () => {
  const quarter = (from: number, to: number) =>
    Array.from({ length: 96 }, (_, at) => (at >= from && at < to ? 'T' : '.')).join('');
  const officeHours = [...Array.from({ length: 5 }, () => quarter(32, 72)), quarter(0, 0), quarter(0, 0)];

  it('follows the appliance time zone, also over daylight saving', () => {
    const at = (iso: string) => isPlanned(officeHours, Date.parse(iso), 'Europe/Berlin');
    expect(at('2026-01-05T06:59:00Z')).toBe(false);
    expect(at('2026-01-05T07:00:00Z')).toBe(true);
    expect(at('2026-07-06T05:59:00Z')).toBe(false);
    expect(at('2026-07-06T06:00:00Z')).toBe(true);
    expect(at('2026-07-06T16:00:00Z')).toBe(false);
    expect(at('2026-07-11T10:00:00Z')).toBe(false);
  });
});
