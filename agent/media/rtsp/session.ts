/** Opens RTSP sessions: drives the machine over real sockets, and ends each exactly once with a reason. */
import { randomInt } from 'node:crypto';
import type { MediaReceiver, SessionEnd } from '../types.ts';
import { SessionDriver } from './driver.ts';
import type { RtspReader } from './reader.ts';
import type { TransportKind } from './transport.ts';

export { createRtspReader, type RtspReader } from './reader.ts';

export interface RtspSessionOptions {
  /** Of the process, from `createRtspReader`. */
  readonly reader: RtspReader;
  /** rtsp:// or rtsps://; credentials in it are ignored. */
  readonly url: string;
  readonly user: string | null;
  readonly password: string | null;
  readonly transport: TransportKind;
  /** Basic sends the password readably: only over TLS unless this is set. */
  readonly allowBasicAuth: boolean;
  /** Called from the read callbacks, never after `ended` settled. */
  readonly receiver: MediaReceiver;
  readonly clock: { monotonicMs(): number; utcMs(): number };
  /** 0 <= x < 1; ports, SSRC and client nonces. */
  readonly random?: () => number;
  readonly connectTimeoutMs?: number;
  readonly responseTimeoutMs?: number;
  /** Without a video packet for so long the stream has stalled. */
  readonly mediaTimeoutMs?: number;
  /** Address of the network card to use. */
  readonly localAddress?: string;
  readonly userAgent?: string;
  /** SHA-256 fingerprint that the camera's certificate must have (rtsps); without it any certificate is taken. */
  readonly tlsFingerprint?: string;
}

export interface RtspSessionStats {
  readonly bytesReceived: number;
  readonly packetsLost: number;
  readonly playing: boolean;
  /** In use; may differ from the one asked for when the camera refused that. */
  readonly transport: TransportKind;
}

export interface RtspSession {
  /** Settles once, never rejects. */
  readonly ended: Promise<SessionEnd>;
  /** TEARDOWN as best effort; resolves when the sockets are closed, within a second. */
  stop(): Promise<void>;
  stats(): RtspSessionStats;
}

const defaults = {
  connectTimeoutMs: 10_000,
  responseTimeoutMs: 10_000,
  mediaTimeoutMs: 10_000,
  userAgent: 'Holdfast',
};

/** Begins at once. A malformed URL ends the session like any other failure. */
export function openRtspSession(options: RtspSessionOptions): RtspSession {
  const random = options.random ?? (() => randomInt(2 ** 32) / 2 ** 32);
  return new SessionDriver({ ...defaults, ...options, random });
}
