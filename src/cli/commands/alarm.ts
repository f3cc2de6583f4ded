/** `holdfast alarm`: what came in and where it went, the receiver's settings, its outputs and event mappings. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { NodeClient } from '../../client/connect.ts';
import {
  type Alarm,
  alarmCategorySchema,
  alarmStateSchema,
  type ReceiverSettings,
} from '../../contract/index.ts';
import { AppError, exitCodes } from '../../errors.ts';
import { type PlaceNames, placeNames } from '../../model/place-names.ts';
import { plural } from '../../model/plural.ts';
import { addCommand, addNoun, type CommandContext, type CommandHost, onlyArgument } from '../command.ts';
import { parseTime } from '../time.ts';
import { pause, repeatUntilStopped } from '../watch.ts';
import { addMappings } from './alarm/mappings.ts';
import { addOutputs } from './alarm/outputs.ts';
import { alarmColumns, alarmLine, printAlarm, printReceiver } from './alarm/words.ts';

export function addAlarm(program: Command, host: CommandHost): void {
  const noun = addNoun(program, 'alarm', 'alarms: what came in, where it went, and the way to the ARC', [
    'holdfast alarm settings --enable',
    'holdfast alarm output set arc --host arc.example --port 1025',
    'holdfast alarm status --watch',
    'holdfast alarm list --unacknowledged',
  ]);
  addReading(noun, host);
  addWatch(noun, host);
  addDeeds(noun, host);
  addVerify(noun, host);
  addSettings(noun, host);
  addOutputs(noun, host);
  addMappings(noun, host);
}

const filterFlags = [
  ['--account <account>', 'of one device'],
  ['--code <code>', 'SIA code such as BA, or Contact ID code such as 130'],
  ['--category <word>', 'burglary, fire, panic, medical, trouble, test, supervision…'],
  ['--state <word>', 'waiting, shared, acknowledged, refused or kept'],
  ['--text <words>', 'in device name, words, text or raw frame'],
  ['--from <time>', 'not before: 2026-11-19T14:30, 14:30, -2h'],
  ['--to <time>', 'not after'],
  ['--unacknowledged', 'only those that no operator has acknowledged'],
] as const;
const filterOptions = z.object({
  account: z.string().toUpperCase().optional(),
  code: z.string().toUpperCase().optional(),
  category: alarmCategorySchema.optional(),
  state: alarmStateSchema.optional(),
  text: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  unacknowledged: z.boolean().default(false),
});

function queryOf({ io }: CommandContext, options: z.output<typeof filterOptions>) {
  const nowMs = io.nowMs();
  const { from, to, account, code, category, state, text, unacknowledged } = options;
  return {
    unacknowledged,
    ...(account === undefined ? {} : { account }),
    ...(code === undefined ? {} : { code }),
    ...(category === undefined ? {} : { category }),
    ...(state === undefined ? {} : { state }),
    ...(text === undefined ? {} : { text }),
    ...(from === undefined ? {} : { fromMs: parseTime(from, nowMs) }),
    ...(to === undefined ? {} : { toMs: parseTime(to, nowMs) }),
  };
}

function addReading(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'status',
    summary: 'does it listen, what waits, do the ARCs answer',
    flags: [['--watch', 'repeat until Ctrl-C']],
    options: z.object({ watch: z.boolean().optional() }),
    examples: ['holdfast alarm status', 'holdfast alarm status --watch', 'holdfast alarm status --json'],
    run: (context, _args, { watch }) =>
      context.withNode(async ({ client }) => {
        const { output, io } = context;
        const show = async () => {
          const status = await client.alarm.status();
          if (output.json && watch) output.record(status);
          else output.result(status, () => printReceiver(output, status, io.nowMs()));
        };
        if (watch) await repeatUntilStopped(context, show);
        else await show();
      }),
  });
  addCommand(noun, host, {
    usage: 'list',
    summary: 'events that match, newest first',
    flags: [
      ...filterFlags,
      ['--before <number>', 'only rows below this number: how to go on'],
      ['--limit <n>', 'how many at most (default 50)'],
    ],
    options: filterOptions.extend({
      before: z.coerce.number().int().positive().optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(50),
    }),
    examples: [
      'holdfast alarm list --unacknowledged',
      'holdfast alarm list --account 1234 --from -24h',
      'holdfast alarm list --state refused --json',
    ],
    run: (context, _args, options) =>
      context.withNode(async ({ client }) => {
        const { before, limit } = options;
        const found = await client.alarm.list({
          ...queryOf(context, options),
          limit,
          ...(before === undefined ? {} : { before }),
        });
        context.output.result(found, () => {
          context.output.table(found.alarms, alarmColumns, 'no event');
          if (found.nextBefore !== null) context.output.note(`more: add --before ${found.nextBefore}`);
        });
      }),
  });
  addCommand(noun, host, {
    usage: 'show <number>',
    summary: 'one event whole, with the names of its area and zone, raw frame and video links',
    options: z.object({}),
    examples: ['holdfast alarm show 4711', 'holdfast alarm show 4711 --json'],
    run: (context, args) =>
      context.withNode(async ({ client }) => {
        const shown = await client.alarm.show({ number: numberOf(onlyArgument(args)) });
        const alarm = { ...shown, ...(await namesOf(client, shown)) };
        context.output.result(alarm, () => printAlarm(context.output, alarm));
      }),
  });
}

/** As the device has them today; where it is not entered, or cannot be asked, the numbers stand alone. */
async function namesOf(client: NodeClient, alarm: Alarm): Promise<PlaceNames> {
  const { account, device } = alarm;
  const shown = device === null ? null : await client.device.show({ account }).catch(() => null);
  return placeNames(alarm, shown?.config ?? null);
}

