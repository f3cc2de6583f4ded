/** All commands put together, and one run of them from arguments to exit code. */
import { Command } from 'commander';
import { type CommandHost, needsCommand } from './command.ts';
import { addAgent } from './commands/agent.ts';
import { addAlarm } from './commands/alarm.ts';
import { addCamera } from './commands/camera.ts';
import { addCompletion } from './commands/completion.ts';
import { addDevice } from './commands/device.ts';
import { addDoctor } from './commands/doctor.ts';
import { addExport } from './commands/export.ts';
import { addGroup } from './commands/group.ts';
import { addHub } from './commands/hub.ts';
import { addInspect } from './commands/inspect.ts';
import { addLock } from './commands/lock.ts';
import { addLog } from './commands/log.ts';
import { addLogin } from './commands/login.ts';
import { addPool } from './commands/pool.ts';
import { addSpace } from './commands/space.ts';
import { addStandby } from './commands/standby.ts';
import { addStatus } from './commands/status.ts';
import { addTestCamera } from './commands/test-camera.ts';
import { addTestPanel } from './commands/test-panel.ts';
import { addTui } from './commands/tui.ts';
import { addUp } from './commands/up.ts';
import { addUser } from './commands/user.ts';
import { reportFailure } from './failure.ts';
import { version } from './installation.ts';
import type { CliIo } from './io.ts';

const overview = `
Examples:
  $ holdfast up                      agent and console in this terminal
  $ holdfast up --demo               the same with built-in test cameras
  $ holdfast status                  is everything recorded, is the service up, what now
  $ holdfast space add /srv/video --quota 2TB

Every command takes --data DIR and --json. Exit codes: 0 done, 2 wrong input, 3 not logged in, 4 not allowed,
5 not found, 6 conflict, 7 not active, 8 unavailable, 9 timeout, 10 disk full, 11 data loss, 12 protocol,
13 unsupported, 14 internal; doctor ends with 1 when a check fails.`;

/** The commands as commander holds them. */
export function createProgram(host: CommandHost): Command {
  const program = new Command('holdfast')
    .description('video storage and high availability, from the console')
    .version(version(), '-V, --version')
    .option('--data <dir>', 'data folder of the node on this machine (or HOLDFAST_DATA)')
    .option('--node <url>', 'another node, after holdfast login (or HOLDFAST_URL)')
    .option('--json', 'print one JSON document, or a line of JSON for each record')
    .addHelpText('after', overview);
  const adders = [
    ...[
      addUp,
      addAgent,
      addTui,
      addStatus,
      addDoctor,
      addInspect,
      addExport,
      addSpace,
      addPool,
      addCamera,
      addLock,
    ],
    ...[
      addStandby,
      addAlarm,
      addDevice,
      addGroup,
      addHub,
      addLog,
      addLogin,
      addUser,
      addTestCamera,
      addTestPanel,
      addCompletion,
    ],
  ];
  for (const add of adders) add(program, host);
  needsCommand(program);
  hookOutput(program, host.io);
  return program;
}

/** Commander neither prints errors nor ends the process: both are ours. */
function hookOutput(command: Command, io: CliIo): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    outputError: () => {},
  });
  for (const child of command.commands) hookOutput(child, io);
}

/** Runs one command; `args` without node and script. Never throws. */
export async function run(args: readonly string[], io: CliIo): Promise<number> {
  let code = 0;
  const program = createProgram({
    io,
    exitWith: (wanted) => {
      code = wanted;
    },
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return reportFailure(io, error, args.includes('--json'));
  }
}
