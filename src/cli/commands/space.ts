/** `holdfast space`: the folders that hold video, from browsing for one to deleting it. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import type { Connection } from '../../client/connect.ts';
import type { FolderEntry, Space } from '../../contract/index.ts';
import { AppError } from '../../errors.ts';
import { formatSize, parseSize } from '../../model/size.ts';
import { addCommand, addNoun, type CommandContext, type CommandHost, onlyArgument } from '../command.ts';
import type { Column, Tone } from '../output.ts';
import { progressBar } from '../progress.ts';
import { askYes, confirmByName, yesFlag } from '../prompt.ts';
import { pause } from '../watch.ts';

const none = z.object({});
const confirmed = z.object({ yes: z.string().optional() });

function stateTone(space: Space): Tone {
  if (space.state === 'normal') return 'good';
  return space.state === 'initializing' || space.state === 'restoring' ? 'warning' : 'bad';
}

export const spaceColumns: readonly Column<Space>[] = [
  { title: 'space', value: (row) => row.id },
  { title: 'name', value: (row) => row.name },
  {
    title: 'state',
    value: (row) => (row.progress ? `${row.state} ${row.progress.percent.toFixed(0)} %` : row.state),
    tone: stateTone,
  },
  { title: 'type', value: (row) => row.deviceType },
  { title: 'used', value: (row) => formatSize(row.usedBytes), align: 'right' },
  { title: 'quota', value: (row) => formatSize(row.quotaBytes), align: 'right' },
  { title: 'path', value: (row) => row.path },
  { title: 'problem', value: (row) => row.problem ?? '' },
];

const folderColumns: readonly Column<FolderEntry>[] = [
  { title: 'path', value: (row) => row.path },
  { title: 'type', value: (row) => row.deviceType },
  {
    title: 'free',
    value: (row) => (row.freeBytes === null ? '' : formatSize(row.freeBytes)),
    align: 'right',
  },
  {
    title: 'total',
    value: (row) => (row.totalBytes === null ? '' : formatSize(row.totalBytes)),
    align: 'right',
  },
  { title: 'notes', value: folderNotes },
];

function folderNotes(entry: FolderEntry): string {
  const owner = entry.holdfast?.ours ? 'of this node' : `of node ${entry.holdfast?.ownerNode}`;
  return [
    entry.systemDisk ? 'system disk' : '',
    entry.writable ? '' : 'not writable',
    entry.empty ? 'empty' : '',
    entry.holdfast ? `space ${entry.holdfast.spaceId} ${owner}` : '',
  ]
    .filter((note) => note !== '')
    .join(', ');
}

export function addSpace(program: Command, host: CommandHost): void {
  const noun = addNoun(program, 'space', 'storage spaces: the folders that hold video', [
    'holdfast space browse /srv',
    'holdfast space add /srv/video --quota 2TB',
    'holdfast space list',
  ]);
  addCommand(noun, host, {
    usage: 'list',
    summary: 'all spaces with their state',
    options: none,
    examples: ['holdfast space list', 'holdfast space list --json'],
    run: (context) =>
      context.withNode(async ({ client }) => {
        const spaces = await client.space.list();
        context.output.list(spaces, spaceColumns, 'no space yet: holdfast space add PATH --quota 20GB');
      }),
  });
  addAdd(noun, host);
  addCommand(noun, host, {
    usage: 'browse [path]',
    summary: 'disks of the node, or the folders below a path',
    options: none,
    examples: ['holdfast space browse', 'holdfast space browse /srv'],
    run: (context, [path]) =>
      context.withNode(async ({ client }) => {
        const found = await client.space.browse(path === undefined ? {} : { path: hostPath(context, path) });
        context.output.result(found, () =>
          context.output.table(found.entries, folderColumns, 'no folders here'),
        );
      }),
  });
  addDangerous(noun, host);
}

function addAdd(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'add <path>',
    summary: 'register an empty folder and initialise it',
    flags: [
      ['--quota <size>', 'how much it may hold, such as 20GB or 1.5TiB'],
      ['--name <name>', 'what to call it (default: the last part of the path)'],
      ['--other-disk', "refuse a folder on the operating system's own disk instead of only saying so"],
      ['--create', 'make the folder when it does not exist'],
      ['--yes <path>', 'the path again, to accept a folder that is not empty'],
      ['--no-wait', 'do not wait until it is initialised'],
    ],
    options: z.object({
      quota: z.string(),
      name: z.string().optional(),
      otherDisk: z.boolean().default(false),
      create: z.boolean().default(false),
      yes: z.string().optional(),
      wait: z.boolean().default(true),
    }),
    examples: [
      'holdfast space add /srv/video --quota 2TB',
      'holdfast space add /srv/video --quota 2TB --create --no-wait --json',
    ],
    run: (context, args, options) =>
      context.withNode(async (connection) => {
        const path = hostPath(context, onlyArgument(args));
        const add = (allowSystemDisk = false): Promise<Space> =>
          connection.client.space.add({
            path,
            quotaBytes: parseSize(options.quota),
            allowSystemDisk,
            ...(options.name === undefined ? {} : { name: options.name }),
            ...(options.yes === undefined ? {} : { confirm: hostPath(context, options.yes) }),
          });
        // Whoever writes out a path means it: the system disk is said, and refused only on request.
        const expressly = () =>
          add().catch(async (error: unknown) => {
            if (options.otherDisk || !isSystemDisk(error)) throw error;
            const space = await add(true);
            context.output.note(`${path} lies on the disk of the operating system: leave room there for it`);
            return space;
          });
        const added = await expressly().catch(async (error: unknown) => {
          if (!(await makeMissing(context, connection, error, { path, create: options.create }))) throw error;
          return expressly();
        });
        const space = options.wait ? await waitUntilReady(context, connection, added) : added;
        context.output.done(space, `space ${space.id} (${space.name}) is ${space.state}: ${space.path}`);
      }),
  });
}

function isSystemDisk(error: unknown): boolean {
  return error instanceof AppError && error.details?.systemDisk === true;
}

/** Makes the folder that was missing when that was asked for, or is wished at the terminal; false when not. */
async function makeMissing(
  context: CommandContext,
  connection: Connection,
  error: unknown,
  wanted: { path: string; create: boolean },
): Promise<boolean> {
  const { path, create } = wanted;
  if (!(error instanceof AppError) || error.details?.missing !== path) return false;
  if (!create && !(await askYes(context.io, `There is no folder ${path}. Make it? [y/N] `))) return false;
  await connection.client.space.makeFolder({ path });
  return true;
}

