/** `holdfast camera`: what is recorded, from where, when and into which pool. */
import { readFileSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import type { Connection } from '../../client/connect.ts';
import {
  type Camera,
  cameraTransportSchema,
  type GapReason,
  planSchema,
  type RecordingPlan,
} from '../../contract/index.ts';
import { AppError, type ErrorCode, exitCodes } from '../../errors.ts';
import { formatSize } from '../../model/size.ts';
import {
  addCommand,
  addNoun,
  type CommandContext,
  type CommandHost,
  onlyArgument,
  requireChange,
} from '../command.ts';
import type { Column, Tone } from '../output.ts';
import { confirmByName, yesFlag } from '../prompt.ts';
import { formatTime } from '../time.ts';

function recordingTone(camera: Camera): Tone {
  if (camera.recording === 'normal') return 'good';
  return camera.recording === 'off-plan' ? 'dim' : 'bad';
}

export const cameraColumns: readonly Column<Camera>[] = [
  { title: 'camera', value: (row) => row.id },
  { title: 'name', value: (row) => row.name },
  { title: 'ch', value: (row) => String(row.channel), align: 'right' },
  {
    title: 'connection',
    value: (row) => row.connection,
    tone: (row) => (row.connection === 'connected' ? 'good' : 'warning'),
  },
  { title: 'recording', value: (row) => row.recording, tone: recordingTone },
  { title: 'stream', value: mediaText },
  { title: 'mbit/s', value: (row) => (row.bitsPerSecond / 1e6).toFixed(1), align: 'right' },
  { title: 'pool', value: (row) => row.poolId ?? '-' },
  { title: 'problem', value: (row) => row.problem ?? '' },
];

function mediaText({ media }: Pick<Camera, 'media'>): string {
  if (!media) return '-';
  const size = media.width === null ? '' : ` ${media.width}x${media.height}`;
  const audio = media.audioCodec === null ? '' : ` + ${media.audioCodec}`;
  return `${media.videoCodec ?? 'no video'}${size}${audio}`;
}

const wholeNumber = z.coerce.number().int();
const sourceFlags = [
  ['--channel <n>', 'channel number (default 1)'],
  ['--plan <plan>', 'always, never, or a JSON file of 7 strings of 96 quarter hours (. or T)'],
  ['--transport <word>', 'tcp (default) or udp'],
  ['--allow-basic-auth', 'send the password readable when the camera asks for nothing better'],
] as const;
const sourceOptions = z.object({
  channel: wholeNumber.optional(),
  plan: z.string().optional(),
  transport: cameraTransportSchema.optional(),
  allowBasicAuth: z.boolean().optional(),
});

function sourceOf(options: z.output<typeof sourceOptions>) {
  return {
    ...(options.channel === undefined ? {} : { channel: options.channel }),
    ...(options.plan === undefined ? {} : { plan: readPlan(options.plan) }),
    ...(options.transport === undefined ? {} : { transport: options.transport }),
    ...(options.allowBasicAuth === undefined ? {} : { allowBasicAuth: options.allowBasicAuth }),
  };
}

const planFileBytesMax = 16 * 1024;

function readPlan(text: string): RecordingPlan {
  if (text === 'always' || text === 'never') return text;
  try {
    if (statSync(text).size > planFileBytesMax)
      throw new AppError('invalid_input', `${text} is too large for a plan`);
    return planSchema.parse(JSON.parse(readFileSync(text, 'utf8')));
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('invalid_input', `not a plan: ${text}`, {
      hint: 'always, never, or a JSON file: 7 strings (Monday first) of 96 characters, T to record and . not',
      cause: error,
    });
  }
}

/** The node refuses a name that another camera has; said here, nobody waits for a camera to be tried first. */
async function requireFreeName(client: Connection['client'], name: string): Promise<void> {
  const same = (await client.camera.list()).find((camera) => camera.name === name);
  if (!same) return;
  throw new AppError('conflict', `there is a camera called ${name} already: ${same.id}`, {
    hint: `Choose another name, or change that one: holdfast camera edit ${same.id}.`,
    details: { id: same.id },
  });
}

async function probe(connection: Connection, source: ProbeSource, force: boolean): Promise<void> {
  const found = await connection.client.camera.probe(source);
  if (found.ok || force) return;
  const problem = found.problem ?? found.reason ?? 'no reason known';
  const anyway = 'add --force to add it all the same; it is recorded as soon as it answers';
  throw new AppError(codeOf(found.reason), `the camera gives no usable stream: ${problem}`, {
    hint: found.hint === null ? anyway : `${found.hint} Or ${anyway}.`,
    details: { reason: found.reason },
  });
}

function codeOf(reason: GapReason | null): ErrorCode {
  if (reason === 'unsupported-codec') return 'unsupported';
  if (reason === 'protocol-error') return 'protocol';
  return reason === 'stream-stalled' ? 'timeout' : 'unavailable';
}

interface ProbeSource {
  url: string;
  transport?: 'tcp' | 'udp';
  allowBasicAuth?: boolean;
}

function probeSource(url: string, options: z.output<typeof sourceOptions>): ProbeSource {
  return {
    url,
    ...(options.transport === undefined ? {} : { transport: options.transport }),
    ...(options.allowBasicAuth === undefined ? {} : { allowBasicAuth: options.allowBasicAuth }),
  };
}

export function addCamera(program: Command, host: CommandHost): void {
  const noun = addNoun(program, 'camera', 'cameras: what is recorded, and when', [
    'holdfast camera add door --url rtsp://user:password@192.0.2.10/stream1 --pool main',
    'holdfast camera list',
    'holdfast camera show door',
  ]);
  addCommand(noun, host, {
    usage: 'list',
    summary: 'all cameras with connection and recording status',
    options: z.object({}),
    examples: ['holdfast camera list', 'holdfast camera list --json'],
    run: (context) =>
      context.withNode(async ({ client }) => {
        const cameras = await client.camera.list();
        context.output.list(cameras, cameraColumns, 'no camera yet');
      }),
  });
  addCommand(noun, host, {
    usage: 'show <camera>',
    summary: 'one camera, by id or name',
    options: z.object({}),
    examples: ['holdfast camera show door'],
    run: (context, args) =>
      context.withNode(async ({ client }) => {
        const camera = await client.camera.show({ id: onlyArgument(args) });
        context.output.result(camera, () => printCamera(context, camera));
      }),
  });
  addAdd(noun, host);
  addProbe(noun, host);
  addChanging(noun, host);
}

function addAdd(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'add <name>',
    summary: 'try a camera and record it',
    flags: [
      ['--url <url>', 'rtsp://user:password@host:554/path; user and password are kept sealed'],
      ['--pool <name>', 'pool to record into, by name or id'],
      ['--id <id>', 'short id (default: the next free one)'],
      ...sourceFlags,
      ['--force', 'add it although it does not answer now'],
      ['--no-probe', 'add it without trying'],
    ],
    options: sourceOptions.extend({
      url: z.string(),
      pool: z.string(),
      id: z.string().optional(),
      force: z.boolean().default(false),
      probe: z.boolean().default(true),
    }),
    examples: [
      'holdfast camera add door --url rtsp://user:password@192.0.2.10/stream1 --pool main',
      'holdfast camera add yard --url rtsp://192.0.2.11/h264 --pool main --id yard --channel 2 --plan plan.json',
    ],
    run: (context, args, options) =>
      context.withNode(async (connection) => {
        await requireFreeName(connection.client, onlyArgument(args));
        if (options.probe) await probe(connection, probeSource(options.url, options), options.force);
        const camera = await connection.client.camera.add({
          name: onlyArgument(args),
          url: options.url,
          pool: options.pool,
          ...sourceOf(options),
          ...(options.id === undefined ? {} : { id: options.id }),
        });
        context.output.done(
          camera,
          `camera ${camera.id} (${camera.name}) records into ${camera.poolId ?? options.pool}`,
        );
      }),
  });
}

