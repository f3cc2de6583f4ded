/** `holdfast device import` and `export`: devices as a file, with areas, zones, channels and users. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { NodeClient } from '../../../client/connect.ts';
import { type DeviceConfig, devicesPerImportMax } from '../../../contract/index.ts';
import { AppError } from '../../../errors.ts';
import { formatDevices, parseDeviceFile } from '../../../model/device-import.ts';
import { addCommand, type CommandHost, onlyArgument } from '../../command.ts';
import { readItems, writeItems } from '../../item-files.ts';

/** A batch of 500 with their keys to seal. */
const callTimeoutMs = 120_000;
/** Devices asked for side by side. */
const askedAtOnce = 32;
const pageSize = 1_000;
/** The API takes bodies of 1 MiB; a device with all its zones may have 100 KiB. */
const batchBytesMax = 512 * 1024;

interface Counts {
  added: number;
  changed: number;
  unchanged: number;
}

export function addDeviceFiles(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'import <file>',
    summary: 'add and change devices from CSV or JSON; none is removed. All is tried before any is done',
    flags: [['--dry-run', 'say what would change, and change nothing']],
    options: z.object({ dryRun: z.boolean().default(false) }),
    examples: ['holdfast device import devices.csv --dry-run', 'holdfast device import devices.csv'],
    run: async (context, args, { dryRun }) => {
      const { output } = context;
      const devices = await readItems(context, onlyArgument(args), parseDeviceFile);
      await context.withNode(
        async ({ client }) => {
          const batches = batchesOf(devices);
          const planned = await importAll(client, batches, true);
          const counts = dryRun ? planned : await importAll(client, batches, false);
          output.result({ ...counts, dryRun }, () => {
            const words = `${counts.added} added, ${counts.changed} changed, ${counts.unchanged} as they were`;
            output.line(dryRun ? `would be: ${words}` : words);
          });
        },
        { callTimeoutMs },
      );
    },
  });
  addCommand(noun, host, {
    usage: 'export [file]',
    summary: 'all devices as CSV, or as JSON with --json; keys are not among them. Reads what import wrote',
    options: z.object({}),
    examples: ['holdfast device export devices.csv', 'holdfast device export devices.json --json'],
    run: (context, args) =>
      context.withNode(async ({ client }) => {
        const { output } = context;
        const path = args[0] ?? '-';
        const devices = await allDevices(client);
        const text = output.json ? `${JSON.stringify({ devices }, null, 1)}\n` : formatDevices(devices);
        await writeItems(context, path, text);
        if (path !== '-')
          output.note(`${devices.length} devices written to ${path}; keys are not among them`);
      }),
  });
}

function batchesOf(devices: readonly DeviceConfig[]): DeviceConfig[][] {
  const batches: DeviceConfig[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const device of devices) {
    const size = JSON.stringify(device).length;
    const last = batches.at(-1);
    if (last === undefined || last.length >= devicesPerImportMax || bytes + size > batchBytesMax) {
      batches.push([device]);
      bytes = size;
    } else {
      last.push(device);
      bytes += size;
    }
  }
  return batches;
}

async function importAll(
  client: NodeClient,
  batches: readonly DeviceConfig[][],
  dryRun: boolean,
): Promise<Counts> {
  const counts = { added: 0, changed: 0, unchanged: 0 };
  let done = 0;
  for (const devices of batches) {
    try {
      const { added, changed, unchanged } = await client.device.import({ devices, dryRun });
      counts.added += added;
      counts.changed += changed;
      counts.unchanged += unchanged;
      done += devices.length;
    } catch (error) {
      if (!(error instanceof AppError) || dryRun || done === 0) throw error;
      throw new AppError(error.code, `${error.message}; the first ${done} devices of the file were taken`, {
        hint: 'import the file once more: what is there already counts as unchanged',
        cause: error,
      });
    }
  }
  return counts;
}

async function allDevices(client: NodeClient): Promise<DeviceConfig[]> {
  const configs: DeviceConfig[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<NodeClient['device']['list']>> = await client.device.list({
      limit: pageSize,
      ...(after === null ? {} : { after }),
    });
    for (let at = 0; at < page.devices.length; at += askedAtOnce) {
      const some = page.devices.slice(at, at + askedAtOnce);
      const shown = await Promise.all(some.map(({ account }) => client.device.show({ account })));
      configs.push(...shown.map(({ config }) => config));
    }
    after = page.nextAfter;
  } while (after !== null);
  return configs;
}
