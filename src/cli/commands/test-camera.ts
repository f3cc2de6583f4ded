/** `holdfast test-camera`: built-in RTSP cameras to try things with, also ones that misbehave. */
import type { Command } from 'commander';
import { z } from 'zod';
import { addCommand, type CommandHost } from '../command.ts';
import { builtProgram } from '../installation.ts';
import { launchProgram } from '../supervise.ts';

const number = z.coerce.number();
const optionsSchema = z.object({
  port: number.int().min(0).max(65_535).optional(),
  count: number.int().min(1).max(512).optional(),
  mbps: number.min(0.05).max(100).optional(),
  host: z.string().max(64).optional(),
  codec: z.string().max(64).optional(),
  fault: z.array(z.string().max(256)).max(16).optional(),
  user: z.string().max(64).optional(),
  password: z.string().max(256).optional(),
});

/** The flags of the program, from the options of the command; both spell them alike. */
function testCameraArguments(options: z.output<typeof optionsSchema>): string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
}

export function addTestCamera(program: Command, host: CommandHost): void {
  addCommand(program, host, {
    usage: 'test-camera',
    summary: 'serve test pictures as RTSP cameras on this machine, until Ctrl-C',
    flags: [
      ['--host <address>', 'address to listen on (default 127.0.0.1)'],
      ['--port <port>', 'RTSP port (default 8554)'],
      ['--count <n>', 'how many cameras (default 1)'],
      ['--mbps <rate>', 'bit rate of each (default 2)'],
      ['--codec <name>', 'h264, h265 or mixed (the default), by turns'],
      [
        '--fault <switch...>',
        'misbehave: drop=1%, reorder=1%, stall=5s, reset=30s, clock-step=60s, slow=21, bad-sdp, wrong-auth, no-parameter-sets',
      ],
      ['--user <name>', 'ask for this user'],
      ['--password <password>', 'ask for this password'],
    ],
    options: optionsSchema,
    examples: [
      'holdfast test-camera',
      'holdfast test-camera --port 8554 --count 4 --mbps 2',
      'holdfast test-camera --fault drop=2% stall=10s',
    ],
    run: async (context, _args, options) => {
      const path = builtProgram('agent/test-camera/main');
      const child = launchProgram(path, testCameraArguments(options), 'inherit');
      const unhook = context.io.onStop(() => child.kill('SIGTERM'));
      const code = await new Promise<number>((resolve) => {
        child.once('error', () => resolve(14));
        child.once('exit', (exit, signal) => resolve(exit ?? (signal === 'SIGTERM' ? 0 : 137)));
      });
      unhook();
      context.exitWith(code);
    },
  });
}
