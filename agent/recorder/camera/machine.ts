/**
 * One camera's supervision as a pure machine: when to connect and to wait, and which stretches of the plan go into the
 * gap ledger under which reason. No planned second passes without either a recorded part or a gap that covers it.
 */
import type { Camera, GapReason } from '../../../src/contract/index.ts';
import type { SessionEnd } from '../../media/types.ts';

export const backoffMinMs = 500;
export const backoffMaxMs = 15_000;
/** A session that recorded this long was sound: the next outage starts from the shortest back-off again. */
export const soundSessionMs = 10_000;
/** Parts closer than this tile time without a hole; real holes are longer than one frame at 5 frames per second. */
export const holeMinMs = 200;
/** Connect this much before the plan begins, so that its first second is recorded. */
export const leadMs = 3_000;
/** An error is told to the journal again only after this long, while the same reason goes on. */
export const repeatEventMs = 300_000;

export type CameraPhase = 'off-plan' | 'connecting' | 'streaming' | 'waiting';

export interface CameraState {
  readonly phase: CameraPhase;
  /** End of the last recorded part, or since when recording is wanted: where a gap would begin. UTC ms. */
  readonly coveredToMs: number;
  /** The gap that is open in the ledger. */
  readonly gap: { readonly reason: GapReason; readonly fromMs: number } | null;
  readonly failures: number;
  /** Monotonic ms of the next attempt while `waiting`. */
  readonly retryAtMs: number;
  /** Monotonic ms of the session's first part; null before. */
  readonly recordingSinceMs: number | null;
  readonly reason: GapReason | null;
  readonly problem: string | null;
  readonly sinceMs: number | null;
  readonly status: Camera['recording'];
  readonly reconnects: number;
  /** Loss reported by the session since the last part: the reason of the next hole. */
  readonly holeReason: GapReason | null;
  readonly toldAtMs: number;
  readonly toldReason: GapReason | null;
}

export type CameraEvent =
  /** What the plan, the camera's switch and the pair say now; `resume`: why and since when nothing was recorded before. */
  | { type: 'plan'; planned: boolean; enabled: boolean; standby: boolean; resume: Resume | null }
  | { type: 'tick' }
  | { type: 'recorded'; startMs: number; endMs: number }
  /** A part that the store did not take. */
  | { type: 'refused'; startMs: number; endMs: number; reason: GapReason; detail: string }
  /** A part that the store took and then lost. */
  | { type: 'lost'; fromMs: number; toMs: number; reason: GapReason; detail: string }
  | { type: 'hole'; reason: GapReason }
  /** The wall clock was set back by so many ms; `now` is by the new clock. */
  | { type: 'set-back'; byMs: number }
  /** `jitter` is uniform in 0..1. */
  | { type: 'ended'; end: SessionEnd; jitter: number }
  /** Address, credentials or transport changed: try at once. */
  | { type: 'changed' };

export type CameraAction =
  | { type: 'connect' }
  | { type: 'disconnect' }
  | { type: 'open-gap'; fromMs: number; reason: GapReason; detail: string }
  | { type: 'close-gap'; toMs: number }
  | { type: 'add-gap'; fromMs: number; toMs: number; reason: GapReason; detail: string }
  | { type: 'tell'; level: 'info' | 'warning' | 'error'; event: string; text: string };

export interface Resume {
  readonly reason: GapReason;
  readonly fromMs: number;
  readonly detail: string;
}

export interface Now {
  readonly monotonicMs: number;
  readonly utcMs: number;
}

export interface CameraStep {
  readonly state: CameraState;
  readonly actions: readonly CameraAction[];
}

export function initialCamera(): CameraState {
  return {
    phase: 'off-plan',
    coveredToMs: 0,
    gap: null,
    failures: 0,
    retryAtMs: 0,
    recordingSinceMs: null,
    reason: null,
    problem: null,
    sinceMs: null,
    status: 'off-plan',
    reconnects: 0,
    holeReason: null,
    toldAtMs: Number.NEGATIVE_INFINITY,
    toldReason: null,
  };
}

/** Wait before attempt `failures + 1`: doubling from 0.5 s to 15 s, between half and all of it. */
export function backoffMs(failures: number, jitter: number, transient: boolean): number {
  const full = transient ? Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(failures, 10)) : backoffMaxMs;
  return Math.round(full * (0.5 + jitter / 2));
}

