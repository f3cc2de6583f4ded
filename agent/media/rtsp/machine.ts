/**
 * The RTSP session as a pure machine (RFC 2326): what happens goes in, what to do comes out; it reads no clock, owns no
 * socket, and ends exactly once with a reason.
 */
import type { SessionEnd } from '../types.ts';
import { counted, noAuth } from './auth-state.ts';
import * as endings from './endings.ts';
import { header, type RtspRequest } from './message-codec.ts';
import { onKeepAliveReply, onReply } from './replies.ts';
import { keepAliveRequest, nothing, request, setupHeaders, type Transition } from './requests.ts';
import type { SessionAction, SessionEvent, SessionSettings, SessionState, Step } from './session-state.ts';
import { parseRtspUrl } from './url.ts';

/** Packets come, but nothing that can be decoded: how many media time-outs that is tolerated. */
const picturelessTimeouts = 6;
/** So long sound may come after the picture's goodbye. */
const lastSoundMs = 1_000;
/** Bytes that belong to nothing, with not one picture among them, that are tolerated. */
const skippedBytesMax = 1024 * 1024;

export function initialState(settings: SessionSettings): SessionState {
  return {
    phase: 'connecting',
    url: settings.url,
    redirects: 0,
    cseq: 0,
    outstanding: null,
    keepAlive: null,
    deadlineMs: Number.POSITIVE_INFINITY,
    auth: noAuth,
    methods: [],
    aggregateUrls: [],
    tracks: [],
    trackIndex: 0,
    tracksSetUp: 0,
    transport: settings.transport,
    transportSwitched: false,
    sessionId: null,
    timeoutSeconds: null,
    keepAliveAtMs: Number.POSITIVE_INFINITY,
    packets: 0,
    packetsSinceMs: 0,
    units: 0,
    unitsSinceMs: 0,
    endsAtMs: Number.POSITIVE_INFINITY,
  };
}

export function step(
  settings: SessionSettings,
  state: SessionState,
  event: SessionEvent,
  nowMs: number,
): Step {
  if (state.phase === 'ended') return { state, actions: [] };
  const transition: Transition = { settings, state, nowMs };
  switch (event.kind) {
    case 'start':
      return {
        state: { ...state, deadlineMs: nowMs + settings.connectTimeoutMs },
        actions: [{ kind: 'connect', url: state.url }],
      };
    case 'connected':
      return request({ ...transition, state: { ...state, phase: 'options' } }, 'OPTIONS', [state.url]);
    case 'response':
      return settle(transition, onResponse(transition, event.response));
    case 'request':
      return settle(transition, onRequest(transition, event.request));
    case 'ports':
      if (state.phase !== 'ports') return nothing(state);
      return request(
        { ...transition, state: { ...state, phase: 'setup' } },
        'SETUP',
        state.tracks[state.trackIndex]?.urls ?? [],
        setupHeaders(state, event.ports),
      );
    case 'tick':
      return settle(transition, onTick(transition, event));
    case 'failed':
      return settle(transition, event.end);
    case 'closed':
      return settle(transition, onClosed(transition, event.code));
    case 'goodbye':
      return settle(transition, onGoodbye(transition, event.isLast));
    case 'stop':
      return settle(transition, endings.stopped());
  }
}

/** An end closes the machine; a session that the server may still hold is torn down. */
function settle(transition: Transition, outcome: Step | SessionEnd): Step {
  if ('actions' in outcome) return outcome;
  const { state } = transition;
  const cseq = state.cseq + 1;
  const url = state.aggregateUrls[0] ?? state.url;
  const teardown =
    state.sessionId === null
      ? null
      : {
          method: 'TEARDOWN' as const,
          url,
          otherUrls: [],
          headers: [['Session', state.sessionId] as const],
          cseq,
        };
  return {
    state: {
      ...state,
      phase: 'ended',
      cseq,
      auth: counted(state.auth),
      deadlineMs: Number.POSITIVE_INFINITY,
    },
    actions: [{ kind: 'end', end: outcome, teardown }],
  };
}

