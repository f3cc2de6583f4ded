/** `holdfast test-panel`: alarm panels to commission and try a receiver with, also ones that misbehave. */
import type { Command } from 'commander';
import { z } from 'zod';
import { addCommand, type CommandHost } from '../command.ts';
import { builtProgram } from '../installation.ts';
import { launchProgram } from '../supervise.ts';

const number = z.coerce.number();
const addresses = z.array(z.string().max(256)).max(8).optional();
const optionsSchema = z.object({
  to: addresses,
  also: addresses,
  count: number.int().min(1).max(100_000).optional(),
  first: z.string().max(16).optional(),
  rate: number.min(0).max(100_000).optional(),
  seconds: number.min(0).max(86_400).optional(),
  drain: number.min(0).max(3_600).optional(),
  format: z.string().max(8).optional(),
  key: z.string().max(64).optional(),
  keyFile: z.string().max(4_096).optional(),
  udp: z.boolean().optional(),
  connections: number.int().min(1).max(4_096).optional(),
  spread: z.boolean().optional(),
  timeout: number.min(0.1).max(60).optional(),
  attempts: number.int().min(1).max(100).optional(),
  heartbeat: number.min(0).max(86_400).optional(),
  events: z.string().max(4_096).optional(),
  fault: z.string().max(32).optional(),
  record: z.string().max(4_096).optional(),
});

/** The flags of the program, from the options of the command. */
function testPanelArguments(options: z.output<typeof optionsSchema>, json: boolean): string[] {
  const flags = Object.entries(options).flatMap(([name, value]) => {
    const flag = name === 'keyFile' ? '--key-file' : `--${name}`;
    if (value === undefined || value === false) return [];
    if (value === true) return [flag];
    return [value].flat().flatMap((each) => [flag, String(each)]);
  });
  return json ? [...flags, '--json'] : flags;
}

export function addTestPanel(program: Command, host: CommandHost): void {
  addCommand(program, host, {
    usage: 'test-panel',
    summary: 'report test alarms over DC-09 as panels do, and show how they are acknowledged, until Ctrl-C',
    flags: [
      [
        '--to <address...>',
        'HOST:PORT of the receivers, the first one first (default 127.0.0.1:6080); the next when one does not answer',
      ],
      ['--also <address...>', 'a second way on which each event goes out too (dual path)'],
      ['--count <n>', 'how many accounts (default 1)'],
      ['--first <account>', 'the first account; the others count up from it (default 1000)'],
      ['--rate <n>', 'events a second of all together (default 1); 0: as fast as they are acknowledged'],
      ['--seconds <s>', 'how long events are made (default: until Ctrl-C)'],
      ['--drain <s>', 'how long answers are waited for after the last event (default 15)'],
      ['--format <name>', 'sia (SIA-DCS, the default) or cid (Contact ID)'],
      ['--key <hex>', 'AES key of all accounts, 32, 48 or 64 hex digits; others on this machine can see it'],
      ['--key-file <file>', 'the same, in a file'],
      ['--udp', 'over UDP instead of TCP'],
      ['--connections <n>', 'connections side by side (default: one an account, at most 16)'],
      ['--spread', 'connections begin at different addresses instead of all at the first'],
      ['--timeout <s>', 'repeat what is not answered for so long (default 5)'],
      ['--attempts <n>', 'sendings at one address before the next is tried (default 3)'],
      ['--heartbeat <s>', 'a NULL message of each idle account this often (default: none)'],
      ['--events <file>', 'what to report, a line each: BA, BA015, 130, or the data itself'],
      [
        '--fault <name>',
        'misbehave: bad-crc, truncated, oversized, slow, wrong-time, unknown, flood or duplicate',
      ],
      ['--record <file>', 'write down each acknowledged event: account and serial number'],
    ],
    options: optionsSchema,
    examples: [
      'holdfast test-panel --seconds 10',
      'holdfast test-panel --to 10.0.0.5:6080 --to 10.0.0.6:6080 --count 200 --rate 50',
      'holdfast test-panel --format cid --key-file panel.key',
      'holdfast test-panel --fault flood --seconds 5',
    ],
    run: async (context, _args, options) => {
      const path = builtProgram('agent/test-panel/main');
      const child = launchProgram(path, testPanelArguments(options, context.output.json), 'inherit');
      const unhook = context.io.onStop(() => child.kill('SIGTERM'));
      const code = await new Promise<number>((resolve) => {
        child.once('error', () => resolve(14));
        child.once('exit', (exit) => resolve(exit ?? 137));
      });
      unhook();
      context.exitWith(code);
    },
  });
}