export function stepCamera(state: CameraState, event: CameraEvent, now: Now): CameraStep {
  switch (event.type) {
    case 'plan':
      if (!event.planned) return leavePlan(state, now);
      if (!event.enabled) return switchOff(state, switchedOff, event.resume, now);
      return event.standby ? switchOff(state, onStandby, event.resume, now) : want(state, event.resume, now);
    case 'tick':
      return state.phase === 'waiting' && now.monotonicMs >= state.retryAtMs ? reconnect(state) : idle(state);
    case 'recorded':
      return recorded(state, event, now);
    case 'refused':
      return refused(state, event, now);
    case 'lost':
      return {
        state,
        actions: [{ ...event, type: 'add-gap' }],
      };
    case 'hole':
      return idle({ ...state, holeReason: event.reason });
    case 'set-back':
      return setBack(state, event.byMs, now);
    case 'ended':
      return ended(state, event.end, event.jitter, now);
    case 'changed':
      return changed(state);
  }
}

function idle(state: CameraState): CameraStep {
  return { state, actions: [] };
}

function want(state: CameraState, resume: Resume | null, now: Now): CameraStep {
  if (state.phase !== 'off-plan') return idle(state);
  const gap = resume ? { reason: resume.reason, fromMs: resume.fromMs } : state.gap;
  const next: CameraState = {
    ...state,
    phase: 'connecting',
    status: 'streaming-error',
    coveredToMs: gap?.fromMs ?? now.utcMs,
    failures: 0,
    recordingSinceMs: null,
    sinceMs: now.utcMs,
    gap,
    reason: gap?.reason ?? null,
    problem: null,
  };
  const open: CameraAction[] = resume ? [{ type: 'open-gap', ...resume }] : [];
  return { state: next, actions: [...open, { type: 'connect' }] };
}

function leavePlan(state: CameraState, now: Now): CameraStep {
  const close: CameraAction[] = state.gap ? [{ type: 'close-gap', toMs: now.utcMs }] : [];
  if (state.phase === 'off-plan')
    return { state: { ...state, gap: null, reason: null, problem: null }, actions: close };
  const next: CameraState = { ...initialCamera(), reconnects: state.reconnects, sinceMs: now.utcMs };
  return { state: next, actions: [...close, { type: 'disconnect' }] };
}

const switchedOff = { reason: 'not-configured', detail: 'recording of the camera is switched off' } as const;
const onStandby = { reason: 'node-standby', detail: 'the other node of the pair records it' } as const;

/** The plan wants video but nothing shall be recorded here: that time is missing, and the ledger says why. */
function switchOff(
  state: CameraState,
  why: { readonly reason: GapReason; readonly detail: string },
  resume: Resume | null,
  now: Now,
): CameraStep {
  const { reason, detail } = why;
  if (state.phase === 'off-plan' && state.gap?.reason === reason) return idle(state);
  const actions: CameraAction[] = [];
  const before = resume ?? state.gap;
  if (resume) actions.push({ type: 'open-gap', ...resume });
  const fromMs = before || state.phase === 'off-plan' ? now.utcMs : state.coveredToMs;
  const goesOn = before?.reason === reason;
  if (before && !goesOn) actions.push({ type: 'close-gap', toMs: fromMs });
  if (!goesOn) actions.push({ type: 'open-gap', fromMs, reason, detail });
  if (state.phase !== 'off-plan') actions.push({ type: 'disconnect' });
  const next = {
    ...initialCamera(),
    reconnects: state.reconnects,
    sinceMs: now.utcMs,
    gap: { reason, fromMs: goesOn ? before.fromMs : fromMs },
  };
  return { state: next, actions };
}

function reconnect(state: CameraState): CameraStep {
  return {
    state: { ...state, phase: 'connecting', reconnects: state.reconnects + 1 },
    actions: [{ type: 'connect' }],
  };
}

function changed(state: CameraState): CameraStep {
  if (state.phase === 'off-plan') return idle(state);
  const reason = 'not-configured';
  const open: CameraAction[] = state.gap
    ? []
    : [
        {
          type: 'open-gap',
          fromMs: state.coveredToMs,
          reason,
          detail: 'the settings of the camera were changed',
        },
      ];
  const next: CameraState = {
    ...state,
    phase: 'connecting',
    failures: 0,
    recordingSinceMs: null,
    gap: state.gap ?? { reason, fromMs: state.coveredToMs },
  };
  return { state: next, actions: [...open, { type: 'disconnect' }, { type: 'connect' }] };
}

/** What comes now is missing or recorded by the new clock, whatever was known of these hours by the old one. */
function setBack(state: CameraState, byMs: number, now: Now): CameraStep {
  const next = { ...state, coveredToMs: Math.min(state.coveredToMs, now.utcMs) };
  if (!state.gap) return idle(next);
  const { reason } = state.gap;
  const detail = state.problem ?? 'goes on since the clock was set back';
  return {
    state: { ...next, gap: { reason, fromMs: now.utcMs } },
    actions: [
      { type: 'close-gap', toMs: now.utcMs + byMs },
      { type: 'open-gap', fromMs: now.utcMs, reason, detail },
    ],
  };
}

/** A part that begins later than now arrived before the clock was set back. */
function byThisClock(part: { startMs: number; endMs: number }, now: Now): { startMs: number; endMs: number } {
  return part.startMs > now.utcMs ? { startMs: now.utcMs, endMs: now.utcMs } : part;
}

