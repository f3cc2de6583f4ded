/** `holdfast alarm output`: the automations of the ARC that alarms go to, first and alternates. */
import { isIP } from 'node:net';
import type { Command } from 'commander';
import { z } from 'zod';
import { type AlarmOutput, alarmAccountSchema, alarmOutputSchema } from '../../../contract/index.ts';
import { AppError } from '../../../errors.ts';
import { describeIssue, issueSchema } from '../../../model/issues.ts';
import { addCommand, addNoun, type CommandHost, onlyArgument } from '../../command.ts';
import type { Column } from '../../output.ts';
import { confirmByName } from '../../prompt.ts';
import { readSecret } from '../../secret-input.ts';

const outputColumns: readonly Column<AlarmOutput>[] = [
  { title: 'output', value: (row) => row.id },
  { title: 'name', value: (row) => row.name },
  { title: 'kind', value: (row) => row.kind },
  { title: 'address', value: addressOf },
  { title: 'format', value: (row) => (row.kind === 'dc09' ? row.format : 'MLR2 Contact ID') },
  { title: 'key', value: (row) => (row.kind === 'dc09' && row.key !== null ? 'set' : '-') },
  { title: 'R/L', value: (row) => `${row.receiver}/${row.line}` },
  { title: 'enabled', value: (row) => (row.enabled ? 'yes' : 'no') },
];

function addressOf(output: AlarmOutput): string {
  if (output.kind === 'surgard-server') {
    const { listenHost, port, clients } = output;
    return `listens on ${listenHost}:${port} for ${clients.length === 0 ? 'this machine only' : clients.join(' ')}`;
  }
  return `${output.host}:${output.port}${output.kind === 'dc09' ? ` ${output.transport}` : ''}`;
}

const clientSchema = z
  .string()
  .refine((text) => text === 'any' || isIP(text) !== 0, { error: 'is an IP address, or any' });
const wholeNumber = z.coerce.number().int();
const setFlags = [
  ['--kind <kind>', 'dc09 (default), surgard-client or surgard-server'],
  ['--name <name>', 'its name (default: the id)'],
  ['--host <host>', 'where the automation answers'],
  ['--port <n>', 'its port (default 1025)'],
  ['--transport <word>', 'tcp (default) or udp; dc09'],
  ['--account <account>', 'of this receiver, in heartbeats; dc09'],
  ['--key <hex>', 'AES key, 32, 48 or 64 hex digits; others on this machine can see it here; dc09'],
  ['--key-file <file>', 'the same from a file, - for standard input'],
  ['--no-key', 'send in the open again'],
  ['--format <word>', 'as-received (default), SIA-DCS or ADM-CID; dc09'],
  ['--lanes <n>', 'connections side by side, 1 to 16 (default 4); dc09'],
  ['--drop-video', 'leave video verification links out; dc09'],
  ['--receiver <hex>', 'receiver number (default 1)'],
  ['--line <hex>', 'line card number (default 0)'],
  ['--response-timeout <seconds>', 'wait for an answer (default 20)'],
  ['--attempts <n>', 'before the alternate is tried (default 3)'],
  ['--heartbeat <seconds>', 'NULL or heartbeat when idle, 0 for none (default 30)'],
  ['--listen-host <host>', 'address that the automation connects to; surgard-server'],
  [
    '--client <address...>',
    'addresses that may connect, or any (default: only this machine); surgard-server',
  ],
  ['--enable', 'use it'],
  ['--disable', 'keep its settings, and do not use it'],
] as const;
const setOptions = z.object({
  kind: z.enum(['dc09', 'surgard-client', 'surgard-server']).optional(),
  name: z.string().optional(),
  host: z.string().optional(),
  port: wholeNumber.optional(),
  transport: z.enum(['tcp', 'udp']).optional(),
  account: alarmAccountSchema.optional(),
  key: z.union([z.string(), z.literal(false)]).optional(),
  keyFile: z.string().optional(),
  format: z.enum(['as-received', 'SIA-DCS', 'ADM-CID']).optional(),
  lanes: wholeNumber.optional(),
  dropVideo: z.boolean().optional(),
  receiver: z.string().toUpperCase().optional(),
  line: z.string().toUpperCase().optional(),
  responseTimeout: z.coerce.number().optional(),
  attempts: wholeNumber.optional(),
  heartbeat: wholeNumber.optional(),
  listenHost: z.string().optional(),
  client: z.array(clientSchema).optional(),
  enable: z.boolean().optional(),
  disable: z.boolean().optional(),
});

