/** What the answers of a server lead to: the next request, another try, or the end; each rule is one that cameras taught. */
import type { SessionEnd } from '../types.ts';
import { accepted, nextAuth, noAuth } from './auth-state.ts';
import { parseChallenges } from './challenge.ts';
import * as endings from './endings.ts';
import { header, headerValues, type RtspResponse } from './message-codec.ts';
import {
  askedChannels,
  keepAliveAfterMs,
  keepAliveRequest,
  nothing,
  repeat,
  request,
  setupNext,
  type Transition,
} from './requests.ts';
import { parseSdp } from './sdp.ts';
import { selectTracks } from './select.ts';
import type { Outstanding, PlannedTrack, SessionAction, SessionState, Step } from './session-state.ts';
import { readSession, readTransport, type TransportKind } from './transport.ts';
import { baseUrl, controlCandidates, parseRtspUrl } from './url.ts';

const redirectsMax = 3;
const redirectStatuses = new Set([301, 302, 303, 305, 307, 308]);
/** Answers of servers that were asked under the wrong URL. */
const wrongUrlStatuses = new Set([400, 404, 451, 454, 455, 459, 460]);
const methodsMax = 32;

export function onReply(
  transition: Transition,
  asked: Outstanding,
  response: RtspResponse,
): Step | SessionEnd {
  const { status } = response;
  if (status === 401) return onChallenge(transition, response, (next) => repeat(next, asked));
  const state = { ...transition.state, auth: accepted(transition.state.auth) };
  const next: Transition = { ...transition, state };
  if (redirectStatuses.has(status)) return onRedirect(next, response);
  if (status >= 300) return onRefusal(next, asked, response);
  switch (asked.method) {
    case 'DESCRIBE':
      return onDescription(next, response);
    case 'SETUP':
      return onSetUp(next, asked, response);
    case 'PLAY':
      return onPlaying(next, response);
    default:
      return afterOptions(next, response);
  }
}

/** A session that is gone ends; anything else that a keep-alive brings is not worth a gap. */
export function onKeepAliveReply(
  transition: Transition,
  asked: Outstanding,
  response: RtspResponse,
): Step | SessionEnd {
  const state = { ...transition.state, keepAlive: null };
  const next = { ...transition, state };
  if (response.status === 401) {
    const outcome = onChallenge(next, response, keepAliveRequest);
    return 'actions' in outcome ? outcome : nothing(state);
  }
  if (response.status === 454) return endings.refused(asked.method, response.status, response.reason);
  if (response.status < 300) return nothing({ ...state, auth: accepted(state.auth) });
  if (asked.method !== 'GET_PARAMETER') return nothing(state);
  return nothing({ ...state, methods: state.methods.filter((method) => method !== 'GET_PARAMETER') });
}

/** Basic shows the password to the network: only inside TLS, or when the operator allowed it, and to no other host. */
function onChallenge(
  transition: Transition,
  response: RtspResponse,
  retry: (next: Transition) => Step,
): Step | SessionEnd {
  const { settings, state } = transition;
  const offered = parseChallenges(headerValues(response, 'www-authenticate'));
  const { secure, host } = parseRtspUrl(state.url);
  const basicAllowed = (secure || settings.allowBasicAuth) && host === parseRtspUrl(settings.url).host;
  const usable = offered.filter((challenge) => challenge.scheme !== 'basic' || basicAllowed);
  const auth = nextAuth(state.auth, usable, settings.hasCredentials);
  if (typeof auth === 'string') {
    return endings.authFailed(
      auth,
      offered.some((challenge) => challenge.scheme === 'basic'),
    );
  }
  return retry({ ...transition, state: { ...state, auth } });
}

function onRedirect(transition: Transition, response: RtspResponse): Step | SessionEnd {
  const { settings, state, nowMs } = transition;
  const location = header(response, 'location');
  if (location === null) return endings.redirectRefused('it names no address');
  if (state.redirects >= redirectsMax) return endings.redirectRefused(`more than ${redirectsMax} in a row`);
  let url: string;
  try {
    url = parseRtspUrl(location).text;
  } catch {
    return endings.redirectRefused('its address is malformed');
  }
  if (parseRtspUrl(state.url).secure && !parseRtspUrl(url).secure) {
    return endings.redirectRefused('it leads from TLS to an open connection');
  }
  return {
    state: {
      ...state,
      phase: 'connecting',
      url,
      redirects: state.redirects + 1,
      outstanding: null,
      auth: noAuth,
      sessionId: null,
      deadlineMs: nowMs + settings.connectTimeoutMs,
    },
    actions: [{ kind: 'connect', url }],
  };
}

