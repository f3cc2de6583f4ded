/** `holdfast device`: the panels and diallers that report here, with their areas, zones, channels and users. */
import type { Command } from 'commander';
import { z } from 'zod';
import { alarmAccountSchema, deviceModes, deviceStates } from '../../contract/index.ts';
import { AppError } from '../../errors.ts';
import {
  addCommand,
  addNoun,
  type CommandContext,
  type CommandHost,
  onlyArgument,
  requireChange,
} from '../command.ts';
import { confirmByName } from '../prompt.ts';
import { readSecret } from '../secret-input.ts';
import { addDeviceFiles } from './device/files.ts';
import { deviceColumns, printDevice } from './device/words.ts';

export function addDevice(program: Command, host: CommandHost): void {
  const noun = addNoun(program, 'device', 'devices: the panels and diallers that report here', [
    "holdfast device add 1234 'Main street 4' --supervise 180 --key-file panel.key",
    'holdfast device list --state lost',
    'holdfast device import devices.csv --dry-run',
  ]);
  addReading(noun, host);
  addChanging(noun, host);
  addDeviceFiles(noun, host);
  addSync(noun, host);
}

function addReading(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'list [text...]',
    summary: 'devices in order of account; text: in account, name or serial',
    flags: [
      ['--state <word>', deviceStates.join(', ')],
      ['--after <account>', 'go on after this account'],
      ['--limit <n>', 'how many at most (default 100)'],
    ],
    options: z.object({
      state: z.enum(deviceStates).optional(),
      after: z.string().max(16).optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
    }),
    examples: [
      'holdfast device list',
      'holdfast device list --state lost',
      'holdfast device list street --json',
    ],
    run: (context, words, { state, after, limit }) =>
      context.withNode(async ({ client }) => {
        const text = words.join(' ');
        const found = await client.device.list({
          limit,
          ...(text === '' ? {} : { text }),
          ...(state === undefined ? {} : { state }),
          ...(after === undefined ? {} : { after }),
        });
        context.output.result(found, () => {
          context.output.table(found.devices, deviceColumns, 'no device');
          if (found.nextAfter === null) return;
          context.output.note(
            `${found.devices.length} of ${found.total}; more: add --after ${found.nextAfter}`,
          );
        });
      }),
  });
  addCommand(noun, host, {
    usage: 'show <account>',
    summary: 'one device with areas, zones, channels and users',
    options: z.object({}),
    examples: ['holdfast device show 1234', 'holdfast device show 1234 --json'],
    run: (context, args) =>
      context.withNode(async ({ client }) => {
        const found = await client.device.show({ account: accountOf(args) });
        context.output.result(found, () => printDevice(context.output, found));
      }),
  });
}

const onOff = z
  .enum(['on', 'off'], { error: 'is on or off' })
  .transform((word) => word === 'on')
  .optional();

const configFlags = [
  ['--mode <word>', 'direct (default), hub, or dual: both ways, and forwarded once'],
  ['--key <hex>', 'AES key, 32, 48 or 64 hex digits; others on this machine can see it here'],
  ['--key-file <file>', 'the same from a file, - for standard input'],
  ['--no-key', 'take plain messages again'],
  ['--require-encryption <on|off>', 'do not acknowledge plain messages'],
  ['--supervise <seconds>', 'silence for so long makes an event; off: not supervised'],
  ['--serial <text>', 'serial number'],
  ['--model <text>', 'model'],
  ['--firmware <text>', 'version of its firmware'],
] as const;
const configOptions = z.object({
  mode: z.enum(deviceModes).optional(),
  key: z.union([z.string(), z.literal(false)]).optional(),
  keyFile: z.string().optional(),
  requireEncryption: onOff,
  supervise: z
    .union([z.literal('off'), z.coerce.number().int()], { error: 'seconds, or off' })
    .transform((given) => (given === 'off' ? null : given))
    .optional(),
  serial: z.string().optional(),
  model: z.string().optional(),
  firmware: z.string().optional(),
});

