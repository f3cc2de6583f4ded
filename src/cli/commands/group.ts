/** `holdfast group`: the receiver group: who works, joining and leaving, order, hand-over. */
import type { Command } from 'commander';
import { z } from 'zod';
import { readCaFile } from '../../client/ca-file.ts';
import {
  arcIdSchema,
  type GroupMember,
  type GroupStatus,
  type GroupStoreConfig,
} from '../../contract/index.ts';
import { AppError } from '../../errors.ts';
import { addCommand, addNoun, type CommandContext, type CommandHost, onlyArgument } from '../command.ts';
import { confirmByName } from '../prompt.ts';
import { needSecret, readSecret } from '../secret-input.ts';
import { repeatUntilStopped } from '../watch.ts';
import { clearingLines, decisionColumns, memberColumns, printGroup } from './group/words.ts';

/** Trying the store, joining, and the first copy of the devices. */
const connectTimeoutMs = 60_000;

export function addGroup(program: Command, host: CommandHost): void {
  const noun = addNoun(program, 'group', 'hot spare: up to four receivers of which exactly one works', [
    'holdfast group connect --hub hub.example:6070 --arc-id site-1 --key-file arc.key --fingerprint AB:CD:…',
    'holdfast group status --watch',
    'holdfast group explain',
  ]);
  addReading(noun, host);
  addConnect(noun, host);
  addDisable(noun, host);
  addMembers(noun, host);
}

function addReading(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'status',
    summary: 'who works, the members with their backups, the store, and who would take over',
    flags: [['--watch', 'repeat until Ctrl-C']],
    options: z.object({ watch: z.boolean().optional() }),
    examples: ['holdfast group status', 'holdfast group status --watch', 'holdfast group status --json'],
    run: (context, _args, { watch }) =>
      context.withNode(async ({ client }) => {
        const { output, io } = context;
        const show = async () => {
          const status = await client.group.status();
          if (output.json && watch) output.record(status);
          else output.result(status, () => printGroup(output, status, io.nowMs()));
        };
        if (watch) await repeatUntilStopped(context, show);
        else await show();
      }),
  });
  addCommand(noun, host, {
    usage: 'explain',
    summary: 'why this receiver works or does not, and what it decided',
    options: z.object({}),
    examples: ['holdfast group explain', 'holdfast group explain --json'],
    run: (context) =>
      context.withNode(async ({ client }) => {
        const { output } = context;
        const answer = await client.group.explain();
        output.result(answer, () => {
          output.line(answer.summary);
          for (const line of answer.lines) output.line(`  ${line}`);
          output.line();
          output.table(answer.decisions, decisionColumns, 'no decision yet');
        });
      }),
  });
}

const connectOptions = z.object({
  arcId: arcIdSchema,
  hub: z.string().max(512).optional(),
  fingerprint: z.string().max(128).optional(),
  key: z.string().max(256).optional(),
  keyFile: z.string().optional(),
  nats: z.array(z.string().max(512)).max(7).optional(),
  user: z.string().max(64).optional(),
  passwordFile: z.string().optional(),
  caFile: z.string().optional(),
  replicas: z.enum(['1', '3', '5'], { error: 'is 1, 3 or 5' }).optional(),
  backupKeyFile: z.string().optional(),
  replaceOwn: z.boolean().default(false),
});

function addConnect(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'connect',
    summary: 'join the group of an account: the first receiver is host, the next ones spare 1 to 3',
    flags: [
      ['--arc-id <id>', 'names the group; the account of the hub'],
      ['--hub <address>', 'address and port of the hub'],
      ['--fingerprint <sha256>', 'of the hub, as holdfast hub status shows it there'],
      [
        '--key <key>',
        'ARC key as holdfast hub account add showed it; others on this machine can see it here',
      ],
      ['--key-file <file>', 'the same from a file, - for standard input (default: it is asked for)'],
      ['--nats <url...>', 'NATS JetStream servers instead of a hub'],
      ['--user <name>', 'user of NATS'],
      ['--password-file <file>', 'password of NATS, - for standard input'],
      ['--ca-file <file>', 'PEM of the authority behind the certificates of NATS (default: the system)'],
      ['--replicas <n>', 'copies that NATS keeps: 1, 3 or 5 (default: 3 in a cluster, else 1)'],
      [
        '--backup-key-file <file>',
        'what seals the copies of the devices (default: ARC key or NATS password)',
      ],
      ['--replace-own', 'give up the devices that were entered here when it becomes a spare'],
    ],
    options: connectOptions,
    examples: [
      'holdfast group connect --hub hub.example:6070 --arc-id site-1 --key-file arc.key --fingerprint AB:CD:…',
      'holdfast group connect --nats nats://n1:4222 nats://n2:4222 nats://n3:4222 --arc-id site-1 --user receiver --password-file nats.pass',
    ],
    run: async (context, _args, options) => {
      const store = await storeOf(context, options);
      const backupKey = await readSecret(context.io, {
        name: 'backup key',
        flag: 'backup-key',
        value: undefined,
        file: options.backupKeyFile,
      });
      await context.withNode(
        async ({ client }) => {
          const { output } = context;
          const { arcId, replaceOwn } = options;
          const joined = await client.group.connect({ store, arcId, backupKey, replaceOwn });
          const { enabled: listens } = await client.alarm.settings();
          output.result(joined, () => {
            output.line(`this receiver is ${joined.role} of ${arcId}`);
            if (!listens) output.note('it does not listen to devices yet: holdfast alarm settings --enable');
            output.note('the other members show within seconds: holdfast group status --watch');
          });
        },
        { callTimeoutMs: connectTimeoutMs },
      );
    },
  });
}

const replicaCounts = { 1: 1, 3: 3, 5: 5 } as const;