export function addOutputs(parent: Command, host: CommandHost): void {
  const noun = addNoun(
    parent,
    'output',
    'the ARCs that alarms go to: the first that is enabled, then its alternates',
    [
      'holdfast alarm output list',
      'holdfast alarm output set arc --host arc.example --port 1025 --key-file arc.key',
    ],
  );
  addCommand(noun, host, {
    usage: 'list',
    summary: 'all outputs in their order; alarm status shows how they stand',
    options: z.object({}),
    examples: ['holdfast alarm output list', 'holdfast alarm output list --json'],
    run: (context) =>
      context.withNode(async ({ client }) => {
        const outputs = await client.alarm.outputs();
        context.output.list(outputs, outputColumns, 'no output yet: alarms have nowhere to go');
      }),
  });
  addCommand(noun, host, {
    usage: 'set <id>',
    summary: 'add an output, or change one; what is not named stays',
    flags: setFlags,
    options: setOptions,
    examples: [
      'holdfast alarm output set arc --host arc.example --port 1025 --key-file arc.key',
      'holdfast alarm output set second --kind surgard-client --host 192.0.2.8',
      'holdfast alarm output set arc --format ADM-CID --response-timeout 10',
      'holdfast alarm output set second --disable',
    ],
    run: async (context, args, options) => {
      const { key: given, keyFile: file } = options;
      const key =
        given === false
          ? null
          : await readSecret(context.io, { name: 'AES key', flag: 'key', value: given, file });
      await context.withNode(async ({ client }) => {
        const id = onlyArgument(args);
        const present = (await client.alarm.outputs()).find((output) => output.id === id);
        const keyGiven = given !== undefined || file !== undefined;
        const wanted = { ...changed(id, present, options), ...(keyGiven ? { key } : {}) };
        const set = await client.alarm.setOutput(parseOutput(wanted));
        context.output.done(set, `output ${set.id} (${set.name}): ${addressOf(set)}`);
        if (set.kind === 'surgard-server' && set.clients.length === 0)
          context.output.note('an automation elsewhere is let in once it is named: --client ADDRESS');
      });
    },
  });
  addCommand(noun, host, {
    usage: 'remove <id>',
    summary: 'remove an output; what it acknowledged stays acknowledged',
    flags: [['--yes <id>', 'its id, to confirm without being asked']],
    options: z.object({ yes: z.string().optional() }),
    examples: ['holdfast alarm output remove second', 'holdfast alarm output remove second --yes second'],
    run: (context, args, { yes }) =>
      context.withNode(async ({ client }) => {
        const id = onlyArgument(args);
        const rest = (await client.alarm.outputs()).filter((output) => output.id !== id && output.enabled);
        const consequence =
          rest.length === 0
            ? `Without ${id} there is no output: nothing goes to an ARC until there is another.`
            : `Alarms no longer go to ${id}.`;
        await confirmByName(context.io, { consequence, name: id, given: yes });
        await client.alarm.removeOutput({ id });
        context.output.done({ id, removed: true }, `output ${id} is removed`);
      }),
  });
}

/** The present settings with what was named put over them. */
function changed(
  id: string,
  present: AlarmOutput | undefined,
  options: z.output<typeof setOptions>,
): Record<string, unknown> {
  const kind = options.kind ?? present?.kind ?? 'dc09';
  const { enable, disable, dropVideo, responseTimeout, attempts, heartbeat } = options;
  if (enable && disable) {
    throw new AppError('invalid_input', '--enable and --disable contradict each other', {
      hint: 'give one of them',
    });
  }
  const named = {
    name: options.name,
    host: options.host,
    port: options.port,
    transport: options.transport,
    account: options.account,
    format: options.format,
    lanes: options.lanes,
    receiver: options.receiver,
    line: options.line,
    attemptsMax: attempts,
    heartbeatSeconds: heartbeat,
    listenHost: options.listenHost,
    clients: options.client,
    responseTimeoutMs: responseTimeout === undefined ? undefined : Math.round(responseTimeout * 1_000),
    videoLinks: dropVideo === undefined ? undefined : !dropVideo,
    enabled: enable ? true : disable ? false : undefined,
  };
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  const before = present?.kind === kind ? present : { name: present?.name ?? id };
  return { ...before, ...Object.fromEntries(given), id, kind };
}

function parseOutput(wanted: Record<string, unknown>): AlarmOutput {
  const parsed = alarmOutputSchema.safeParse(wanted);
  if (parsed.success) return parsed.data;
  const issue = issueSchema.parse(parsed.error.issues[0]);
  const field = String(issue.path?.[0] ?? '');
  const missing = wanted[field] === undefined;
  // What was given as a key is not repeated.
  const problem = field === 'key' ? `expected ${issue.message}` : describeIssue(issue, wanted);
  throw new AppError('invalid_input', `${field}: ${missing ? 'is missing' : problem}`, {
    hint: 'holdfast alarm output set --help shows what can be set',
  });
}
