/** The agent as a program: reads its flags, prints where it is reached, and ends on a signal with an exit code that says why. */
import { parseArgs } from 'node:util';
import { AppError, exitCodes, toAppError } from '../src/errors.ts';
import type { AgentOptions, ReadyInfo, RunningAgent } from './running-agent.ts';

const listenDefault = '127.0.0.1:6060';
/** After a signal the recorder has up to 10 s; this is when the process goes however things stand. */
const stopTimeoutMs = 18_000;

const usage =
  'usage: agent --data DIR [--listen 127.0.0.1:6060|none] [--peer-listen 0.0.0.0:7330] [--settings FILE] [--name NAME] [--watchdog DEVICE|none]';

/** Runs until SIGTERM, SIGINT or SIGHUP; one that comes during the start takes effect right after it. */
export async function runFromArguments(run: (options: AgentOptions) => Promise<RunningAgent>): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopped.resolve());
  try {
    const agent = await run({ ...readOptions(process.argv.slice(2)), onReady: announce });
    await stopped.promise;
    setTimeout(() => process.exit(exitCodes.timeout), stopTimeoutMs).unref();
    await agent.stop();
    process.exit(0);
  } catch (error) {
    fail(error);
  }
}

function readOptions(args: string[]): AgentOptions {
  const { data, listen, settings, name, watchdog, 'peer-listen': peerListen } = parse(args);
  if (data === undefined) throw new AppError('invalid_input', 'the data folder is missing', { hint: usage });
  return {
    dataDir: data,
    listen: listen === 'none' ? null : (listen ?? listenDefault),
    ...(peerListen === undefined ? {} : { peerListen }),
    ...(settings === undefined ? {} : { settingsFile: settings }),
    ...(name === undefined ? {} : { name }),
    ...(watchdog === undefined ? {} : { watchdogDevice: watchdog === 'none' ? null : watchdog }),
  };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  try {
    const options = {
      data: text,
      listen: text,
      'peer-listen': text,
      settings: text,
      name: text,
      watchdog: text,
    };
    return parseArgs({ args, options }).values;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('invalid_input', message, { hint: usage, cause });
  }
}

function announce(info: ReadyInfo): void {
  const lines = [
    `holdfast     ${info.version}, node ${info.nodeName} (${info.nodeId})`,
    `data         ${info.dataDir}`,
    `console      ${info.socketPath}`,
    `listen       ${info.listen === null ? 'local console only' : `https://${info.listen}`}`,
  ];
  if (info.fingerprint) lines.push(`fingerprint  ${info.fingerprint}`);
  if (info.oneTimePassword) {
    lines.push(`user         admin`);
    lines.push(`password     ${info.oneTimePassword}`);
    lines.push('             shown this once; it must be changed at first login (holdfast password change)');
  }
  process.stdout.write(`${[...lines, 'ready'].join('\n')}\n`);
}

function fail(thrown: unknown): void {
  const error = toAppError(thrown);
  process.stderr.write(`holdfast agent: ${error.message}\n${error.hint ? `  ${error.hint}\n` : ''}`);
  // What is no AppError is a defect: its stack is what helps.
  if (thrown instanceof Error && !(thrown instanceof AppError))
    process.stderr.write(`${thrown.stack ?? ''}\n`);
  process.exit(thrown instanceof AppError ? exitCodes[error.code] : 1);
}
