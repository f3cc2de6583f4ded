/** `holdfast lock`: stretches of video that are evidence, and are not overwritten until they are unlocked. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { Lock } from '../../contract/index.ts';
import { AppError } from '../../errors.ts';
import { plural } from '../../model/plural.ts';
import { formatSize } from '../../model/size.ts';
import { addCommand, addNoun, type CommandHost, onlyArgument } from '../command.ts';
import type { Column } from '../output.ts';
import { confirmByName } from '../prompt.ts';
import { formatTime, parseFuture, parseStretch } from '../time.ts';

const columns: readonly Column<Lock>[] = [
  { title: 'lock', value: (row) => row.id },
  { title: 'camera', value: (row) => row.cameraName ?? row.cameraId },
  { title: 'from', value: (row) => formatTime(row.fromMs) },
  { title: 'to', value: (row) => formatTime(row.toMs) },
  { title: 'expires', value: (row) => (row.expiresAtMs === null ? 'never' : formatTime(row.expiresAtMs)) },
  { title: 'holds', value: holdsText, align: 'right' },
  { title: 'by', value: (row) => row.createdBy },
  { title: 'note', value: (row) => row.note },
];

function holdsText({ bytes }: Lock): string {
  return bytes === null ? '?' : formatSize(bytes);
}

export function addLock(program: Command, host: CommandHost): void {
  const noun = addNoun(program, 'lock', 'locks: video that is not overwritten until it is unlocked', [
    'holdfast lock add --camera door --from 14:30 --to 14:45 --note "case 2217"',
    'holdfast lock list',
    'holdfast lock remove lock-3',
  ]);
  addCommand(noun, host, {
    usage: 'list',
    summary: 'what is locked, by whom, why, and how much it holds',
    flags: [['--camera <name>', 'only of this camera, by id or name']],
    options: z.object({ camera: z.string().optional() }),
    examples: ['holdfast lock list', 'holdfast lock list --camera door --json'],
    run: (context, _args, { camera }) =>
      context.withNode(async ({ client }) => {
        const locks = await client.lock.list(camera === undefined ? {} : { camera });
        context.output.list(locks, columns, 'nothing is locked');
      }),
  });
  addAdd(noun, host);
  addRemove(noun, host);
}

function addAdd(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'add',
    summary: 'keep a stretch of one camera; whole blocks are kept, an end in the future is cut at now',
    flags: [
      ['--camera <name>', 'camera, by id or name; one that was removed by id'],
      ['--from <time>', 'start: 2026-11-19T14:30 (local, or with Z), 14:30, -10m'],
      ['--to <time>', 'end, likewise; or now'],
      ['--note <text>', 'why, in one line: a case number, a name'],
      ['--expires <time>', 'let it go by itself: 90d (m, h, d from now), 2027-03-31; left out: never'],
    ],
    options: z.object({
      camera: z.string(),
      from: z.string(),
      to: z.string(),
      note: z.string().optional(),
      expires: z.string().optional(),
    }),
    examples: [
      'holdfast lock add --camera door --from 14:30 --to 14:45 --note "case 2217"',
      'holdfast lock add --camera c1 --from -10m --to now --expires 90d',
      'holdfast lock add --camera c1 --from 2026-11-19T08:00:00Z --to 2026-11-19T09:00:00Z --json',
    ],
    run: async (context, _args, options) => {
      const nowMs = context.io.nowMs();
      const { fromMs, toMs } = parseStretch(options, nowMs);
      const expiresAtMs = options.expires === undefined ? null : parseFuture(options.expires, nowMs);
      await context.withNode(async ({ client }) => {
        const { camera } = options;
        const note = options.note === undefined ? {} : { note: options.note };
        const lock = await client.lock.add({ camera, fromMs, toMs, expiresAtMs, ...note });
        context.output.done(lock, addedText(lock, toMs));
      });
    },
  });
}

function addedText(lock: Lock, wantedToMs: number): string {
  const holds = lock.blocks === null ? '' : `: ${plural(lock.blocks, 'block')}, ${holdsText(lock)}`;
  const cut = lock.toMs < wantedToMs ? ', the present: what is recorded later is not locked' : '';
  const who = lock.cameraName ?? lock.cameraId;
  const ends = lock.expiresAtMs === null ? '' : `, until ${formatTime(lock.expiresAtMs)}`;
  return `${lock.id} holds ${who} from ${formatTime(lock.fromMs)} to ${formatTime(lock.toMs)}${cut}${holds}${ends}`;
}

function addRemove(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'remove <lock>',
    summary: 'unlock: what it held may be overwritten from then on, and soon is',
    flags: [['--yes <lock>', 'the lock again, to confirm without being asked']],
    options: z.object({ yes: z.string().optional() }),
    examples: ['holdfast lock remove lock-3', 'holdfast lock remove lock-3 --yes lock-3'],
    run: (context, args, options) =>
      context.withNode(async ({ client }) => {
        const id = onlyArgument(args);
        const lock = (await client.lock.list({})).find((one) => one.id === id);
        if (lock === undefined)
          throw new AppError('not_found', `there is no lock ${id}`, { hint: 'see holdfast lock list' });
        const stretch = `${lock.cameraName ?? lock.cameraId} from ${formatTime(lock.fromMs)} to ${formatTime(lock.toMs)}`;
        await confirmByName(context.io, {
          consequence: `Removing ${id} lets the video of ${stretch} be overwritten.`,
          name: id,
          given: options.yes,
        });
        await client.lock.remove({ id });
        context.output.done({ id, removed: true }, `${id} is removed`);
      }),
  });
}
