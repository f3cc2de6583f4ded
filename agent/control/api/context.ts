/** What a call knows about its caller: the connection it came over, and who is behind it. */
import type { Role } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { Session } from '../accounts/sessions.ts';

/** One WebSocket, or one HTTP request. */
export interface Connection {
  /** `local`: the socket or pipe in the data folder, guarded by its permissions. */
  readonly via: 'local' | 'network';
  /** Client address, `local` for the console. */
  readonly address: string;
  /** Of the token it was opened with, or bound by a log-in over it. */
  session: Session | null;
  /** Calls and streams under way. */
  inFlight: number;
  /** Ends it; called soon after its session ends. */
  close(): void;
  /** To be called when it has ended, so that its session forgets it. */
  release(): void;
}

/** Time for the last answer to leave, after a log-out over the connection itself. */
const closeDelayMs = 250;

/** From now on the connection acts for the session, and ends with it, until `release` is called. */
export function bindSession(connection: Connection, session: Session, clock: Clock): void {
  connection.release();
  const end = () => {
    clock.after(closeDelayMs, () => connection.close());
  };
  session.ended.signal.addEventListener('abort', end, { once: true });
  connection.session = session;
  connection.release = () => session.ended.signal.removeEventListener('abort', end);
}

export interface Principal {
  user: string;
  role: Role;
  via: 'local' | 'network';
  /** Null on the local console. */
  session: Session | null;
  mustChangePassword: boolean;
}

/** What a handler may add to the audit entry of its call. */
export interface AuditNote {
  subject?: string;
  text?: string;
  before?: unknown;
  after?: unknown;
  /** False: the call turned out to change nothing worth an entry. */
  skip?: boolean;
}

export interface CallContext {
  connection: Connection;
  /** Token of this one call, when it carried its own. */
  token?: string | null;
  /** Set by the gate before any handler runs. */
  principal?: Principal | null;
  audit?: AuditNote;
}

/** The caller of a procedure that needs a session: the gate let nobody else through. */
export function callerOf(context: CallContext): Principal {
  if (context.principal) return context.principal;
  throw new AppError('unauthorized', 'not logged in', { hint: 'Log in first: holdfast login URL.' });
}

/** Adds to the audit entry of the call under way. */
export function note(context: CallContext, addition: AuditNote): void {
  if (context.audit) Object.assign(context.audit, addition);
}
