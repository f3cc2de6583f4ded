/** `holdfast pool`: capacity made of spaces, with the strategy that decides what is overwritten. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { Connection } from '../../client/connect.ts';
import { type Pool, strategySchema } from '../../contract/index.ts';
import { AppError } from '../../errors.ts';
import { videoBytesLost } from '../../model/pool-share.ts';
import { formatSize, parseSize } from '../../model/size.ts';
import {
  addCommand,
  addNoun,
  type CommandContext,
  type CommandHost,
  onlyArgument,
  requireChange,
} from '../command.ts';
import type { Column } from '../output.ts';
import { confirmByName, yesFlag } from '../prompt.ts';
import { formatDuration, formatTime } from '../time.ts';

export const poolColumns: readonly Column<Pool>[] = [
  { title: 'pool', value: (row) => row.id },
  { title: 'name', value: (row) => row.name },
  { title: 'status', value: (row) => row.status, tone: (row) => (row.status === 'normal' ? 'good' : 'bad') },
  { title: 'strategy', value: strategyText },
  { title: 'used', value: (row) => formatSize(row.usedBytes), align: 'right' },
  { title: 'total', value: (row) => formatSize(row.totalBytes), align: 'right' },
  { title: 'cameras', value: (row) => String(row.cameras), align: 'right' },
  {
    title: 'holds',
    value: (row) => (row.retentionSeconds === null ? '' : formatDuration(row.retentionSeconds)),
  },
  { title: 'problem', value: (row) => row.problem ?? '' },
];

function strategyText(pool: Pool): string {
  return pool.strategy === 'cycle' ? `cycle ${pool.cycleDays ?? '?'} d` : 'capacity';
}

const wholeNumber = z.coerce.number().int();
const policyFlags = [
  ['--strategy <word>', 'capacity (recycle the oldest when full) or cycle (keep N days)'],
  ['--cycle-days <n>', 'days to keep with --strategy cycle'],
  ['--max-locked <percent>', 'how much may be locked against overwriting'],
] as const;
const policyOptions = z.object({
  strategy: strategySchema.optional(),
  cycleDays: wholeNumber.min(1).max(3650).optional(),
  maxLocked: z.coerce.number().min(0).max(90).optional(),
});

function policyOf(options: z.output<typeof policyOptions>) {
  const strategy = options.strategy ?? (options.cycleDays === undefined ? undefined : 'cycle');
  return {
    ...(strategy === undefined ? {} : { strategy }),
    ...(options.cycleDays === undefined ? {} : { cycleDays: options.cycleDays }),
    ...(options.maxLocked === undefined ? {} : { maxLockedPercent: options.maxLocked }),
  };
}

function parseShare(text: string): { space: string; bytes: number } {
  const at = text.lastIndexOf(':');
  if (at < 1) {
    throw new AppError('invalid_input', `not a share: ${text}`, {
      hint: 'write SPACE:SIZE, such as s1:500GB',
    });
  }
  return { space: text.slice(0, at), bytes: parseSize(text.slice(at + 1)) };
}

async function resolveShares(connection: Connection, texts: readonly string[]) {
  const spaces = await connection.client.space.list();
  return texts.map(parseShare).map(({ space, bytes }) => {
    const found = spaces.find(({ id, name }) => id === space || name === space);
    if (!found)
      throw new AppError('not_found', `no space ${space}`, { hint: 'holdfast space list shows them' });
    return { spaceId: found.id, bytes };
  });
}

async function findPool(connection: Connection, idOrName: string): Promise<Pool> {
  const pools = await connection.client.pool.list();
  const found = pools.find(({ id, name }) => id === idOrName || name === idOrName);
  if (found) return found;
  throw new AppError('not_found', `no pool ${idOrName}`, { hint: 'holdfast pool list shows them' });
}

export function addPool(program: Command, host: CommandHost): void {
  const noun = addNoun(program, 'pool', 'resource pools: what cameras record into', [
    'holdfast pool add main --space s1:500GB',
    'holdfast pool list',
    'holdfast pool expand main --space s2:1TB',
  ]);
  addCommand(noun, host, {
    usage: 'list',
    summary: 'all pools with capacity and how long they hold',
    options: z.object({}),
    examples: ['holdfast pool list', 'holdfast pool list --json'],
    run: (context) =>
      context.withNode(async ({ client }) => {
        const pools = await client.pool.list();
        context.output.list(pools, poolColumns, 'no pool yet');
      }),
  });
  addCommand(noun, host, {
    usage: 'show <pool>',
    summary: 'one pool, by id or name',
    options: z.object({}),
    examples: ['holdfast pool show main'],
    run: (context, args) =>
      context.withNode(async (connection) => {
        const pool = await findPool(connection, onlyArgument(args));
        context.output.result(pool, () => printPool(context, pool));
      }),
  });
  addMaking(noun, host);
  addChanging(noun, host);
}

function addMaking(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'add <name>',
    summary: 'make a pool of capacity from one or more spaces',
    flags: [
      ['--space <id:size...>', 'where the capacity comes from, and how much of it, such as s1:500GB'],
      ...policyFlags,
    ],
    options: policyOptions.extend({
      space: z.array(z.string()),
    }),
    examples: [
      'holdfast pool add main --space s1:500GB',
      'holdfast pool add month --space s1:1TB s2:1TB --strategy cycle --cycle-days 30',
    ],
    run: (context, args, options) =>
      context.withNode(async (connection) => {
        const pool = await connection.client.pool.add({
          name: onlyArgument(args),
          shares: await resolveShares(connection, options.space),
          ...policyOf(options),
        });
        context.output.done(pool, `pool ${pool.id} (${pool.name}) holds ${formatSize(pool.totalBytes)}`);
      }),
  });
  addCommand(noun, host, {
    usage: 'expand <pool>',
    summary: 'set how much a space gives; without --space shows the most each can give',
    flags: [['--space <id:size>', 'space and its new share, such as s2:1TB'], yesFlag],
    options: z.object({ space: z.string().optional(), yes: z.string().optional() }),
    examples: ['holdfast pool expand main', 'holdfast pool expand main --space s2:1TB'],
    run: (context, args, options) =>
      context.withNode(async (connection) => {
        const found = await findPool(connection, onlyArgument(args));
        if (options.space === undefined) return showExpandable(context, connection, found);
        const [share] = await resolveShares(connection, [options.space]);
        if (!share) return;
        const held = found.shares.find(({ spaceId }) => spaceId === share.spaceId);
        const lostBytes = videoBytesLost(held, share.bytes);
        if (lostBytes > 0) {
          await confirmByName(context.io, {
            consequence: `With less of ${share.spaceId}, ${found.name} gives up the ${formatSize(lostBytes)} of its oldest video there.`,
            name: found.name,
            given: options.yes,
          });
        }
        const pool = await connection.client.pool.expand({ id: found.id, share });
        context.output.done(pool, `pool ${pool.id} now holds ${formatSize(pool.totalBytes)}`);
      }),
  });
}

function addChanging(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'edit <pool>',
    summary: 'change name or strategy',
    flags: [['--name <name>', 'its new name'], ...policyFlags],
    options: policyOptions.extend({ name: z.string().optional() }),
    examples: [
      'holdfast pool edit main --strategy cycle --cycle-days 30',
      'holdfast pool edit p1 --name main',
    ],
    run: async (context, args, options) => {
      requireChange(options);
      await context.withNode(async (connection) => {
        const found = await findPool(connection, onlyArgument(args));
        const pool = await connection.client.pool.edit({
          id: found.id,
          ...policyOf(options),
          ...(options.name === undefined ? {} : { name: options.name }),
        });
        context.output.done(pool, `pool ${pool.id} (${pool.name}): ${strategyText(pool)}`);
      });
    },
  });
  addCommand(noun, host, {
    usage: 'delete <pool>',
    summary: 'delete a pool that no camera records into; its video becomes free space',
    flags: [yesFlag],
    options: z.object({ yes: z.string().optional() }),
    examples: ['holdfast pool delete main', 'holdfast pool delete main --yes main'],
    run: (context, args, options) =>
      context.withNode(async (connection) => {
        const found = await findPool(connection, onlyArgument(args));
        await confirmByName(context.io, {
          consequence: `Deleting ${found.name} gives up the ${formatSize(found.usedBytes)} of video in it.`,
          name: found.name,
          given: options.yes,
        });
        await connection.client.pool.delete({ id: found.id, confirm: found.name });
        context.output.done({ id: found.id, deleted: true }, `pool ${found.id} is deleted`);
      }),
  });
}

async function showExpandable(context: CommandContext, connection: Connection, pool: Pool): Promise<void> {
  const shares = await connection.client.pool.expandable({ id: pool.id });
  context.output.list(
    shares,
    [
      { title: 'space', value: (row) => row.spaceId },
      { title: 'can give at most', value: (row) => formatSize(row.bytes), align: 'right' },
    ],
    'no space can give anything',
  );
}

function printPool(context: CommandContext, pool: Pool): void {
  context.output.facts([
    ['pool', `${pool.id} (${pool.name})`],
    ['status', pool.problem === null ? pool.status : `${pool.status}: ${pool.problem}`],
    ['strategy', strategyText(pool)],
    [
      'capacity',
      `${formatSize(pool.usedBytes)} used, ${formatSize(pool.freeBytes)} free of ${formatSize(pool.totalBytes)}`,
    ],
    ['locked', `${formatSize(pool.lockedBytes)}, at most ${pool.maxLockedPercent} %`],
    ['reserve', formatSize(pool.reserveBytes)],
    ['spaces', pool.shares.map((share) => `${share.spaceId}:${formatSize(share.bytes)}`).join(', ')],
    ['cameras', String(pool.cameras)],
    ['writes', `${formatSize(pool.writeBytesPerSecond)}/s`],
    ['oldest video', pool.oldestVideoMs === null ? '-' : formatTime(pool.oldestVideoMs)],
    ['holds', pool.retentionSeconds === null ? '-' : formatDuration(pool.retentionSeconds)],
  ]);
}
