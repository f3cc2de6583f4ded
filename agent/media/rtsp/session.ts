/** Opens RTSP sessions: drives the machine over real sockets, and ends each exactly once with a reason. */
import { randomInt } from 'node:crypto';
import { SessionDriver } from './driver.ts';
import type { RtspSession, RtspSessionOptions } from './session-types.ts';

export { createRtspReader, type RtspReader } from './reader.ts';

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
