/** `holdfast login`, `logout` and `password`: sessions on other nodes, and the password of an account. */
import type { Command } from 'commander';
import { z } from 'zod';
import { parseNodeUrl } from '../../client/address.ts';
import { openConnection } from '../../client/connect.ts';
import { fileKnownNodes, normalizeFingerprint } from '../../client/known-nodes.ts';
import { fileTokenStore } from '../../client/token-store.ts';
import { AppError } from '../../errors.ts';
import {
  addCommand,
  addNoun,
  type CommandContext,
  type CommandHost,
  onlyArgument,
  sessionFor,
} from '../command.ts';
import { askPassword, readStdinLines } from '../prompt.ts';

const passwordStdin = ['--password-stdin', 'read the password from standard input'] as const;

export function addLogin(program: Command, host: CommandHost): void {
  addCommand(program, host, {
    usage: 'login <url>',
    summary: 'log in to another node; the session is kept in a file that only you can read',
    flags: [
      ['--user <name>', 'account (default admin)'],
      passwordStdin,
      ['--accept <fingerprint>', "pin this certificate fingerprint, as shown on the node's console"],
    ],
    options: z.object({
      user: z.string().default('admin'),
      passwordStdin: z.boolean().default(false),
      accept: z.string().optional(),
    }),
    examples: [
      'holdfast login https://node1:6060',
      'holdfast login node1 --user anna --password-stdin < password.txt',
    ],
    run: async (context, args, options) => {
      const { url } = parseNodeUrl(onlyArgument(args));
      if (options.accept !== undefined) accept(url, options.accept);
      await logIn(context, url, options);
    },
  });
  addCommand(program, host, {
    usage: 'logout <url>',
    summary: 'end the session on another node and forget it',
    options: z.object({}),
    examples: ['holdfast logout https://node1:6060'],
    run: async (context, args) => {
      const { url } = parseNodeUrl(onlyArgument(args));
      const target = { kind: 'remote', url } as const;
      const connection = openConnection(target, { reconnect: false, ...sessionFor(target, context.io) });
      try {
        await connection.client.session.logout();
      } catch (error) {
        // It has ended already: all that is left is to forget it.
        if (!(error instanceof AppError) || error.code !== 'unauthorized') throw error;
      } finally {
        connection.close();
        fileTokenStore().remove(url);
      }
      context.output.done({ url, loggedOut: true }, `logged out of ${url}`);
    },
  });
  addPassword(program, host);
}

function accept(url: string, text: string): void {
  const fingerprint = normalizeFingerprint(text);
  if (fingerprint === undefined) {
    throw new AppError('invalid_input', '--accept is not a SHA-256 fingerprint', {
      hint: 'copy the 64 hexadecimal digits that holdfast status shows on the node itself',
    });
  }
  fileKnownNodes().set(url, fingerprint);
}

async function logIn(
  context: CommandContext,
  url: string,
  options: { user: string; passwordStdin: boolean },
): Promise<void> {
  const target = { kind: 'remote', url } as const;
  const { token: _old, ...meeting } = sessionFor(target, context.io);
  const connection = openConnection(target, { reconnect: false, ...meeting });
  try {
    await connection.client.node.hello();
    const password = options.passwordStdin
      ? ((await readStdinLines(context.io))[0] ?? '')
      : await askPassword(context.io, `password of ${options.user} on ${url}: `);
    const { token, ...who } = await connection.client.session.login({ user: options.user, password });
    fileTokenStore().set(url, { user: who.user, token });
    context.output.result({ url, ...who }, () => {
      context.output.line(`logged in to ${url} as ${who.user} (${who.role})`);
      if (who.mustChangePassword) {
        context.output.line(`the password must be changed first: holdfast password change --node ${url}`);
      }
    });
  } finally {
    connection.close();
  }
}

function addPassword(program: Command, host: CommandHost): void {
  const noun = addNoun(program, 'password', 'the password of an account', ['holdfast password change']);
  addCommand(noun, host, {
    usage: 'change',
    summary: 'change your password; on the node itself also one that was lost',
    flags: [
      ['--user <name>', 'account, on the node itself (default admin)'],
      [
        '--password-stdin',
        'read from standard input: the present password and the new one, a line each; locally only the new one',
      ],
    ],
    options: z.object({ user: z.string().optional(), passwordStdin: z.boolean().default(false) }),
    examples: [
      'holdfast password change',
      'holdfast password change --node https://node1:6060',
      'printf "%s\\n" "$NEW" | holdfast password change --user admin --password-stdin',
    ],
    run: async (context, _args, options) => {
      const local = context.target.kind === 'local';
      const { current, next } = options.passwordStdin
        ? await passwordsFromStdin(context, local)
        : await passwordsFromTerminal(context, local);
      const user = options.user ?? (local ? 'admin' : undefined);
      await context.withNode(({ client }) =>
        client.session.changePassword({
          next,
          ...(user === undefined ? {} : { user }),
          ...(current === undefined ? {} : { current }),
        }),
      );
      context.output.done({ ok: true }, 'the password is changed');
    },
  });
}

interface Passwords {
  current: string | undefined;
  next: string;
}

/** Two lines are the present and the new one; a single line is the new one, which only the local console accepts. */
async function passwordsFromStdin(context: CommandContext, local: boolean): Promise<Passwords> {
  const [first, second] = await readStdinLines(context.io);
  if (second !== undefined) return { current: first, next: second };
  if (first !== undefined && first !== '' && local) return { current: undefined, next: first };
  throw new AppError('invalid_input', 'standard input holds too few lines', {
    hint: local
      ? 'give the new password on one line'
      : 'give the present password and the new one, a line each',
  });
}

async function passwordsFromTerminal(context: CommandContext, local: boolean): Promise<Passwords> {
  const current = local ? undefined : await askPassword(context.io, 'present password: ');
  const next = await askPassword(context.io, 'new password: ');
  const again = await askPassword(context.io, 'new password again: ');
  if (next !== again)
    throw new AppError('invalid_input', 'the two new passwords differ: nothing was changed');
  return { current, next };
}