function onRefusal(transition: Transition, asked: Outstanding, response: RtspResponse): Step | SessionEnd {
  const { state } = transition;
  const { status, reason } = response;
  if (status === 403) return endings.authFailed('forbidden', false);
  if (asked.method === 'OPTIONS') return afterOptions(transition, response);
  if (asked.method === 'SETUP' && status === 461 && !state.transportSwitched && state.tracksSetUp === 0) {
    return switchTransport(transition);
  }
  if (asked.otherUrls.length > 0 && wrongUrlStatuses.has(status)) {
    return repeat(transition, asked, [...asked.otherUrls]);
  }
  const track = state.tracks[state.trackIndex];
  if (asked.method === 'SETUP' && track?.name === 'audio' && state.tracksSetUp > 0) {
    return setupNext({ ...transition, state: { ...state, trackIndex: state.trackIndex + 1 } }, [
      { kind: 'drop', track: 'audio' },
      { kind: 'note', text: `the camera refused the audio (${status}): video only` },
    ]);
  }
  return endings.refused(asked.method, status, reason);
}

function switchTransport(transition: Transition): Step {
  const { state } = transition;
  const transport: TransportKind = state.transport === 'tcp' ? 'udp' : 'tcp';
  const text = `the camera refused ${state.transport.toUpperCase()}: ${transport.toUpperCase()} is used`;
  const switched = { ...state, transport, transportSwitched: true };
  return setupNext({ ...transition, state: switched }, [{ kind: 'note', text }]);
}

/** OPTIONS may fail: it tells what the server can, no more. */
function afterOptions(transition: Transition, response: RtspResponse): Step {
  const listed = header(response, 'public') ?? '';
  const methods = listed
    .split(',')
    .slice(0, methodsMax)
    .map((method) => method.trim().toUpperCase());
  const state: SessionState = { ...transition.state, phase: 'describe', methods };
  return request({ ...transition, state }, 'DESCRIBE', [state.url], [['Accept', 'application/sdp']]);
}

function onDescription(transition: Transition, response: RtspResponse): Step | SessionEnd {
  const { state } = transition;
  const sdp = parseSdp(response.body);
  if (sdp.media.length === 0) return endings.malformed('its description names no media.');
  const selection = selectTracks(sdp);
  if ('refusal' in selection) return endings.unsupported(selection.refusal.detail, selection.refusal.hint);
  const base = baseUrl(state.url, header(response, 'content-base') ?? header(response, 'content-location'));
  const candidates = (control: string | null) => controlCandidates({ base, requested: state.url, control });
  const tracks: PlannedTrack[] = [{ name: 'video', urls: candidates(selection.video.control) }];
  if (selection.audio) tracks.push({ name: 'audio', urls: candidates(selection.audio.control) });
  const prepared: SessionState = { ...state, tracks, trackIndex: 0, aggregateUrls: candidates(sdp.control) };
  return setupNext({ ...transition, state: prepared }, [{ kind: 'prepare', selection }]);
}

function onSetUp(transition: Transition, asked: Outstanding, response: RtspResponse): Step | SessionEnd {
  const { state } = transition;
  const track = state.tracks[state.trackIndex];
  if (track === undefined) return endings.malformed('it answered a SETUP that was not asked.');
  const session = readSession(header(response, 'session'));
  const bind: SessionAction = {
    kind: 'bind',
    track: track.name,
    transport: state.transport,
    answer: readTransport(header(response, 'transport')),
    askedChannels: askedChannels(state),
  };
  const setUp: SessionState = {
    ...state,
    ...sessionFields(state, session),
    aggregateUrls: agreeing(state, track, asked.url),
    tracks: state.tracks.map((planned) => preferring(planned, track, asked.url)),
    trackIndex: state.trackIndex + 1,
    tracksSetUp: state.tracksSetUp + 1,
  };
  return setupNext({ ...transition, state: setUp }, [bind]);
}

/** The id may change from one SETUP to the next: the last one counts. */
function sessionFields(
  state: SessionState,
  session: ReturnType<typeof readSession>,
): Pick<SessionState, 'sessionId' | 'timeoutSeconds'> {
  return {
    sessionId: session?.id ?? state.sessionId,
    timeoutSeconds: session?.timeoutSeconds ?? state.timeoutSeconds,
  };
}

/** When the server took the second way of reading a control URL, the same way is tried first for what follows. */
function preferring(planned: PlannedTrack, done: PlannedTrack, url: string): PlannedTrack {
  return { ...planned, urls: reordered(planned.urls, done.urls.indexOf(url)) };
}

function agreeing(state: SessionState, done: PlannedTrack, url: string): readonly string[] {
  return reordered(state.aggregateUrls, done.urls.indexOf(url));
}

function reordered(urls: readonly string[], index: number): readonly string[] {
  const first = urls[index];
  return index <= 0 || first === undefined ? urls : [first, ...urls.filter((url) => url !== first)];
}

function onPlaying(transition: Transition, response: RtspResponse): Step {
  const { state, nowMs } = transition;
  const session = readSession(header(response, 'session'));
  const fields = sessionFields(state, session);
  const playing: SessionState = {
    ...state,
    ...fields,
    phase: 'playing',
    outstanding: null,
    deadlineMs: Number.POSITIVE_INFINITY,
    unitsSinceMs: nowMs,
    packetsSinceMs: nowMs,
    keepAliveAtMs: nowMs + keepAliveAfterMs(fields.timeoutSeconds),
  };
  return { state: playing, actions: [{ kind: 'playing' }] };
}