/** Between two tries to follow a receiver that is being started again. */
const retryMs = 1_000;

function addWatch(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'watch',
    summary: 'events as they come, a line each, until Ctrl-C',
    flags: [['--after <number>', 'begin with the rows above this number (default: with the next event)']],
    options: z.object({ after: z.coerce.number().int().nonnegative().optional() }),
    examples: [
      'holdfast alarm watch',
      'holdfast alarm watch --json',
      'holdfast alarm watch --after 4711 --json',
    ],
    run: async (context, _args, { after }) => {
      const stop = new AbortController();
      const unhook = context.io.onStop(() => stop.abort());
      const { output } = context;
      try {
        await follow(context, after, stop.signal, (alarm) =>
          output.json ? output.record(alarm) : output.line(alarmLine(alarm)),
        );
      } finally {
        unhook();
      }
    },
  });
}

/** A receiver or agent that is started again is followed again, from the row that came last. */
async function follow(
  context: CommandContext,
  first: number | undefined,
  signal: AbortSignal,
  show: (alarm: Alarm) => void,
): Promise<void> {
  let after = first;
  let began = false;
  while (!signal.aborted) {
    try {
      await context.withNode(async ({ client }) => {
        after ??= (await client.alarm.list({ limit: 1 })).alarms[0]?.number ?? 0;
        const stream = await client.alarm.watch({ after }, { signal });
        began = true;
        for await (const batch of stream) {
          for (const alarm of batch) {
            after = alarm.number;
            show(alarm);
          }
        }
      });
    } catch (error) {
      if (signal.aborted) return;
      if (!began || !(error instanceof AppError && error.code === 'unavailable')) throw error;
      context.output.note('the receiver does not answer; trying again');
    }
    await Promise.race([pause(retryMs), aborted(signal)]);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function addDeeds(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'resend <numbers...>',
    summary: 'send events to the ARC once more, by hand; the ARC takes them as new ones',
    options: z.object({}),
    examples: ['holdfast alarm resend 4711', 'holdfast alarm resend 4711 4712 4713'],
    run: (context, args) =>
      context.withNode(async ({ client }) => {
        const done = await client.alarm.resend({ numbers: args.map(numberOf) });
        context.output.done(done, `${plural(done.queued, 'event')} queued once more`);
      }),
  });
  addCommand(noun, host, {
    usage: 'ack [numbers...]',
    summary: 'note that an operator has seen events; the ARC is not concerned',
    flags: [
      ['--all', 'all that match and were not acknowledged yet'],
      ...filterFlags.filter(([flags]) => !flags.startsWith('--unack')),
    ],
    options: filterOptions.extend({ all: z.boolean().default(false) }),
    examples: ['holdfast alarm ack 4711', 'holdfast alarm ack --all --account 1234 --to now'],
    run: (context, args, options) =>
      context.withNode(async ({ client }) => {
        if (options.all === args.length > 0) {
          throw new AppError('invalid_input', 'name the events, or --all', {
            hint: 'holdfast alarm list --unacknowledged shows them',
          });
        }
        const acknowledged = options.all
          ? await acknowledgeAll(client, queryOf(context, options))
          : (await client.alarm.acknowledge({ numbers: args.map(numberOf) })).acknowledged;
        context.output.done({ acknowledged }, `${plural(acknowledged, 'event')} acknowledged`);
      }),
  });
}

/** Page by page, downwards: what comes in meanwhile is not touched. */
async function acknowledgeAll(client: NodeClient, query: ReturnType<typeof queryOf>): Promise<number> {
  let done = 0;
  let before: number | null = null;
  do {
    const page: Awaited<ReturnType<NodeClient['alarm']['list']>> = await client.alarm.list({
      ...query,
      unacknowledged: true,
      limit: 1_000,
      ...(before === null ? {} : { before }),
    });
    const numbers = page.alarms.map(({ number }) => number);
    if (numbers.length > 0) done += (await client.alarm.acknowledge({ numbers })).acknowledged;
    before = page.nextBefore;
  } while (before !== null);
  return done;
}

