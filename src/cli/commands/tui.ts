/** `holdfast tui`: the console, for the node of this machine or another one. */
import type { Command } from 'commander';
import { z } from 'zod';
import { parseNodeUrl, type Target } from '../../client/address.ts';
import { AppError } from '../../errors.ts';
import { addCommand, type CommandHost } from '../command.ts';
import { builtProgram } from '../installation.ts';
import type { CliIo } from '../io.ts';
import { launchProgram } from '../supervise.ts';

/** Flags that are handed to the console as they are. */
export const tuiFlags = [
  ['--read-only', 'show everything, change nothing'],
  ['--ascii', 'draw with ASCII characters only'],
  ['--skin <name>', 'default, mono or high-contrast'],
  ['--slow', 'refresh every five seconds, for a bad line'],
  ['--screen-reader', 'text in reading order, no alternate screen'],
] as const;
export const tuiOptions = z.object({
  readOnly: z.boolean().optional(),
  ascii: z.boolean().optional(),
  skin: z.enum(['default', 'mono', 'high-contrast']).optional(),
  slow: z.boolean().optional(),
  screenReader: z.boolean().optional(),
});
interface TuiOptions extends z.output<typeof tuiOptions> {
  /** The agent was started with the console and ends with it: of a pair's node that is asked first. */
  endsAgent?: boolean;
}

function tuiArguments(target: Target, options: TuiOptions): string[] {
  return [
    ...(target.kind === 'remote' ? ['--url', parseNodeUrl(target.url).url] : ['--data', target.dataDir]),
    ...(options.readOnly ? ['--read-only'] : []),
    ...(options.ascii ? ['--ascii'] : []),
    ...(options.skin === undefined ? [] : ['--skin', options.skin]),
    ...(options.slow ? ['--slow'] : []),
    ...(options.screenReader ? ['--screen-reader'] : []),
    ...(options.endsAgent ? ['--ends-agent'] : []),
  ];
}

/** True when the console has a terminal to draw on. */
export function hasTerminal(io: CliIo): boolean {
  return io.stdin.isTTY === true && io.stdout.isTTY === true && io.env.TERM !== 'dumb';
}

/** Runs the console in this terminal until the person leaves it; gives its exit code. */
export function runTui(io: CliIo, target: Target, options: TuiOptions): Promise<number> {
  const child = launchProgram(builtProgram('tui/main'), tuiArguments(target, options), 'inherit');
  const unhook = io.onStop(() => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.once('error', () => resolve(14));
    child.once('exit', (code, signal) => {
      unhook();
      // Killed without a chance to tidy up: leave the alternate screen and show the cursor.
      if (signal !== null) io.stdout.write('\u001b[?1049l\u001b[?25h\u001b[0m');
      resolve(code ?? (signal === 'SIGTERM' ? 0 : 137));
    });
  });
}

export function addTui(program: Command, host: CommandHost): void {
  addCommand(program, host, {
    usage: 'tui [url]',
    summary: 'the console in this terminal',
    flags: tuiFlags,
    options: tuiOptions,
    examples: ['holdfast tui', 'holdfast tui https://node1:6060', 'holdfast tui --read-only --ascii'],
    run: async (context, [url], options) => {
      if (!hasTerminal(context.io)) {
        throw new AppError('unsupported', 'the console needs a terminal', { hint: 'use holdfast status' });
      }
      const target = url === undefined ? context.target : ({ kind: 'remote', url } as const);
      context.exitWith(await runTui(context.io, target, options));
    },
  });
}