function recorded(state: CameraState, stored: { startMs: number; endMs: number }, now: Now): CameraStep {
  if (state.phase === 'off-plan') return idle(state);
  const part = byThisClock(stored, now);
  const actions: CameraAction[] = [];
  const missingMs = part.startMs - state.coveredToMs;
  if (state.gap) actions.push({ type: 'close-gap', toMs: part.startMs });
  else if (state.recordingSinceMs === null) {
    if (missingMs >= leadMs + holeMinMs) actions.push(lateStart(state, part.startMs));
  } else if (missingMs >= holeMinMs) actions.push(hole(state, part.startMs));
  const healed = state.status !== 'normal';
  if (healed && state.toldReason !== null) {
    const away = Math.max(0, Math.round((now.utcMs - (state.sinceMs ?? now.utcMs)) / 1000));
    actions.push({
      type: 'tell',
      level: 'info',
      event: 'camera.back',
      text: `records again after ${away} s`,
    });
  }
  return {
    state: {
      ...state,
      phase: 'streaming',
      status: 'normal',
      coveredToMs: Math.max(state.coveredToMs, part.endMs),
      gap: null,
      reason: null,
      problem: null,
      sinceMs: healed ? now.utcMs : state.sinceMs,
      recordingSinceMs: state.recordingSinceMs ?? now.monotonicMs,
      failures: sound(state, now) ? 0 : state.failures,
      holeReason: null,
      toldReason: healed ? null : state.toldReason,
    },
    actions,
  };
}

function hole(state: CameraState, toMs: number): CameraAction {
  const reason = state.holeReason ?? 'packet-loss';
  const detail =
    reason === 'time-step'
      ? "the system's clock was set forward"
      : 'damaged pictures were left out up to the next key frame';
  return { type: 'add-gap', fromMs: state.coveredToMs, toMs, reason, detail };
}

function lateStart(state: CameraState, toMs: number): CameraAction {
  const detail =
    'the first picture came late: the camera was slow to answer, or its key frames are far apart';
  return { type: 'add-gap', fromMs: state.coveredToMs, toMs, reason: 'camera-unreachable', detail };
}

function sound(state: CameraState, now: Now): boolean {
  return state.recordingSinceMs !== null && now.monotonicMs - state.recordingSinceMs >= soundSessionMs;
}

function refused(
  state: CameraState,
  event: { startMs: number; endMs: number; reason: GapReason; detail: string },
  now: Now,
): CameraStep {
  if (state.phase === 'off-plan') return idle(state);
  const fromMs = state.gap ? byThisClock(event, now).startMs : state.coveredToMs;
  return outage({ ...state, phase: 'streaming' }, { ...event, fromMs, status: 'recording-error' }, now);
}

function ended(state: CameraState, end: SessionEnd, jitter: number, now: Now): CameraStep {
  if (state.phase === 'off-plan') return idle(state);
  const failures = sound(state, now) ? 0 : state.failures;
  const waiting: CameraState = {
    ...state,
    phase: 'waiting',
    failures: failures + 1,
    recordingSinceMs: null,
    retryAtMs: now.monotonicMs + backoffMs(failures, jitter, end.transient),
  };
  const detail = `${end.detail} ${end.hint}`.trim();
  const fromMs = state.gap ? now.utcMs : state.coveredToMs;
  return outage(waiting, { reason: end.reason, detail, fromMs, status: 'streaming-error' }, now);
}

/** The reason of missing video begins or changes: one ledger row a reason, told once and again every five minutes. */
function outage(
  state: CameraState,
  cause: { reason: GapReason; detail: string; fromMs: number; status: CameraState['status'] },
  now: Now,
): CameraStep {
  const actions: CameraAction[] = [];
  const same = state.gap?.reason === cause.reason;
  if (!same) {
    if (state.gap) actions.push({ type: 'close-gap', toMs: cause.fromMs });
    actions.push({ type: 'open-gap', fromMs: cause.fromMs, reason: cause.reason, detail: cause.detail });
  }
  const tell = state.toldReason !== cause.reason || now.monotonicMs - state.toldAtMs >= repeatEventMs;
  if (tell)
    actions.push({ type: 'tell', level: 'warning', event: `camera.${cause.reason}`, text: cause.detail });
  const next: CameraState = {
    ...state,
    status: cause.status,
    gap: same ? state.gap : { reason: cause.reason, fromMs: cause.fromMs },
    reason: cause.reason,
    problem: cause.detail,
    sinceMs: state.status === 'normal' || state.sinceMs === null ? now.utcMs : state.sinceMs,
    toldReason: cause.reason,
    toldAtMs: tell ? now.monotonicMs : state.toldAtMs,
  };
  return { state: next, actions };
}