function addVerify(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'verify',
    summary: 'walk the hash chain of everything that was stored; ends with 11 when it is broken',
    options: z.object({}),
    examples: ['holdfast alarm verify', 'holdfast alarm verify --json'],
    run: (context) =>
      context.withNode(
        async ({ client }) => {
          const { output } = context;
          const found = await client.alarm.verify();
          output.result(found, () => {
            if (found.ok) output.toned('good', 'intact', `: ${found.checked} entries, head ${found.head}`);
            else output.toned('bad', 'BROKEN', ` at entry ${found.firstBad ?? '?'} of ${found.checked}`);
          });
          if (!found.ok) context.exitWith(exitCodes.data_loss);
        },
        { callTimeoutMs: 120_000 },
      ),
  });
}

const onOff = z
  .enum(['on', 'off'], { error: 'is on or off' })
  .transform((word) => word === 'on')
  .optional();

function addSettings(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'settings',
    summary: 'show or change where devices report to this node',
    flags: [
      ['--enable', 'receive alarms'],
      ['--disable', 'receive none; what is stored stays'],
      ['--listen <address>', 'address and port for DC-09 on TCP and UDP (default 0.0.0.0:6080)'],
      [
        '--forward-unknown <on|off>',
        'forward events of accounts that are not entered (they are kept anyhow)',
      ],
      ['--check-time <on|off>', 'refuse encrypted messages more than 40 s old or 20 s ahead'],
      [
        '--keep-without-output <on|off>',
        'acknowledge events while there is no output, and keep them for the first (default on)',
      ],
    ],
    options: z.object({
      enable: z.boolean().optional(),
      disable: z.boolean().optional(),
      listen: z.string().max(280).optional(),
      forwardUnknown: onOff,
      checkTime: onOff,
      keepWithoutOutput: onOff,
    }),
    examples: [
      'holdfast alarm settings',
      'holdfast alarm settings --enable --listen 0.0.0.0:6080',
      'holdfast alarm settings --forward-unknown off',
      'holdfast alarm settings --keep-without-output off',
    ],
    run: (context, _args, options) =>
      context.withNode(async ({ client }) => {
        if (options.enable && options.disable) {
          throw new AppError('invalid_input', '--enable and --disable contradict each other', {
            hint: 'give one of them',
          });
        }
        const { forwardUnknown, checkTime, keepWithoutOutput } = options;
        const change: Partial<ReceiverSettings> = {
          ...(options.enable ? { enabled: true } : {}),
          ...(options.disable ? { enabled: false } : {}),
          ...(options.listen === undefined ? {} : listenOf(options.listen)),
          ...(forwardUnknown === undefined ? {} : { forwardUnknown }),
          ...(checkTime === undefined ? {} : { checkTime }),
          ...(keepWithoutOutput === undefined ? {} : { keepWithoutOutput }),
        };
        const changes = Object.keys(change).length > 0;
        const settings = changes ? await client.alarm.configure(change) : await client.alarm.settings();
        context.output.result(settings, () =>
          context.output.facts([
            ['receiver', settings.enabled ? 'enabled' : 'disabled'],
            ['listens on', `${bracketed(settings.listenHost)}:${settings.port}, TCP and UDP`],
            ['unknown accounts', settings.forwardUnknown ? 'kept and forwarded' : 'kept, not forwarded'],
            ['time of encrypted messages', settings.checkTime ? 'checked (-40/+20 s)' : 'not checked'],
            [
              'without an output',
              settings.keepWithoutOutput ? 'acknowledged, and wait for one' : 'events are not acknowledged',
            ],
          ]),
        );
        if (changes && settings.enabled) await sayListening(context, client, settings);
      }),
  });
}

const listenWaitMs = 5_000;
const listenPollMs = 200;

/** A port that is taken, or may not be opened, shows at once and not with the first alarm. */
async function sayListening(
  { output }: CommandContext,
  client: NodeClient,
  { keepWithoutOutput }: ReceiverSettings,
): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += listenPollMs) {
    const { listen, problem, rssBytes, outputs } = await client.alarm.status();
    if (listen !== null && problem === null) {
      const meanwhile = keepWithoutOutput ? 'events wait here until' : 'devices are acknowledged once';
      if (outputs.every(({ state }) => state === 'disabled'))
        output.note(`${meanwhile} there is an output or a group: holdfast alarm output set`);
      return;
    }
    // Only a process that runs has a size: what it has against the port will not go away by itself.
    if (waitedMs >= listenWaitMs || (rssBytes > 0 && problem !== null))
      return output.note(`it does not listen yet: ${problem ?? 'it is starting'}`);
    await pause(listenPollMs);
  }
}

function listenOf(text: string): { listenHost: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const listenHost = match?.[1] ?? match?.[2];
  if (listenHost !== undefined && port >= 1 && port <= 65_535) return { listenHost, port };
  throw new AppError('invalid_input', `not an address and port: ${text}`, {
    hint: 'write it like 0.0.0.0:6080 or [::]:6080',
  });
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function numberOf(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new AppError('invalid_input', `not the number of an event: ${text}`, {
    hint: 'holdfast alarm list shows them',
  });
}
