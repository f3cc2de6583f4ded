/** Handlers of `session`: log in and out, who am I, password change, sessions seen and ended. */
import type { Role } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { bindSession, callerOf, note, type Principal } from '../api/context.ts';
import { api } from '../api/implementer.ts';
import type { Services } from '../services.ts';

/** The account that the local console means when it names none. */
const firstAccount = 'admin';

export function sessionHandlers({ accounts, sessions, journal, clock }: Services) {
  const log = (event: string, level: 'info' | 'warning', who: { user: string; ip: string }, text: string) =>
    journal.append({ type: 'audit', level, event, subject: who.user, ...who, text });
  const expiryOf = (principal: Principal) =>
    principal.session ? sessions.expiresAtMs(principal.session) : null;
  const roleOf = (user: string): Role => accounts.find(user)?.role ?? 'viewer';

  return {
    login: api.session.login.handler(async ({ input, context }) => {
      const { connection } = context;
      const who = { user: input.user, ip: connection.address };
      try {
        const { session, token, user } = await accounts.login(input.user, input.password, connection.address);
        bindSession(connection, session, clock);
        log('session.login', 'info', who, `${input.user} logged in from ${connection.address}`);
        return {
          user: user.name,
          role: user.role,
          mustChangePassword: user.mustChangePassword,
          via: 'network' as const,
          expiresAtMs: sessions.expiresAtMs(session),
          token,
        };
      } catch (error) {
        const locked = error instanceof AppError && error.details?.retryAfterMs !== undefined;
        if (!locked)
          log(
            'session.login-failed',
            'warning',
            who,
            `log-in as ${input.user} from ${connection.address} failed`,
          );
        throw error;
      }
    }),
    logout: api.session.logout.handler(({ context }) => {
      const { session, user } = callerOf(context);
      if (session) {
        sessions.end(session.id);
        log('session.logout', 'info', { user, ip: context.connection.address }, `${user} logged out`);
      }
      return { ok: true as const };
    }),
    whoami: api.session.whoami.handler(({ context }) => {
      const principal = callerOf(context);
      const { user, role, mustChangePassword, via } = principal;
      return { user, role, mustChangePassword, via, expiresAtMs: expiryOf(principal) };
    }),
    changePassword: api.session.changePassword.handler(async ({ input, context }) => {
      const { user, via, session } = callerOf(context);
      const local = via === 'local';
      const name = input.user ?? (local ? firstAccount : user);
      note(context, { subject: name, text: `password of ${name} changed` });
      if (!local && name !== user) {
        throw new AppError('forbidden', 'only the local console may change the password of another account', {
          hint: 'Run it on the node itself, or reset it: holdfast user reset-password NAME.',
        });
      }
      if (!local && input.current === undefined) {
        throw new AppError('invalid_input', 'current: the current password is needed', {
          hint: 'Give the password that you logged in with.',
          details: { field: 'current' },
        });
      }
      await accounts.changePassword({
        name,
        current: local ? null : (input.current ?? ''),
        next: input.next,
        address: context.connection.address,
        ...(session ? { sessionId: session.id } : {}),
      });
      return { ok: true as const };
    }),
    list: api.session.list.handler(({ context }) => {
      note(context, { skip: true });
      const own = callerOf(context).session?.id;
      return sessions.list().map(({ id, user, address, startedAtMs, lastSeenAtMs }) => ({
        id,
        user,
        role: roleOf(user),
        address,
        startedAtMs,
        lastSeenAtMs,
        current: id === own,
      }));
    }),
    revoke: api.session.revoke.handler(({ input }) => {
      if (sessions.end(input.id)) return { ok: true as const };
      throw new AppError('not_found', `there is no session ${input.id}`, {
        hint: 'It may have ended already.',
      });
    }),
  };
}