async function storeOf(
  { io }: CommandContext,
  options: z.output<typeof connectOptions>,
): Promise<GroupStoreConfig> {
  const { hub, nats, arcId, fingerprint, user, key, keyFile, passwordFile, caFile, replicas } = options;
  if ((hub === undefined) === (nats === undefined)) {
    throw new AppError('invalid_input', 'name the store of the group: --hub or --nats', {
      hint: 'one hub serves one site; NATS JetStream with three servers has no single point of failure',
    });
  }
  if (hub === undefined) {
    const password = await readSecret(io, {
      name: 'password',
      flag: 'password',
      value: undefined,
      file: passwordFile,
    });
    return {
      ...{ kind: 'nats', servers: nats ?? [], user: user ?? null, password },
      ...(caFile === undefined ? {} : { ca: await readCaFile(caFile) }),
      ...(replicas === undefined ? {} : { replicas: replicaCounts[replicas] }),
    };
  }
  if (fingerprint === undefined) {
    throw new AppError('invalid_input', '--fingerprint is missing', {
      hint: 'holdfast hub status, on the machine of the hub, shows it: no other hub is spoken to',
    });
  }
  const secret = await needSecret(io, { name: 'ARC key', flag: 'key', value: key, file: keyFile });
  return { kind: 'hub', url: hub, account: arcId, key: secret, fingerprint };
}

function addDisable(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'disable',
    summary: 'leave the group; when the host leaves, the group ends. Says first what is cleared',
    flags: [
      ['--dry-run', 'say what is cleared, and do nothing'],
      ['--yes <arc-id>', 'the ARC ID, to confirm without being asked'],
    ],
    options: z.object({ dryRun: z.boolean().default(false), yes: z.string().optional() }),
    examples: ['holdfast group disable --dry-run', 'holdfast group disable --yes site-1'],
    run: (context, _args, { dryRun, yes }) =>
      context.withNode(async ({ client }) => {
        const { output, io } = context;
        const plan = await client.group.disable({ dryRun: true });
        if (dryRun) {
          return output.result(plan, () => {
            for (const line of clearingLines(plan)) output.line(line);
          });
        }
        const name = (await client.group.status()).arcId ?? '';
        if (yes !== name) for (const line of clearingLines(plan)) output.note(line);
        await confirmByName(io, { consequence: 'This receiver leaves its group.', name, given: yes });
        const done = await client.group.disable({ dryRun: false, confirm: name });
        output.result(done, () => {
          for (const line of clearingLines(done)) output.line(line);
          output.line(done.done ? `this receiver has left ${name}` : 'nothing was done');
        });
      }),
  });
}

function addMembers(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'order <members...>',
    summary: 'on the host: the order of the members, host first; by id or name',
    options: z.object({}),
    examples: ['holdfast group order arc-1 arc-3 arc-2'],
    run: (context, args) =>
      context.withNode(async ({ client }) => {
        const before = await client.group.status();
        await client.group.order({ members: args.map((word) => memberOf(before, word).id) });
        const after = await client.group.status();
        context.output.result(after.members, () =>
          context.output.table(after.members, memberColumns, 'no member is known'),
        );
      }),
  });
  addCommand(noun, host, {
    usage: 'remove <member>',
    summary: 'on the host: remove a spare that will not come back',
    flags: [['--yes <name>', 'its name, to confirm without being asked']],
    options: z.object({ yes: z.string().optional() }),
    examples: ['holdfast group remove arc-3', 'holdfast group remove arc-3 --yes arc-3'],
    run: (context, args, { yes }) =>
      context.withNode(async ({ client }) => {
        const member = memberOf(await client.group.status(), onlyArgument(args));
        await confirmByName(context.io, {
          consequence: `${member.name} leaves the group. When it comes back, its copy of the devices is cleared.`,
          name: member.name,
          given: yes === member.id ? member.name : yes,
        });
        await client.group.removeMember({ member: member.id, confirm: member.id });
        context.output.done({ id: member.id, removed: true }, `${member.name} is removed from the group`);
      }),
  });
  addCommand(noun, host, {
    usage: 'hand-over',
    summary: 'make another receiver the working one, for a while',
    flags: [
      ['--to <member>', 'by id or name (default: this receiver)'],
      ['--hold <seconds>', 'before it goes back to the highest in priority (default 300)'],
    ],
    options: z.object({
      to: z.string().optional(),
      hold: z.coerce.number().int().min(0).max(86_400).default(300),
    }),
    examples: ['holdfast group hand-over --to arc-2', 'holdfast group hand-over --hold 3600'],
    run: (context, _args, { to, hold }) =>
      context.withNode(async ({ client }) => {
        const status = await client.group.status();
        const member = to === undefined ? status.members.find(({ self }) => self) : memberOf(status, to);
        await client.group.handOver({
          holdSeconds: hold,
          ...(member === undefined ? {} : { to: member.id }),
        });
        context.output.result({ asked: true, to: member?.id ?? null }, () => {
          context.output.line(`${member?.name ?? 'this receiver'} takes over within seconds`);
          context.output.note('follow it: holdfast group status --watch');
        });
      }),
  });
}

function memberOf({ enabled, members }: GroupStatus, word: string): GroupMember {
  if (!enabled) {
    throw new AppError('conflict', 'this receiver is in no group', {
      hint: 'Join one: holdfast group connect --hub HOST:PORT --arc-id ID --fingerprint F.',
    });
  }
  const found = members.filter(({ id, name, role }) => id === word || name === word || role === word);
  const [member] = found;
  if (member !== undefined && found.length === 1) return member;
  throw new AppError(
    'not_found',
    `${found.length > 1 ? 'several members are' : 'no member is'} called ${word}`,
    {
      hint: 'holdfast group status shows them with their ids',
    },
  );
}
