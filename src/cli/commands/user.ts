/** `holdfast user`: the accounts of a node and their roles. */
import type { Command } from 'commander';
import { z } from 'zod';
import { roleSchema, type User } from '../../contract/index.ts';
import { addCommand, addNoun, type CommandHost, onlyArgument, requireChange } from '../command.ts';
import type { Column } from '../output.ts';
import { confirmByName, yesFlag } from '../prompt.ts';
import { formatTime } from '../time.ts';

const userColumns: readonly Column<User>[] = [
  { title: 'user', value: (row) => row.name },
  { title: 'role', value: (row) => row.role },
  { title: 'state', value: stateOf },
  {
    title: 'last login',
    value: (row) => (row.lastLoginAtMs === null ? 'never' : formatTime(row.lastLoginAtMs)),
  },
];

function stateOf(user: User): string {
  if (user.disabled) return 'disabled';
  if (user.lockedUntilMs !== null) return `locked until ${formatTime(user.lockedUntilMs)}`;
  return user.mustChangePassword ? 'must change password' : 'active';
}

export function addUser(program: Command, host: CommandHost): void {
  const noun = addNoun(program, 'user', 'accounts and their roles', [
    'holdfast user list',
    'holdfast user add anna --role operator',
  ]);
  addCommand(noun, host, {
    usage: 'list',
    summary: 'all accounts',
    options: z.object({}),
    examples: ['holdfast user list'],
    run: (context) =>
      context.withNode(async ({ client }) => {
        const users = await client.user.list();
        context.output.list(users, userColumns, 'no accounts');
      }),
  });
  addCommand(noun, host, {
    usage: 'add <name>',
    summary: 'make an account; its one-time password is shown once, here',
    flags: [['--role <role>', 'viewer (default), operator or admin']],
    options: z.object({ role: roleSchema.default('viewer') }),
    examples: ['holdfast user add anna --role operator'],
    run: (context, args, options) =>
      context.withNode(async ({ client }) => {
        const added = await client.user.add({ name: onlyArgument(args), role: options.role });
        context.output.done(
          added,
          `user ${added.name} (${added.role}), one-time password: ${added.oneTimePassword}`,
        );
      }),
  });
  addCommand(noun, host, {
    usage: 'edit <name>',
    summary: 'change the role, or close and open the account',
    flags: [
      ['--role <role>', 'viewer, operator or admin'],
      ['--disable', 'close it'],
      ['--enable', 'open it again'],
    ],
    options: z.object({
      role: roleSchema.optional(),
      disable: z.boolean().optional(),
      enable: z.boolean().optional(),
    }),
    examples: ['holdfast user edit anna --role admin', 'holdfast user edit anna --disable'],
    run: async (context, args, options) => {
      requireChange(options);
      await context.withNode(async ({ client }) => {
        const edited = await client.user.edit({
          name: onlyArgument(args),
          ...(options.role === undefined ? {} : { role: options.role }),
          ...(options.disable ? { disabled: true } : {}),
          ...(options.enable ? { disabled: false } : {}),
        });
        context.output.done(edited, `user ${edited.name}: ${edited.role}, ${stateOf(edited)}`);
      });
    },
  });
  addRecovery(noun, host);
}

function addRecovery(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'reset-password <name>',
    summary: 'give the account a new one-time password, shown once, here',
    options: z.object({}),
    examples: ['holdfast user reset-password anna'],
    run: (context, args) =>
      context.withNode(async ({ client }) => {
        const name = onlyArgument(args);
        const reset = await client.user.resetPassword({ name });
        context.output.done({ name, ...reset }, `one-time password of ${name}: ${reset.oneTimePassword}`);
      }),
  });
  addCommand(noun, host, {
    usage: 'remove <name>',
    summary: 'remove an account and end its sessions',
    flags: [yesFlag],
    options: z.object({ yes: z.string().optional() }),
    examples: ['holdfast user remove anna --yes anna'],
    run: async (context, args, options) => {
      const name = onlyArgument(args);
      await confirmByName(context.io, {
        consequence: `The account ${name} is removed.`,
        name,
        given: options.yes,
      });
      await context.withNode(({ client }) => client.user.remove({ name }));
      context.output.done({ name, removed: true }, `user ${name} is removed`);
    },
  });
}
