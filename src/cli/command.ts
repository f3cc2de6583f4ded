/** How every command is declared: arguments checked by a schema, --help with examples, --data and --json everywhere. */
import type { Command } from 'commander';
import type { z } from 'zod';
import type { Target } from '../client/address.ts';
import { parseNodeUrl } from '../client/address.ts';
import { type Connection, type ConnectionOptions, openConnection } from '../client/connect.ts';
import { fileTokenStore } from '../client/token-store.ts';
import { AppError } from '../errors.ts';
import { describeIssue, issueSchema } from '../model/issues.ts';
import { defaultDataDir } from './installation.ts';
import type { CliIo } from './io.ts';
import { Output } from './output.ts';
import { closest } from './suggest.ts';

export interface CommandSpec<Schema extends z.ZodType> {
  /** Name and arguments as commander writes them: `add <path>`. */
  usage: string;
  summary: string;
  examples: readonly string[];
  /** Flags and their description: `['--quota <size>', 'what it may use']`. */
  flags?: readonly (readonly [flags: string, description: string])[];
  /** Of the options, as the flags name them. */
  options: Schema;
  run(context: CommandContext, args: readonly string[], options: z.output<Schema>): Promise<void>;
}

export interface CommandContext {
  io: CliIo;
  output: Output;
  /** The node that the command speaks to. */
  target: Target;
  /** Folder of `--data`, or the default one. */
  dataDir: string;
  /** Opens a connection for the time of `work`; the first failure to connect is final. */
  withNode<T>(work: (connection: Connection) => Promise<T>, options?: ConnectionOptions): Promise<T>;
  /** Lets a command that reports a finding end with another code than 0. */
  exitWith(code: number): void;
}

export interface CommandHost {
  io: CliIo;
  exitWith(code: number): void;
}

const everywhere = [
  ['--data <dir>', 'data folder of the node on this machine (or HOLDFAST_DATA)'],
  ['--node <url>', 'another node, after holdfast login (or HOLDFAST_URL)'],
  ['--json', 'print one JSON document, or a line of JSON for each record'],
] as const;

/** A noun with verbs below it. */
export function addNoun(
  parent: Command,
  name: string,
  summary: string,
  examples: readonly string[],
): Command {
  const noun = parent.command(name).description(summary).addHelpText('after', examplesText(examples));
  return needsCommand(noun);
}

/** Alone it shows its help; with a word that is none of its commands it says so. */
export function needsCommand(command: Command): Command {
  return command.allowExcessArguments().action(() => {
    const [word] = command.args;
    if (word === undefined) command.help({ error: true });
    const names = command.commands.map((child) => child.name());
    const meant = closest(word, names);
    throw new AppError('invalid_input', `unknown command: ${[command.name(), word].join(' ')}`, {
      hint: `${meant === null ? '' : `did you mean ${meant}? `}there are ${names.join(', ')}`,
    });
  });
}

export function addCommand<Schema extends z.ZodType>(
  parent: Command,
  host: CommandHost,
  spec: CommandSpec<Schema>,
): Command {
  const command = parent.command(spec.usage).description(spec.summary).allowExcessArguments(false);
  for (const [flags, description] of [...(spec.flags ?? []), ...everywhere])
    command.option(flags, description);
  command.addHelpText('after', examplesText(spec.examples));
  command.action(async (...given: unknown[]) => {
    const args = given
      .slice(0, -2)
      .flat()
      .filter((arg): arg is string => typeof arg === 'string');
    const raw: Record<string, unknown> = command.optsWithGlobals();
    await spec.run(createContext(host, raw), args, readOptions(spec, raw));
  });
  return command;
}

/** @throws AppError `invalid_input` that names the flag and what it takes. */
function readOptions<Schema extends z.ZodType>(
  spec: CommandSpec<Schema>,
  raw: Record<string, unknown>,
): z.output<Schema> {
  const parsed = spec.options.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = issueSchema.parse(parsed.error.issues[0]);
  const name = String(issue.path?.[0] ?? '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const flag = (spec.flags ?? []).find(([flags]) => flags.split(' ')[0] === `--${name}`);
  const missing = raw[String(issue.path?.[0])] === undefined;
  const problem = missing ? 'is missing' : describeIssue(issue, raw);
  throw new AppError('invalid_input', `--${name}${missing ? '' : ':'} ${problem}`, {
    hint: flag ? `${flag[0]}: ${flag[1]}` : 'add --help to see how it is used',
  });
}

function examplesText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`;
}

function createContext(host: CommandHost, raw: Record<string, unknown>): CommandContext {
  const { io } = host;
  const dataDir = typeof raw.data === 'string' ? raw.data : defaultDataDir();
  const target = chooseTarget(raw, dataDir, io.env);
  return {
    io,
    output: new Output(io, raw.json === true),
    target,
    dataDir,
    withNode: async (work, options) => {
      const connection = openConnection(target, { reconnect: false, ...sessionFor(target, io), ...options });
      try {
        return await work(connection);
      } finally {
        connection.close();
      }
    },
    exitWith: host.exitWith,
  };
}

function chooseTarget(raw: Record<string, unknown>, dataDir: string, env: NodeJS.ProcessEnv): Target {
  if (typeof raw.node === 'string' && raw.data !== undefined) {
    throw new AppError('invalid_input', '--data and --node name two different nodes', {
      hint: 'give one of them',
    });
  }
  const url = raw.node ?? (raw.data === undefined ? env.HOLDFAST_URL : undefined);
  return typeof url === 'string' && url !== '' ? { kind: 'remote', url } : { kind: 'local', dataDir };
}

/** The saved session of a remote node, and a word about each new certificate. */
export function sessionFor(target: Target, io: CliIo): ConnectionOptions {
  if (target.kind === 'local') return {};
  return {
    token: fileTokenStore().get(parseNodeUrl(target.url).url)?.token,
    onFirstContact: (url, fingerprint) =>
      io.stderr.write(`first contact with ${url}\n  its certificate is pinned from now on: ${fingerprint}\n`),
  };
}

/** The only argument of a command that has exactly one. */
export function onlyArgument(args: readonly string[]): string {
  const [first] = args;
  if (first === undefined)
    throw new AppError('invalid_input', 'an argument is missing', { hint: 'add --help' });
  return first;
}

/** @throws AppError `invalid_input` when an edit names nothing to change, or wants both of two opposites. */
export function requireChange(options: Readonly<Record<string, unknown>>): void {
  if (options.enable === true && options.disable === true) {
    throw new AppError('invalid_input', '--enable and --disable contradict each other', {
      hint: 'give one of them',
    });
  }
  if (Object.values(options).some((value) => value !== undefined)) return;
  throw new AppError('invalid_input', 'nothing to change was named', {
    hint: 'add --help to see what can be changed',
  });
}
