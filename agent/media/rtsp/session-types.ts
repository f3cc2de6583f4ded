/** What an RTSP session is given, what it tells of itself, and how it ends. */
import type { MediaReceiver, SessionEnd } from '../types.ts';
import type { RtspReader } from './reader.ts';
import type { TransportKind } from './transport.ts';

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