async function changeOf({ io }: CommandContext, options: z.output<typeof configOptions>) {
  const { mode, key: value, keyFile: file, requireEncryption, supervise, serial, model, firmware } = options;
  const key = value === false ? null : await readSecret(io, { name: 'AES key', flag: 'key', value, file });
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(value === undefined && file === undefined ? {} : { key }),
    ...(requireEncryption === undefined ? {} : { requireEncryption }),
    ...(supervise === undefined ? {} : { supervisionSeconds: supervise }),
    ...(serial === undefined ? {} : { serial }),
    ...(model === undefined ? {} : { model }),
    ...(firmware === undefined ? {} : { version: firmware }),
  };
}

function addChanging(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'add <account> <name>',
    summary: 'enter a device; areas, zones, channels and users come by import',
    flags: configFlags,
    options: configOptions,
    examples: [
      "holdfast device add 1234 'Main street 4'",
      "holdfast device add 1234 'Main street 4' --supervise 180 --key-file panel.key --require-encryption on",
    ],
    run: async (context, [account = '', name = ''], options) => {
      const change = await changeOf(context, options);
      await context.withNode(async ({ client }) => {
        const added = await client.device.add({ account: account.toUpperCase(), name, ...change });
        context.output.done(added, `device ${added.account} (${added.name}) is entered`);
      });
    },
  });
  addCommand(noun, host, {
    usage: 'edit <account>',
    summary: 'change a device; what is not named stays',
    flags: [
      ['--name <name>', 'its new name'],
      ['--rename <account>', 'its new account'],
      ...configFlags,
      ['--enable', 'take its messages again'],
      ['--disable', 'take none of its messages'],
    ],
    options: configOptions.extend({
      name: z.string().optional(),
      rename: z.string().toUpperCase().optional(),
      enable: z.boolean().optional(),
      disable: z.boolean().optional(),
    }),
    examples: ['holdfast device edit 1234 --supervise 600', 'holdfast device edit 1234 --disable'],
    run: async (context, args, options) => {
      requireChange(options);
      const { name, rename, enable, disable } = options;
      const change = {
        ...(await changeOf(context, options)),
        ...(name === undefined ? {} : { name }),
        ...(rename === undefined ? {} : { account: rename }),
        ...(enable ? { enabled: true } : {}),
        ...(disable ? { enabled: false } : {}),
      };
      await context.withNode(async ({ client }) => {
        const edited = await client.device.edit({ account: accountOf(args), change });
        context.output.done(edited, `device ${edited.account} (${edited.name}) is changed`);
      });
    },
  });
  addCommand(noun, host, {
    usage: 'remove <account>',
    summary: 'forget a device; its events stay',
    flags: [['--yes <account>', 'the account, to confirm without being asked']],
    options: z.object({ yes: z.string().toUpperCase().optional() }),
    examples: ['holdfast device remove 1234', 'holdfast device remove 1234 --yes 1234'],
    run: (context, args, { yes }) =>
      context.withNode(async ({ client }) => {
        const { device } = await client.device.show({ account: accountOf(args) });
        await confirmByName(context.io, {
          consequence: `${device.name} is forgotten with its key, areas, zones, channels and users. What it sends counts as unknown.`,
          name: device.account,
          given: yes,
        });
        await client.device.remove({ account: device.account });
        context.output.done(
          { account: device.account, removed: true },
          `device ${device.account} is removed`,
        );
      }),
  });
}

function addSync(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'sync',
    summary: "in a group: on the host publish the devices now, on a spare fetch the host's now",
    options: z.object({}),
    examples: ['holdfast device sync'],
    run: (context) =>
      context.withNode(async ({ client }) => {
        await client.device.synchronise();
        const { backup, self } = await client.group.status();
        context.output.done(backup, `${self.role ?? 'receiver'}: version ${backup.version}, ${backup.state}`);
      }),
  });
}

function accountOf(args: readonly string[]): string {
  const text = onlyArgument(args);
  const parsed = alarmAccountSchema.safeParse(text.toUpperCase());
  if (parsed.success) return parsed.data;
  throw new AppError('invalid_input', `not an account: ${text}`, {
    hint: 'an account is 3 to 16 letters and digits: holdfast device list shows them',
  });
}
