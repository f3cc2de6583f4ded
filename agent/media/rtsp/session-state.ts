/** The vocabulary of the session machine: its settings, state, what happens to it and what it wants done. */
import type { SessionEnd } from '../types.ts';
import type { AuthState } from './auth-state.ts';
import type { RtspRequest, RtspResponse } from './message-codec.ts';
import type { Selection } from './select.ts';
import type { AnsweredTransport, TransportKind } from './transport.ts';

export type Method = 'OPTIONS' | 'DESCRIBE' | 'SETUP' | 'PLAY' | 'GET_PARAMETER' | 'TEARDOWN';

export interface SessionSettings {
  readonly url: string;
  readonly hasCredentials: boolean;
  readonly allowBasicAuth: boolean;
  readonly transport: TransportKind;
  readonly connectTimeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly mediaTimeoutMs: number;
}

export type Phase = 'connecting' | 'options' | 'describe' | 'ports' | 'setup' | 'play' | 'playing' | 'ended';

/** The request that is waited for. */
export interface Outstanding {
  readonly method: Method;
  readonly url: string;
  /** To be tried when the server does not know `url`. */
  readonly otherUrls: readonly string[];
  readonly headers: readonly (readonly [string, string])[];
  readonly cseq: number;
}

/** A track to set up: 0 is the video. */
export interface PlannedTrack {
  readonly name: 'video' | 'audio';
  readonly urls: readonly string[];
}

export interface SessionState {
  readonly phase: Phase;
  /** The address in use, after redirects. */
  readonly url: string;
  readonly redirects: number;
  readonly cseq: number;
  readonly outstanding: Outstanding | null;
  readonly keepAlive: Outstanding | null;
  /** When waiting ends (monotonic); infinite while nothing is waited for. */
  readonly deadlineMs: number;
  readonly auth: AuthState;
  /** Methods of the Public header. */
  readonly methods: readonly string[];
  /** Base of the presentation, for PLAY, keep-alive and TEARDOWN. */
  readonly aggregateUrls: readonly string[];
  readonly tracks: readonly PlannedTrack[];
  readonly trackIndex: number;
  readonly tracksSetUp: number;
  readonly transport: TransportKind;
  readonly transportSwitched: boolean;
  readonly sessionId: string | null;
  readonly timeoutSeconds: number | null;
  readonly keepAliveAtMs: number;
  /** Media packets at the last tick, and since when there are no more. */
  readonly packets: number;
  readonly packetsSinceMs: number;
  /** Whole pictures at the last tick, and since when there are no more. */
  readonly units: number;
  readonly unitsSinceMs: number;
  /** When a sender that said goodbye is let go (monotonic); infinite before. */
  readonly endsAtMs: number;
}

export type SessionEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'response'; readonly response: RtspResponse }
  | { readonly kind: 'request'; readonly request: RtspRequest }
  /** The UDP ports of the track to set up next. */
  | { readonly kind: 'ports'; readonly ports: readonly [number, number] }
  /** From time to time, with the number of video packets and whole pictures so far. */
  | { readonly kind: 'tick'; readonly packets: number; readonly units: number; readonly skippedBytes: number }
  | { readonly kind: 'failed'; readonly end: SessionEnd }
  /** The connection ended; `code` of the socket error, null when the server closed it in order. */
  | { readonly kind: 'closed'; readonly code: string | null }
  /** Of the sender of the video; `isLast` when nothing of another track is to be waited for. */
  | { readonly kind: 'goodbye'; readonly isLast: boolean }
  | { readonly kind: 'stop' };

export type SessionAction =
  | { readonly kind: 'connect'; readonly url: string }
  | { readonly kind: 'send'; readonly request: Outstanding; readonly auth: AuthState }
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly reason: string;
      readonly headers: readonly (readonly [string, string])[];
    }
  /** Make the depacketizers: formats are known as far as the description says. */
  | { readonly kind: 'prepare'; readonly selection: Extract<Selection, { video: unknown }> }
  | { readonly kind: 'openPorts'; readonly track: PlannedTrack['name'] }
  | {
      readonly kind: 'bind';
      readonly track: PlannedTrack['name'];
      readonly transport: TransportKind;
      readonly answer: AnsweredTransport;
      readonly askedChannels: readonly [number, number];
    }
  /** A track that cannot be had is left out. */
  | { readonly kind: 'drop'; readonly track: PlannedTrack['name'] }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'playing' }
  /** Nothing comes after it. `teardown`: to be sent first, best effort. */
  | { readonly kind: 'end'; readonly end: SessionEnd; readonly teardown: Outstanding | null };

export interface Step {
  readonly state: SessionState;
  readonly actions: readonly SessionAction[];
}
