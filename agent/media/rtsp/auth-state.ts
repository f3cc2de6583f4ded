/** Which challenge to answer after a 401: the strongest first, the weaker after it, a stale nonce again, and then no more. */
import type { Challenge } from './challenge.ts';

/** New nonces in a row before the password counts as wrong. */
const refreshesMax = 3;

export interface AuthState {
  readonly challenge: Challenge | null;
  /** The camera accepted an answer to this kind of challenge. */
  readonly proven: boolean;
  readonly refreshes: number;
  readonly nonceCount: number;
}

export const noAuth: AuthState = { challenge: null, proven: false, refreshes: 0, nonceCount: 0 };

export type AuthRefusal = 'no-credentials' | 'no-usable-scheme' | 'rejected';

/** `offered`: strongest first, without what must not be used. */
export function nextAuth(
  auth: AuthState,
  offered: readonly Challenge[],
  hasCredentials: boolean,
): AuthState | AuthRefusal {
  if (!hasCredentials) return 'no-credentials';
  const current = auth.challenge;
  if (current === null) {
    const first = offered[0];
    return first === undefined ? 'no-usable-scheme' : { ...noAuth, challenge: first };
  }
  const again = offered.find((challenge) => challenge.strength === current.strength);
  if (again !== undefined && auth.refreshes < refreshesMax && isFresh(again, current, auth.proven)) {
    return { ...auth, challenge: again, nonceCount: 0, refreshes: auth.refreshes + 1 };
  }
  const weaker = offered.find((challenge) => challenge.strength < current.strength);
  return weaker === undefined ? 'rejected' : { ...noAuth, challenge: weaker };
}

/** Some cameras change the nonce without saying that the old one was stale. */
function isFresh(offered: Challenge, current: Challenge, proven: boolean): boolean {
  if (offered.scheme !== 'digest' || current.scheme !== 'digest') return false;
  return offered.stale || (proven && offered.nonce !== current.nonce);
}

/** The camera accepted the answer. */
export function accepted(auth: AuthState): AuthState {
  return auth.challenge === null ? auth : { ...auth, proven: true, refreshes: 0 };
}

export function counted(auth: AuthState): AuthState {
  return auth.challenge === null ? auth : { ...auth, nonceCount: auth.nonceCount + 1 };
}
