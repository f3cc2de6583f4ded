/** The camera machine: back-off, reasons, and that every planned second is either recorded or in the ledger. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionEnd } from '../../../agent/media/types.ts';
import {
  backoffMaxMs,
  backoffMs,
  type CameraEvent,
  type CameraState,
  initialCamera,
  stepCamera,
} from '../../../agent/recorder/camera/machine.ts';

const away: SessionEnd = {
  reason: 'camera-unreachable',
  detail: 'no answer from 127.0.0.1:554',
  hint: 'check its power and network',
  transient: true,
};
const setUp = { reason: 'not-configured', fromMs: 1_000, detail: 'the camera was being set up' } as const;
const on = { type: 'plan', planned: true, enabled: true, standby: false, resume: null } as const;

type Step = typeof stepCamera;

/** Runs events at given UTC ms and keeps the ledger as the store would. */
function run(step: Step, script: readonly { atMs: number; event: CameraEvent }[]) {
  let state: CameraState = initialCamera();
  let open: { fromMs: number; reason: string } | null = null;
  const gaps: { fromMs: number; toMs: number; reason: string }[] = [];
  const recorded: { fromMs: number; toMs: number }[] = [];
  const actions: string[] = [];
  for (const { atMs, event } of script) {
    const result = step(state, event, { monotonicMs: atMs, utcMs: atMs });
    state = result.state;
    if (event.type === 'recorded') recorded.push({ fromMs: event.startMs, toMs: event.endMs });
    for (const action of result.actions) {
      actions.push(action.type);
      if (action.type === 'open-gap' && open === null) open = action;
      if (action.type === 'close-gap' && open !== null) {
        gaps.push({ fromMs: open.fromMs, toMs: action.toMs, reason: open.reason });
        open = null;
      }
      if (action.type === 'add-gap') gaps.push(action);
    }
  }
  return { state, open, gaps, recorded, actions };
}