function addProbe(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'probe <url>',
    summary: 'try an address and say what it gives; nothing is recorded',
    flags: [sourceFlags[2], sourceFlags[3]],
    options: sourceOptions,
    examples: ['holdfast camera probe rtsp://user:password@192.0.2.10/stream1'],
    run: (context, args, options) =>
      context.withNode(async ({ client }) => {
        const found = await client.camera.probe(probeSource(onlyArgument(args), options));
        context.output.result(found, () =>
          context.output.facts([
            ['usable', found.ok ? 'yes' : 'no'],
            ['stream', mediaText(found)],
            ['took', `${Math.round(found.elapsedMs)} ms`],
            ['notes', found.media?.notes.join('; ') || '-'],
            ['problem', found.problem ?? '-'],
            ['hint', found.hint ?? '-'],
          ]),
        );
        if (!found.ok) context.exitWith(exitCodes[codeOf(found.reason)]);
      }),
  });
}

function addChanging(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'edit <camera>',
    summary: 'change address, plan, pool or name',
    flags: [
      ['--name <name>', 'its new name'],
      ['--url <url>', 'its new address'],
      ['--pool <name>', 'pool to record into from now on'],
      ...sourceFlags,
      ['--enable', 'connect and record again'],
      ['--disable', 'disconnect and record nothing'],
    ],
    options: sourceOptions.extend({
      name: z.string().optional(),
      url: z.string().optional(),
      pool: z.string().optional(),
      enable: z.boolean().optional(),
      disable: z.boolean().optional(),
    }),
    examples: ['holdfast camera edit door --plan never', 'holdfast camera edit door --disable'],
    run: async (context, args, options) => {
      requireChange(options);
      await context.withNode(async ({ client }) => {
        const { id } = await client.camera.show({ id: onlyArgument(args) });
        const camera = await client.camera.edit({
          id,
          ...sourceOf(options),
          ...(options.name === undefined ? {} : { name: options.name }),
          ...(options.url === undefined ? {} : { url: options.url }),
          ...(options.pool === undefined ? {} : { pool: options.pool }),
          ...(options.enable ? { enabled: true } : {}),
          ...(options.disable ? { enabled: false } : {}),
        });
        context.output.done(camera, `camera ${camera.id} (${camera.name}) is changed`);
      });
    },
  });
  addCommand(noun, host, {
    usage: 'remove <camera>',
    summary: 'stop recording it; what is recorded stays until it is overwritten',
    flags: [yesFlag],
    options: z.object({ yes: z.string().optional() }),
    examples: ['holdfast camera remove door', 'holdfast camera remove door --yes door'],
    run: (context, args, options) =>
      context.withNode(async ({ client }) => {
        const camera = await client.camera.show({ id: onlyArgument(args) });
        await confirmByName(context.io, {
          consequence: `Removing ${camera.name} stops its recording; its video stays until it is overwritten.`,
          name: camera.name,
          given: options.yes === camera.id ? camera.name : options.yes,
        });
        await client.camera.remove({ id: camera.id });
        context.output.done({ id: camera.id, removed: true }, `camera ${camera.id} is removed`);
      }),
  });
}

function printCamera(context: CommandContext, camera: Camera): void {
  const plan = Array.isArray(camera.plan) ? 'weekly' : camera.plan;
  context.output.facts([
    ['camera', `${camera.id} (${camera.name}), channel ${camera.channel}`],
    [
      'address',
      `${camera.url}${camera.hasCredentials ? ' (with user and password)' : ''}, ${camera.transport}`,
    ],
    ['plan', camera.enabled ? plan : `${plan}, disabled`],
    ['pool', camera.poolId ?? '-'],
    ['connection', camera.connection],
    ['recording', camera.recording],
    ['problem', camera.problem ?? '-'],
    ['since', camera.sinceMs === null ? '-' : formatTime(camera.sinceMs)],
    ['stream', mediaText(camera)],
    ['notes', camera.media?.notes.join('; ') || '-'],
    ['rate', `${(camera.bitsPerSecond / 1e6).toFixed(2)} Mbit/s`],
    ['recorded', formatSize(camera.recordedBytes)],
    ['lost', `${camera.packetsLost} packets, ${camera.partsLost} parts, ${camera.reconnects} reconnects`],
    ['last frame', camera.lastFrameMs === null ? '-' : formatTime(camera.lastFrameMs)],
  ]);
}
