/** Sessions in memory: found by the hash of their token, ended by idleness, revocation or a change of the account. */
import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';

const tokenBytes = 32;
const sessionsMax = 500;
/** The user's session that was idle longest makes room. */
const sessionsPerUserMax = 20;

export interface Session {
  readonly id: string;
  readonly user: string;
  readonly address: string;
  readonly startedAtMs: number;
  lastSeenAtMs: number;
  lastSeenMonotonicMs: number;
  /** Open streams and downloads; while there are any the session is not idle. */
  streams: number;
  /** Aborted when the session ends, for whatever reason. */
  readonly ended: AbortController;
}

export interface Sessions {
  /** The token is only ever in this answer. */
  open(user: string, address: string): { session: Session; token: string };
  /** The live session of a token, and marks it as seen. */
  find(token: string): Session | null;
  touch(session: Session): void;
  isLive(session: Session): boolean;
  /** Keeps the session alive until the returned function is called. */
  hold(session: Session): () => void;
  expiresAtMs(session: Session): number;
  list(): Session[];
  end(id: string): boolean;
  /** Ends the sessions of a user but `exceptId`. */
  endAll(user: string, exceptId?: string): void;
  /** Ends what was idle for too long; call it now and then. */
  sweep(): void;
}

export function createSessions(options: { clock: Clock; idleTimeoutMs: () => number }): Sessions {
  const { clock, idleTimeoutMs } = options;
  const byHash = new Map<string, Session>();

  const isIdle = (session: Session) =>
    session.streams === 0 && clock.monotonicMs() - session.lastSeenMonotonicMs >= idleTimeoutMs();
  const drop = (hash: string, session: Session) => {
    byHash.delete(hash);
    session.ended.abort();
  };
  const endWhere = (matches: (session: Session) => boolean) => {
    let ended = false;
    for (const [hash, session] of byHash) {
      if (!matches(session)) continue;
      drop(hash, session);
      ended = true;
    }
    return ended;
  };
  const touch = (session: Session) => {
    session.lastSeenAtMs = clock.nowMs();
    session.lastSeenMonotonicMs = clock.monotonicMs();
  };
  const makeRoom = (user: string) => {
    endWhere(isIdle);
    const own = [...byHash.values()].filter((session) => session.user === user);
    const oldest = own.sort((a, b) => a.lastSeenMonotonicMs - b.lastSeenMonotonicMs)[0];
    if (oldest && own.length >= sessionsPerUserMax) endWhere((session) => session === oldest);
    if (byHash.size >= sessionsMax) {
      throw new AppError('unavailable', 'too many sessions are open', {
        hint: 'Log out elsewhere, or revoke sessions on the System page.',
      });
    }
  };

  return {
    open(user, address) {
      makeRoom(user);
      const token = randomBytes(tokenBytes).toString('base64url');
      const session: Session = {
        id: randomBytes(8).toString('hex'),
        user,
        address,
        startedAtMs: clock.nowMs(),
        lastSeenAtMs: clock.nowMs(),
        lastSeenMonotonicMs: clock.monotonicMs(),
        streams: 0,
        ended: new AbortController(),
      };
      byHash.set(hashOf(token), session);
      return { session, token };
    },
    find(token) {
      const hash = hashOf(token);
      const session = byHash.get(hash);
      if (!session) return null;
      if (isIdle(session)) {
        drop(hash, session);
        return null;
      }
      touch(session);
      return session;
    },
    touch,
    isLive: (session) => !session.ended.signal.aborted && !isIdle(session),
    hold(session) {
      session.streams += 1;
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        session.streams -= 1;
        touch(session);
      };
    },
    expiresAtMs: (session) => session.lastSeenAtMs + idleTimeoutMs(),
    list: () => [...byHash.values()].filter((session) => !isIdle(session)),
    end: (id) => endWhere((session) => session.id === id),
    endAll: (user, exceptId) => {
      endWhere((session) => session.user === user && session.id !== exceptId);
    },
    sweep: () => {
      endWhere(isIdle);
    },
  };
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
