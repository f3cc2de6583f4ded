/** `holdfast device import` and `export`: devices as a file, with areas, zones, channels and users. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { NodeClient } from '../../../client/connect.ts';
import { importDevices } from '../../../client/import-devices.ts';
import type { DeviceConfig } from '../../../contract/index.ts';
import { formatDevices, parseDeviceFile } from '../../../model/device-import.ts';
import { plural } from '../../../model/plural.ts';
import { addCommand, type CommandHost, onlyArgument } from '../../command.ts';
import { readItems, writeItems } from '../../item-files.ts';

/** A batch of 500 with their keys to seal. */
const callTimeoutMs = 120_000;
/** Devices asked for side by side. */
const askedAtOnce = 32;
const pageSize = 1_000;
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
          const planned = await importDevices(client, devices, { dryRun: true });
          const counts = dryRun ? planned : await importDevices(client, devices, { dryRun: false });
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
          output.note(`${plural(devices.length, 'device')} written to ${path}; keys are not among them`);
      }),
  });
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