describe('camera machine', () => {
  it('waits from half a second to fifteen, doubling, and longest at once when trying makes no sense', () => {
    expect([0, 1, 2, 3, 10].map((failures) => backoffMs(failures, 1, true))).toEqual([
      500, 1000, 2000, 4000, 15_000,
    ]);
    expect(backoffMs(0, 0, true)).toBe(250);
    expect(backoffMs(0, 1, false)).toBe(backoffMaxMs);
  });

  it('opens a gap at the end of the last part when the session ends, and closes it at the next part', () => {
    const result = run(stepCamera, [
      { atMs: 1_000, event: { ...on, resume: setUp } },
      { atMs: 2_100, event: { type: 'recorded', startMs: 1_500, endMs: 2_000 } },
      { atMs: 9_000, event: { type: 'ended', end: away, jitter: 0 } },
      { atMs: 9_600, event: { type: 'tick' } },
      { atMs: 11_000, event: { type: 'recorded', startMs: 10_000, endMs: 11_000 } },
    ]);
    expect(result.gaps).toMatchObject([
      { fromMs: 1_000, toMs: 1_500, reason: 'not-configured' },
      { fromMs: 2_000, toMs: 10_000, reason: 'camera-unreachable' },
    ]);
    expect(result.state).toMatchObject({ phase: 'streaming', status: 'normal', reason: null, reconnects: 1 });
  });

  it('writes a new row when the reason of an outage changes', () => {
    const result = run(stepCamera, [
      { atMs: 1_000, event: { ...on, resume: setUp } },
      { atMs: 2_000, event: { type: 'recorded', startMs: 1_000, endMs: 2_000 } },
      { atMs: 3_000, event: { type: 'ended', end: away, jitter: 0 } },
      { atMs: 4_000, event: { type: 'tick' } },
      {
        atMs: 5_000,
        event: { type: 'ended', end: { ...away, reason: 'auth-failed', transient: false }, jitter: 0 },
      },
      { atMs: 20_000, event: { type: 'tick' } },
      { atMs: 21_000, event: { type: 'recorded', startMs: 20_500, endMs: 21_000 } },
    ]);
    expect(result.gaps.slice(-2)).toMatchObject([
      { fromMs: 2_000, toMs: 5_000, reason: 'camera-unreachable' },
      { fromMs: 5_000, toMs: 20_500, reason: 'auth-failed' },
    ]);
  });

  it('names the loss when a hole opens between two parts', () => {
    const result = run(stepCamera, [
      { atMs: 1_000, event: { ...on, resume: setUp } },
      { atMs: 2_000, event: { type: 'recorded', startMs: 1_000, endMs: 2_000 } },
      { atMs: 2_100, event: { type: 'hole', reason: 'packet-loss' } },
      { atMs: 4_000, event: { type: 'recorded', startMs: 3_000, endMs: 4_000 } },
    ]);
    expect(result.gaps.at(-1)).toMatchObject({ fromMs: 2_000, toMs: 3_000, reason: 'packet-loss' });
  });

  it('says who switched a camera off, for as long as the plan wanted it', () => {
    const off = { ...on, enabled: false };
    const result = run(stepCamera, [
      { atMs: 1_000, event: { ...on, resume: setUp } },
      { atMs: 2_000, event: { type: 'recorded', startMs: 1_000, endMs: 2_000 } },
      { atMs: 2_500, event: off },
      { atMs: 60_000, event: off },
      { atMs: 90_000, event: on },
      { atMs: 92_000, event: { type: 'recorded', startMs: 91_000, endMs: 92_000 } },
    ]);
    expect(result.actions.filter((action) => action === 'disconnect')).toHaveLength(1);
    expect(result.gaps.at(-1)).toMatchObject({ fromMs: 2_000, toMs: 91_000, reason: 'not-configured' });
  });

  it('says that the other node of the pair records, while it does', () => {
    const standby = { ...on, standby: true };
    const before = { reason: 'agent-down', fromMs: 500, detail: 'was away' } as const;
    const result = run(stepCamera, [
      { atMs: 1_000, event: { ...standby, resume: before } },
      { atMs: 30_000, event: on },
      { atMs: 31_000, event: { type: 'recorded', startMs: 30_200, endMs: 31_000 } },
      { atMs: 31_100, event: standby },
      { atMs: 60_000, event: { ...standby, enabled: false } },
    ]);
    expect(result.gaps).toMatchObject([
      { fromMs: 500, toMs: 1_000, reason: 'agent-down' },
      { fromMs: 1_000, toMs: 30_200, reason: 'node-standby' },
      { fromMs: 31_000, toMs: 60_000, reason: 'node-standby' },
    ]);
    expect(result.open).toMatchObject({ fromMs: 60_000, reason: 'not-configured' });
    expect(result.actions.filter((action) => action === 'disconnect')).toHaveLength(1);
  });

  it('goes on with the gap of a standby whose recorder was restarted', () => {
    const before = {
      reason: 'node-standby',
      fromMs: 500,
      detail: 'the other node of the pair records it',
    } as const;
    const result = run(stepCamera, [{ atMs: 90_000, event: { ...on, standby: true, resume: before } }]);
    expect(result.gaps).toEqual([]);
    expect(result.open).toMatchObject({ fromMs: 500, reason: 'node-standby' });
  });

  it('leaves no gap for time outside the plan', () => {
    const result = run(stepCamera, [
      { atMs: 1_000, event: { ...on, resume: setUp } },
      { atMs: 2_000, event: { type: 'recorded', startMs: 1_000, endMs: 2_000 } },
      { atMs: 2_500, event: { ...on, planned: false } },
      { atMs: 90_000, event: on },
      { atMs: 92_000, event: { type: 'recorded', startMs: 90_400, endMs: 92_000 } },
    ]);
    expect(result.gaps).toHaveLength(1);
    expect(result.open).toBeNull();
  });

  it('says why the beginning of a plan is missing when the first picture comes late', () => {
    const script = (firstMs: number) => [
      { atMs: 87_000, event: on },
      {
        atMs: firstMs + 1_000,
        event: { type: 'recorded', startMs: firstMs, endMs: firstMs + 1_000 } as const,
      },
    ];
    expect(run(stepCamera, script(90_100)).gaps).toEqual([]);
    expect(run(stepCamera, script(116_000)).gaps).toMatchObject([
      { fromMs: 87_000, toMs: 116_000, reason: 'camera-unreachable' },
    ]);
  });

  it('tells the journal once per reason, not at every attempt', () => {
    const script = Array.from({ length: 20 }, (_, attempt) => [
      { atMs: 2_000 + attempt * 8_000, event: { type: 'ended', end: away, jitter: 0 } as const },
      { atMs: 9_900 + attempt * 8_000, event: { type: 'tick' } as const },
    ]).flat();
    const result = run(stepCamera, [{ atMs: 1_000, event: { ...on, resume: setUp } }, ...script]);
    expect(result.actions.filter((action) => action === 'tell')).toHaveLength(1);
  });
});

describe('a clock that was a day ahead and is set back', () => {
  const dayMs = 86_400_000;
  const ahead = [
    { atMs: dayMs, event: { ...on, resume: { ...setUp, fromMs: dayMs } } },
    { atMs: dayMs + 2_000, event: { type: 'recorded', startMs: dayMs, endMs: dayMs + 2_000 } },
  ] as const;
  const back = { atMs: 3_000, event: { type: 'set-back', byMs: dayMs } } as const;
  const ended = { type: 'ended', end: away, jitter: 0 } as const;

  it('leaves no outage of that day without a reason', () => {
    const result = run(stepCamera, [
      ...ahead,
      back,
      // Was coming in when the clock was set.
      { atMs: 3_100, event: { type: 'recorded', startMs: dayMs + 2_000, endMs: dayMs + 2_900 } },
      { atMs: 5_000, event: { type: 'recorded', startMs: 3_050, endMs: 5_000 } },
      { atMs: 6_000, event: ended },
      { atMs: 60_000, event: { type: 'recorded', startMs: 50_000, endMs: 60_000 } },
      { atMs: 70_000, event: { type: 'recorded', startMs: 62_000, endMs: 70_000 } },
    ]);
    expect(result.gaps.slice(1)).toMatchObject([
      { fromMs: 5_000, toMs: 50_000, reason: 'camera-unreachable' },
      { fromMs: 60_000, toMs: 62_000, reason: 'packet-loss' },
    ]);
    expect(result.open).toBeNull();
  });

  it('goes on with the outage that there was, by the new clock', () => {
    const result = run(stepCamera, [
      ...ahead,
      { atMs: dayMs + 3_000, event: ended },
      back,
      { atMs: 60_000, event: { type: 'recorded', startMs: 50_000, endMs: 60_000 } },
    ]);
    expect(result.gaps.slice(1)).toMatchObject([
      { fromMs: dayMs + 2_000, toMs: dayMs + 3_000, reason: 'camera-unreachable' },
      { fromMs: 3_000, toMs: 50_000, reason: 'camera-unreachable' },
    ]);
  });
});