function addDangerous(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'initialize <id>',
    summary: 'initialise again: destroys what is recorded there',
    flags: [yesFlag, ['--no-wait', 'do not wait until it is initialised']],
    options: confirmed.extend({ wait: z.boolean().default(true) }),
    examples: ['holdfast space initialize s1', 'holdfast space initialize s1 --yes video'],
    run: (context, args, options) =>
      context.withNode(async (connection) => {
        const found = await findSpace(connection, onlyArgument(args));
        const held = formatSize(found.usedBytes);
        await confirmByName(context.io, {
          consequence: `Initialising ${found.name} destroys the ${held} recorded in ${found.path}.`,
          name: found.name,
          given: options.yes,
        });
        const started = await connection.client.space.initialize({ id: found.id, confirm: found.name });
        const space = options.wait ? await waitUntilReady(context, connection, started) : started;
        context.output.done(space, `space ${space.id} is ${space.state}`);
      }),
  });
  addCommand(noun, host, {
    usage: 'delete <id>',
    summary: 'forget a space that is lost or that no pool uses; its files stay on disk',
    flags: [yesFlag],
    options: confirmed,
    examples: ['holdfast space delete s1', 'holdfast space delete s1 --yes video'],
    run: (context, args, options) =>
      context.withNode(async (connection) => {
        const found = await findSpace(connection, onlyArgument(args));
        await confirmByName(context.io, {
          consequence: `Deleting ${found.name} makes its video unavailable here; the files in ${found.path} stay.`,
          name: found.name,
          given: options.yes,
        });
        await connection.client.space.delete({ id: found.id, confirm: found.name });
        context.output.done({ id: found.id, deleted: true }, `space ${found.id} is deleted`);
      }),
  });
  addCommand(noun, host, {
    usage: 'restore <id>',
    summary: 'take up a space found on disk: rebuilds the index from its blocks',
    flags: [yesFlag, ['--no-wait', 'do not wait until it is restored']],
    options: confirmed.extend({ wait: z.boolean().default(true) }),
    examples: ['holdfast space restore s1'],
    run: (context, args, options) =>
      context.withNode(async (connection) => {
        const found = await findSpace(connection, onlyArgument(args));
        if (found.state === 'normal') {
          await confirmByName(context.io, {
            consequence: `${found.name} is normal: nothing is recorded there until its index is rebuilt from ${formatSize(found.usedBytes)} of video.`,
            name: found.name,
            given: options.yes,
          });
        }
        const started = await connection.client.space.restore({ id: found.id, confirm: found.name });
        const space = options.wait ? await waitUntilReady(context, connection, started) : started;
        context.output.done(space, `space ${space.id} is ${space.state}`);
      }),
  });
}

/** On this machine a path may be relative to where the command was typed; elsewhere it is the other machine's. */
function hostPath(context: CommandContext, path: string): string {
  return context.target.kind === 'remote' ? path : resolve(path);
}

async function findSpace(connection: Connection, idOrName: string): Promise<Space> {
  const spaces = await connection.client.space.list();
  const found = spaces.find(({ id, name }) => id === idOrName || name === idOrName);
  if (found) return found;
  throw new AppError('not_found', `no space ${idOrName}`, { hint: 'holdfast space list shows them' });
}

const pollMs = 300;

async function waitUntilReady(context: CommandContext, connection: Connection, begun: Space): Promise<Space> {
  const bar = progressBar(context.io, `${begun.state} ${begun.name}`);
  try {
    let space = begun;
    while (space.state === 'initializing' || space.state === 'restoring') {
      if (space.progress) bar.show(space.progress);
      await pause(pollMs);
      space = await findSpace(connection, begun.id);
    }
    if (space.state === 'normal') return space;
    throw new AppError(
      'unavailable',
      `space ${space.id} is ${space.state}: ${space.problem ?? 'no reason known'}`,
      {
        ...(space.hint === null ? {} : { hint: space.hint }),
        details: { id: space.id, state: space.state },
      },
    );
  } finally {
    bar.end();
  }
}
