/** `holdfast hub`: the arbiter of pairs and the store of receiver groups on a third machine, started again when it is killed, and its accounts. */
import type { Command } from 'commander';
import { z } from 'zod';
import { addCommand, addNoun, type CommandContext, type CommandHost, onlyArgument } from '../command.ts';
import { builtProgram } from '../installation.ts';
import { describeExit, launchProgram, supervise } from '../supervise.ts';

const nothing = z.object({});

export function addHub(program: Command, host: CommandHost): void {
  const hub = addCommand(program, host, {
    usage: 'hub',
    summary:
      'run the arbiter of pairs and the store of receiver groups in the foreground, on a third machine; a killed one is started again',
    flags: [
      ['--listen <address>', 'address and port for the nodes (default 127.0.0.1:6070)'],
      ['--dc09 <door...>', 'where devices report alarms to for the group of an account: [HOST:]PORT=ACCOUNT'],
    ],
    options: z.object({
      listen: z.string().max(128).optional(),
      dc09: z.array(z.string().max(256)).max(64).default([]),
    }),
    examples: [
      'holdfast hub --data /var/lib/holdfast --listen 0.0.0.0:6070',
      'holdfast hub --listen 0.0.0.0:6070 --dc09 0.0.0.0:6080=site-1',
      'holdfast hub account add site-1',
      'holdfast hub status',
    ],
    run: async (context, _args, { listen, dc09 }) =>
      context.exitWith(
        await serve(context, [
          ...(listen === undefined ? [] : ['--listen', listen]),
          ...dc09.flatMap((door) => ['--dc09', door]),
        ]),
      ),
  });
  addCommand(hub, host, {
    usage: 'status',
    summary:
      'address, fingerprint, accounts with members and alarms, and counts of the hub that runs on this machine',
    options: nothing,
    examples: ['holdfast hub status', 'holdfast hub status --json'],
    run: (context) => runOnce(context, ['status']),
  });
  addAccounts(hub, host);
}

function addAccounts(hub: Command, host: CommandHost): void {
  const accounts = addNoun(hub, 'account', 'accounts of the hub and their keys', [
    'holdfast hub account list',
    'holdfast hub account add site-1',
  ]);
  addCommand(accounts, host, {
    usage: 'add <name>',
    summary: 'make an account; its key is shown once, here',
    options: nothing,
    examples: ['holdfast hub account add site-1'],
    run: (context, args) => runOnce(context, ['account', 'add', onlyArgument(args)]),
  });
  addCommand(accounts, host, {
    usage: 'list',
    summary: 'all accounts, and how many registers each holds',
    options: nothing,
    examples: ['holdfast hub account list'],
    run: (context) => runOnce(context, ['account', 'list']),
  });
  addCommand(accounts, host, {
    usage: 'remove <name>',
    summary: 'remove an account; its key is void at once',
    flags: [['--force', 'also when leases of pairs, or a receiver group, are stored for it']],
    options: z.object({ force: z.boolean().optional() }),
    examples: ['holdfast hub account remove site-1', 'holdfast hub account remove site-1 --force'],
    run: (context, args, options) =>
      runOnce(context, ['account', 'remove', onlyArgument(args), ...(options.force ? ['--force'] : [])]),
  });
}

async function serve(context: CommandContext, args: readonly string[]): Promise<number> {
  const { io, dataDir } = context;
  const path = builtProgram('agent/hub/main');
  const hub = supervise({
    launch: () => launchProgram(path, ['--data', dataDir, ...args], 'inherit'),
    nowMs: () => performance.now(),
    onRestart: (exit, delayMs) =>
      io.stderr.write(`the hub ${describeExit(exit)}; it starts again in ${delayMs} ms\n`),
  });
  const unhook = io.onStop(() => hub.stop('SIGTERM'));
  try {
    return await hub.ended;
  } finally {
    unhook();
  }
}

/** One command of the hub's own program, which alone knows its database; prints what that prints. */
async function runOnce(context: CommandContext, words: readonly string[]): Promise<void> {
  const json = context.output.json ? ['--json'] : [];
  const args = ['--data', context.dataDir, ...words, ...json];
  const child = launchProgram(builtProgram('agent/hub/main'), args, ['ignore', 'pipe', 'pipe']);
  child.stdout?.setEncoding('utf8').on('data', (text: string) => context.io.stdout.write(text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => context.io.stderr.write(text));
  const code = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(14));
    child.once('close', (exit) => resolve(exit ?? 14));
  });
  context.exitWith(code);
}
