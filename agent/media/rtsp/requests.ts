/** The requests of a session: what is asked next, with which headers, and how long the answer is waited for. */
import { counted } from './auth-state.ts';
import type {
  Method,
  Outstanding,
  SessionAction,
  SessionSettings,
  SessionState,
  Step,
} from './session-state.ts';
import { writeTransport } from './transport.ts';

const keepAliveSecondsMax = 60;
const keepAliveSecondsMin = 2;

export interface Transition {
  readonly settings: SessionSettings;
  readonly state: SessionState;
  readonly nowMs: number;
}

export function nothing(state: SessionState): Step {
  return { state, actions: [] };
}

/** Sends a request and waits; `urls`: the most likely first. `before` are actions that go ahead of it. */
export function request(
  { settings, state, nowMs }: Transition,
  method: Method,
  urls: readonly string[],
  headers: Outstanding['headers'] = [],
  before: readonly SessionAction[] = [],
): Step {
  const outstanding: Outstanding = {
    method,
    url: urls[0] ?? state.url,
    otherUrls: urls.slice(1),
    headers,
    cseq: state.cseq + 1,
  };
  const auth = counted(state.auth);
  return {
    state: {
      ...state,
      cseq: outstanding.cseq,
      outstanding,
      auth,
      deadlineMs: nowMs + settings.responseTimeoutMs,
    },
    actions: [...before, { kind: 'send', request: outstanding, auth }],
  };
}

/** The same request once more, under a new number. */
export function repeat(
  transition: Transition,
  outstanding: Outstanding,
  urls = [outstanding.url, ...outstanding.otherUrls],
): Step {
  return request(transition, outstanding.method, urls, outstanding.headers);
}

/** Channels are proposed in track order; what the server answers counts. */
export function askedChannels(state: SessionState): readonly [number, number] {
  return [state.trackIndex * 2, state.trackIndex * 2 + 1];
}

export function setupHeaders(state: SessionState, pair: readonly [number, number]): Outstanding['headers'] {
  return [['Transport', writeTransport(state.transport, pair)], ...sessionHeader(state)];
}

export function sessionHeader(state: SessionState): Outstanding['headers'] {
  return state.sessionId === null ? [] : [['Session', state.sessionId]];
}

/** The track whose turn it is, or PLAY when all had theirs. */
export function setupNext(transition: Transition, before: readonly SessionAction[] = []): Step {
  const { state } = transition;
  const track = state.tracks[state.trackIndex];
  if (track === undefined) {
    const headers = [...sessionHeader(state), ['Range', 'npt=0.000-'] as const];
    return request(
      { ...transition, state: { ...state, phase: 'play' } },
      'PLAY',
      state.aggregateUrls,
      headers,
      before,
    );
  }
  if (state.transport === 'udp') {
    const deadlineMs = transition.nowMs + transition.settings.responseTimeoutMs;
    return {
      state: { ...state, phase: 'ports', outstanding: null, deadlineMs },
      actions: [...before, { kind: 'openPorts', track: track.name }],
    };
  }
  const headers = setupHeaders(state, askedChannels(state));
  return request(
    { ...transition, state: { ...state, phase: 'setup' } },
    'SETUP',
    track.urls,
    headers,
    before,
  );
}

export function keepAliveAfterMs(timeoutSeconds: number | null): number {
  const timeout = Math.min(timeoutSeconds ?? keepAliveSecondsMax, keepAliveSecondsMax);
  return Math.max(timeout, keepAliveSecondsMin) * 500;
}

/** Its answer is not waited for: silence is tolerated while media flows. */
export function keepAliveRequest({ state, nowMs }: Transition): Step {
  const keepAlive: Outstanding = {
    method: state.methods.includes('GET_PARAMETER') ? 'GET_PARAMETER' : 'OPTIONS',
    url: state.aggregateUrls[0] ?? state.url,
    otherUrls: [],
    headers: sessionHeader(state),
    cseq: state.cseq + 1,
  };
  const auth = counted(state.auth);
  const keepAliveAtMs = nowMs + keepAliveAfterMs(state.timeoutSeconds);
  return {
    state: { ...state, cseq: keepAlive.cseq, keepAlive, auth, keepAliveAtMs },
    actions: [{ kind: 'send', request: keepAlive, auth }],
  };
}
