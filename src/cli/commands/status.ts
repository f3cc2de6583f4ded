/** `holdfast status`: the three questions first, then services, spaces, pools and cameras of one node. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { NodeStatus } from '../../contract/index.ts';
import { formatSize } from '../../model/size.ts';
import { addCommand, type CommandHost } from '../command.ts';
import type { Output, Tone } from '../output.ts';
import { formatDuration, formatTime } from '../time.ts';
import { repeatUntilStopped } from '../watch.ts';
import { cameraColumns } from './camera.ts';
import { poolColumns } from './pool.ts';
import { spaceColumns } from './space.ts';

export function addStatus(program: Command, host: CommandHost): void {
  addCommand(program, host, {
    usage: 'status',
    summary: 'is everything recorded, is the service up, what must I do now',
    flags: [
      ['--once', 'print once and end (the default)'],
      ['--watch', 'repeat until Ctrl-C'],
    ],
    options: z.object({ once: z.boolean().optional(), watch: z.boolean().optional() }),
    examples: ['holdfast status', 'holdfast status --json | jq .cameras', 'holdfast status --watch'],
    run: async (context, _args, options) => {
      const { output } = context;
      await context.withNode(async ({ client }) => {
        const show = async () => {
          const status = await client.node.status();
          if (output.json && options.watch) output.record(status);
          else output.result(status, () => printStatus(output, status));
        };
        if (options.watch) await repeatUntilStopped(context, show);
        else await show();
      });
    },
  });
}

const concernTones: Readonly<Record<'ok' | 'warning' | 'error', Tone>> = {
  ok: 'good',
  warning: 'warning',
  error: 'bad',
};

function printStatus(output: Output, status: NodeStatus): void {
  const { node, capacity } = status;
  const upSeconds = (status.timeMs - node.startedAtMs) / 1_000;
  output.line(
    `${node.name}  ${node.role}  version ${status.version}  up ${formatDuration(upSeconds)}  ${formatTime(status.timeMs)}`,
  );
  output.line();
  for (const concern of status.concerns) {
    output.toned(concernTones[concern.level], concern.level.padEnd(7), `  ${concern.text}`);
    if (concern.hint) output.line(`         ${concern.hint}`);
  }
  output.line();
  output.table(
    status.services,
    [
      { title: 'service', value: (row) => row.name },
      {
        title: 'state',
        value: (row) => row.state,
        tone: (row) => (row.state === 'running' ? 'good' : 'bad'),
      },
      { title: 'detail', value: (row) => row.detail ?? '' },
    ],
    'no services',
  );
  output.line();
  output.table(status.spaces, spaceColumns, 'no storage space yet: holdfast space add PATH --quota 20GB');
  output.line();
  output.table(status.pools, poolColumns, 'no pool yet: holdfast pool add NAME --space ID:SIZE');
  output.line();
  output.table(
    status.cameras,
    cameraColumns,
    'no camera yet: holdfast camera add NAME --url rtsp://… --pool NAME',
  );
  output.line();
  output.facts([
    [
      'capacity',
      `${formatSize(capacity.usedBytes)} used, ${formatSize(capacity.freeBytes)} free of ${formatSize(capacity.totalBytes)}`,
    ],
    [
      'recording',
      `${status.counts.recording} of ${status.counts.cameras} cameras, ${megabits(status.recorder.bitsPerSecond)}`,
    ],
    ['listening', node.listen ?? 'local console only'],
    ['fingerprint', node.fingerprint ?? '-'],
  ]);
}

function megabits(bitsPerSecond: number): string {
  return `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
}
