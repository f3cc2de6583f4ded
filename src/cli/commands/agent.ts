/** `holdfast agent`: the daemon of a node in the foreground, started again when it is killed. */
import type { Command } from 'commander';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { agentAnswers, startAgent } from '../agent-process.ts';
import { addCommand, type CommandContext, type CommandHost } from '../command.ts';
import { pause } from '../watch.ts';

/** Flags that are handed to the agent as they are. */
export const agentFlags = [
  ['--listen <address>', 'address and port of the network API (default 127.0.0.1:6060)'],
  [
    '--peer-listen <address>',
    'address and port of the link to the other node of a pair (default 0.0.0.0:7330)',
  ],
  ['--settings <file>', 'settings file (default: settings.json in the data folder)'],
  [
    '--watchdog <device>',
    "resets a pair's node that cannot stop in time, such as /dev/watchdog; kept; or none",
  ],
  ['--name <name>', 'name of a node that starts for the first time (default: the host name)'],
] as const;
export const agentOptions = z.object({
  listen: z.string().optional(),
  peerListen: z.string().optional(),
  settings: z.string().optional(),
  name: z.string().max(64).optional(),
  watchdog: z.string().max(1024).optional(),
});

export function agentArguments(dataDir: string, options: z.output<typeof agentOptions>): string[] {
  return [
    '--data',
    dataDir,
    ...(options.listen === undefined ? [] : ['--listen', options.listen]),
    ...(options.peerListen === undefined ? [] : ['--peer-listen', options.peerListen]),
    ...(options.settings === undefined ? [] : ['--settings', options.settings]),
    ...(options.name === undefined ? [] : ['--name', options.name]),
    ...(options.watchdog === undefined ? [] : ['--watchdog', options.watchdog]),
  ];
}

export function addAgent(program: Command, host: CommandHost): void {
  addCommand(program, host, {
    usage: 'agent',
    summary: 'run the agent of this machine in the foreground; a killed one is started again at once',
    flags: agentFlags,
    options: agentOptions,
    examples: [
      'holdfast agent --data /var/lib/holdfast --listen 0.0.0.0:6060',
      'HOLDFAST_DATA=/srv/holdfast holdfast agent',
    ],
    run: async (context, _args, options) => {
      const { io, dataDir } = context;
      await refuseSecond(context);
      const agent = startAgent({ io, args: agentArguments(dataDir, options), onLine: null });
      const unhook = io.onStop(() => agent.stop('SIGTERM'));
      try {
        context.exitWith(await agent.ended);
      } finally {
        unhook();
      }
    },
  });
}

const handOverMs = 4_000;
const pollMs = 200;

/** One agent a data folder. One that is just ending (its supervisor was killed) is given the time to do so. */
async function refuseSecond(context: CommandContext): Promise<void> {
  const { io, dataDir } = context;
  const deadlineMs = io.nowMs() + handOverMs;
  while (await agentAnswers(dataDir)) {
    if (io.nowMs() > deadlineMs) {
      throw new AppError('conflict', `an agent already runs on ${dataDir}`, {
        hint: 'use it (holdfast tui, holdfast status), or end it first',
      });
    }
    await pause(pollMs);
  }
}
