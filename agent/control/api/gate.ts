/** The gate before every handler: nobody without a session (I8), no role too low, every change audited with secrets masked. */
import { z } from 'zod';
import { type ProcedureMeta, type Role, roleSchema } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { maskAddresses, maskSecrets } from '../../../src/model/secrets.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Accounts } from '../accounts/accounts.ts';
import type { Sessions } from '../accounts/sessions.ts';
import type { AuditNote, CallContext, Connection, Principal } from './context.ts';
import { toShownError, toWireError } from './wire-errors.ts';

/** What the journal keeps of a text. */
const textMax = 4_096;
/** Calls and streams that one connection may have under way. */
const inFlightMax = 64;

const rank: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

const metaSchema = z.object({
  role: roleSchema.nullable(),
  audited: z.boolean().optional(),
  allowedBeforePasswordChange: z.boolean().optional(),
});

export interface GateOptions {
  accounts: Accounts;
  sessions: Sessions;
  journal: Journal;
  /** Name of the operating system's user that runs the agent; who may open the local socket acts as this user. */
  osUser: string;
  /** Told of defects: what was thrown that is not an AppError. */
  onUnexpected: (thrown: unknown, path: string) => void;
}

/** The part of an intercepted call that the gate needs. */
export interface GatedCall {
  context: CallContext;
  path: readonly string[];
  input: unknown;
  meta: unknown;
}

export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Who is behind a connection or a call's own token; null when nobody is. */
  identify(connection: Connection, token: string | null = null): Principal | null {
    const { accounts, sessions, osUser } = this.#options;
    if (connection.via === 'local') {
      return { user: osUser, role: 'admin', via: 'local', session: null, mustChangePassword: false };
    }
    const session = token === null ? connection.session : sessions.find(token);
    if (!session || !sessions.isLive(session)) return null;
    sessions.touch(session);
    const user = accounts.find(session.user);
    if (!user || user.disabled) return null;
    const { role, mustChangePassword } = user;
    return { user: user.name, role, via: 'network', session, mustChangePassword };
  }

  /** Whether somebody is behind the connection; asking does not count as a sign of life. */
  isIdentified(connection: Connection): boolean {
    return (
      connection.via === 'local' ||
      (connection.session !== null && this.#options.sessions.isLive(connection.session))
    );
  }

  /** @throws AppError `unauthorized` or `forbidden`. */
  authorize(principal: Principal | null, meta: ProcedureMeta): void {
    if (meta.role === null) return;
    if (!principal) {
      throw new AppError('unauthorized', 'not logged in, or the session has ended', {
        hint: 'Log in: holdfast login URL.',
      });
    }
    if (principal.mustChangePassword && !meta.allowedBeforePasswordChange) {
      throw new AppError('forbidden', 'the one-time password must be changed first', {
        hint: 'Change it: holdfast password change.',
        details: { mustChangePassword: true },
      });
    }
    if (rank[principal.role] < rank[meta.role]) {
      throw new AppError(
        'forbidden',
        `this needs the role ${meta.role}; ${principal.user} is ${principal.role}`,
        {
          hint: 'Ask an administrator to do it, or to raise the role.',
        },
      );
    }
  }

  /** Runs `next` when the caller may; failures come out in wire form. */
  async pass(call: GatedCall, next: (context: CallContext) => Promise<unknown>): Promise<unknown> {
    const { connection } = call.context;
    const meta = metaOf(call.meta);
    const audit: AuditNote = {};
    let principal: Principal | null = null;
    connection.inFlight += 1;
    try {
      if (connection.inFlight > inFlightMax) throw tooMany();
      principal = this.identify(connection, call.context.token ?? null);
      this.authorize(principal, meta);
      const output = await next({ ...call.context, principal, audit });
      if (meta.audited) this.#audit({ call, principal, audit, failure: null });
      return output;
    } catch (thrown) {
      const path = call.path.join('.');
      const error = toShownError(thrown, call.input, (defect) => this.#options.onUnexpected(defect, path));
      if (meta.audited && principal) this.#audit({ call, principal, audit, failure: error });
      throw toWireError(error);
    } finally {
      connection.inFlight -= 1;
    }
  }

  #audit(done: {
    call: GatedCall;
    principal: Principal | null;
    audit: AuditNote;
    failure: AppError | null;
  }): void {
    const { call, principal, audit, failure } = done;
    if (audit.skip) return;
    const event = call.path.join('.');
    const subject = audit.subject ?? subjectOf(call.input);
    const text = failure
      ? `${event}${subject ? ` ${subject}` : ''} refused: ${failure.message}`
      : (audit.text ?? `${event}${subject ? ` ${subject}` : ''}`);
    this.#options.journal.append({
      type: 'audit',
      level: failure ? 'warning' : 'info',
      event,
      subject,
      user: principal?.user ?? null,
      ip: call.context.connection.address,
      text: maskAddresses(text.slice(0, textMax)),
      details: {
        input: maskSecrets(call.input) ?? null,
        ...(audit.before === undefined ? {} : { before: maskSecrets(audit.before) }),
        ...(audit.after === undefined ? {} : { after: maskSecrets(audit.after) }),
        ...(failure ? { error: failure.code } : {}),
      },
    });
  }
}

/** A procedure without readable metadata is for administrators only. */
function metaOf(meta: unknown): ProcedureMeta {
  const parsed = metaSchema.safeParse(meta);
  if (!parsed.success) return { role: 'admin', audited: true };
  const { role, audited, allowedBeforePasswordChange } = parsed.data;
  return {
    role,
    ...(audited === undefined ? {} : { audited }),
    ...(allowedBeforePasswordChange === undefined ? {} : { allowedBeforePasswordChange }),
  };
}

function subjectOf(input: unknown): string | null {
  if (typeof input !== 'object' || input === null) return null;
  for (const key of ['id', 'name', 'user']) {
    const value: unknown = Reflect.get(input, key);
    if (typeof value === 'string') return value.slice(0, 64);
  }
  return null;
}

function tooMany(): AppError {
  return new AppError('unavailable', `more than ${inFlightMax} calls at once on one connection`, {
    hint: 'Wait for answers, or open another connection.',
  });
}