/** A random life of a camera: parts that tile time, holes that are announced, endings, refusals, switches. */
const happenings = fc.array(
  fc.record({
    what: fc.constantFrom('part', 'part', 'part', 'loss', 'end', 'refuse', 'off', 'on', 'standby', 'change'),
    spanMs: fc.integer({ min: 200, max: 4_000 }),
    reason: fc.constantFrom('camera-unreachable', 'stream-stalled', 'auth-failed'),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { minLength: 1, maxLength: 60 },
);

type Happening = (typeof happenings extends fc.Arbitrary<infer T> ? T : never)[number];

/** The first uncovered stretch longer than `holeMinMs`, given what the machine did with a random life; null when there is none. */
function firstHole(step: Step, life: readonly Happening[]): { fromMs: number; toMs: number } | null {
  let nowMs = 1_000;
  let playing = false;
  let lastEndMs = nowMs;
  let state: CameraState = initialCamera();
  const script: { atMs: number; event: CameraEvent }[] = [];
  const push = (event: CameraEvent) => {
    script.push({ atMs: nowMs, event });
    state = step(state, event, { monotonicMs: nowMs, utcMs: nowMs }).state;
    if (state.phase === 'connecting') playing = true;
  };
  push({ ...on, resume: setUp });
  for (const { what, spanMs, reason, jitter } of life) {
    const fromMs = nowMs;
    nowMs += spanMs;
    if (what === 'off' || what === 'on') push({ ...on, enabled: what === 'on' });
    if (what === 'standby') push({ ...on, standby: true });
    if (what === 'change') push({ type: 'changed' });
    push({ type: 'tick' });
    if (state.phase === 'off-plan' || state.phase === 'waiting' || !playing) continue;
    if (what === 'end') {
      playing = false;
      push({ type: 'ended', end: { ...away, reason }, jitter });
    } else if (what === 'loss') push({ type: 'hole', reason: 'packet-loss' });
    else if (what === 'refuse') {
      push({ type: 'refused', startMs: lastEndMs, endMs: nowMs, reason: 'no-space', detail: 'full' });
      lastEndMs = nowMs;
    } else if (what === 'part') {
      push({ type: 'recorded', startMs: fromMs, endMs: nowMs });
      lastEndMs = nowMs;
    }
  }
  const { gaps, open, recorded } = run(step, script);
  const covered = [...gaps, ...recorded, ...(open ? [{ fromMs: open.fromMs, toMs: nowMs }] : [])];
  // What came after the last part of a live session is still in memory: covered once the session ends or goes on.
  const checkedToMs = open
    ? nowMs
    : Math.max(...recorded.map((part) => part.toMs), ...gaps.map((gap) => gap.toMs), 1_000);
  let reachMs = 1_000;
  for (const stretch of covered.sort((a, b) => a.fromMs - b.fromMs)) {
    if (stretch.fromMs - reachMs >= 200) return { fromMs: reachMs, toMs: stretch.fromMs };
    reachMs = Math.max(reachMs, stretch.toMs);
  }
  return checkedToMs - reachMs >= 200 ? { fromMs: reachMs, toMs: checkedToMs } : null;
}

describe('the ledger covers what is not recorded', () => {
  it('in any life of a camera', () => {
    fc.assert(
      fc.property(happenings, (life) => {
        expect(firstHole(stepCamera, life)).toBeNull();
      }),
      { numRuns: 2_000 },
    );
  });

  it('and the checker bites: a machine that forgets to open gaps, or to name holes, is caught', () => {
    const without =
      (forgotten: string): Step =>
      (state, event, now) => {
        const result = stepCamera(state, event, now);
        return { ...result, actions: result.actions.filter((action) => action.type !== forgotten) };
      };
    for (const forgotten of ['open-gap', 'add-gap']) {
      const broken = without(forgotten);
      const outcome = fc.check(
        fc.property(happenings, (life) => firstHole(broken, life) === null),
        { numRuns: 2_000 },
      );
      expect(outcome.failed, forgotten).toBe(true);
    }
  });
});