/** Replies without CSeq belong to what is waited for; late ones to nothing. */
function onResponse(
  transition: Transition,
  response: Extract<SessionEvent, { kind: 'response' }>['response'],
): Step | SessionEnd {
  const { state } = transition;
  if (response.status < 200) return nothing(state);
  const cseq = Number.parseInt(header(response, 'cseq') ?? '', 10);
  const matches = (waiting: { cseq: number } | null) =>
    waiting !== null && (Number.isNaN(cseq) || waiting.cseq === cseq);
  if (state.outstanding && matches(state.outstanding)) {
    return onReply(transition, state.outstanding, response);
  }
  if (state.keepAlive && matches(state.keepAlive)) {
    return onKeepAliveReply(transition, state.keepAlive, response);
  }
  return nothing(state);
}

const answerable = new Set(['OPTIONS', 'GET_PARAMETER', 'SET_PARAMETER', 'ANNOUNCE', 'REDIRECT', 'TEARDOWN']);

/** Servers may ask too (RFC 2326, 10): polite answers keep some of them alive. */
function onRequest({ state }: Transition, incoming: RtspRequest): Step | SessionEnd {
  if (incoming.method === 'TEARDOWN' || incoming.method === 'REDIRECT') {
    return endings.endedByCamera(incoming.method);
  }
  const known = answerable.has(incoming.method);
  const headers: [string, string][] = [['CSeq', header(incoming, 'cseq') ?? '0']];
  if (incoming.method === 'OPTIONS') headers.push(['Public', [...answerable].join(', ')]);
  const reply: SessionAction = {
    kind: 'reply',
    status: known ? 200 : 501,
    reason: known ? 'OK' : 'Not Implemented',
    headers,
  };
  return { state, actions: [reply] };
}

function onTick(transition: Transition, tick: Extract<SessionEvent, { kind: 'tick' }>): Step | SessionEnd {
  const { settings, nowMs } = transition;
  const { packets, units, skippedBytes } = tick;
  let { state } = transition;
  if (packets !== state.packets) state = { ...state, packets, packetsSinceMs: nowMs };
  if (units !== state.units) state = { ...state, units, unitsSinceMs: nowMs };
  if (state.phase === 'playing') {
    if (units === 0 && skippedBytes >= skippedBytesMax) {
      return endings.malformed(`${skippedBytes} bytes of its stream belong to no packet.`);
    }
    return onPlayingTick({ ...transition, state });
  }
  if (nowMs < state.deadlineMs) return nothing(state);
  if (state.phase === 'connecting') {
    const { secure } = parseRtspUrl(state.url);
    return endings.connectTimedOut(addressOf(state.url), settings.connectTimeoutMs, secure);
  }
  const method = state.outstanding?.method ?? 'SETUP';
  // Some cameras stream without ever answering PLAY.
  if (method === 'PLAY' && packets > 0) {
    const playing: SessionState = { ...state, phase: 'playing', unitsSinceMs: nowMs, outstanding: null };
    return { state: { ...playing, keepAliveAtMs: nowMs }, actions: [{ kind: 'playing' }] };
  }
  return endings.noAnswer(method, settings.responseTimeoutMs, skippedBytes);
}

/** The last sound of a server that is busy comes a moment after the end of its picture. */
function onGoodbye({ state, nowMs }: Transition, isLast: boolean): Step | SessionEnd {
  if (isLast || state.phase !== 'playing') return endings.endedByCamera('RTCP goodbye');
  return nothing({ ...state, endsAtMs: Math.min(state.endsAtMs, nowMs + lastSoundMs) });
}

function onPlayingTick(transition: Transition): Step | SessionEnd {
  const { settings, state, nowMs } = transition;
  if (nowMs >= state.endsAtMs) return endings.endedByCamera('RTCP goodbye');
  if (nowMs - state.packetsSinceMs >= settings.mediaTimeoutMs) {
    return endings.stalled(settings.mediaTimeoutMs, state.transport === 'udp');
  }
  const picturelessMs = settings.mediaTimeoutMs * picturelessTimeouts;
  if (nowMs - state.unitsSinceMs >= picturelessMs) return endings.noPicture(picturelessMs);
  return nowMs >= state.keepAliveAtMs ? keepAliveRequest(transition) : nothing(state);
}

function onClosed({ state }: Transition, code: string | null): SessionEnd {
  return state.phase === 'playing'
    ? endings.connectionLost(code)
    : endings.connectionFailed(addressOf(state.url), code);
}

function addressOf(url: string): string {
  const { host, port } = parseRtspUrl(url);
  return `${host}:${port}`;
}
