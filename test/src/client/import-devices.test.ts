/** Devices of a file reach the node in batches that it takes. */
import { describe, expect, it } from 'vitest';
import type { NodeClient } from '../../../src/client/connect.ts';
import { importDevices } from '../../../src/client/import-devices.ts';
import { type DeviceConfig, deviceConfigSchema } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';

function devices(count: number, patch: Partial<DeviceConfig> = {}): DeviceConfig[] {
  return Array.from({ length: count }, (_, at) =>
    deviceConfigSchema.parse({ account: String(10_000 + at), name: `Shop ${at}`, ...patch }),
  );
}

/** Takes batches and notes their sizes; `failAt`: the batch that is refused. */
function node(failAt = -1) {
  const batches: DeviceConfig[][] = [];
  const client = {
    device: {
      import: async (input: { devices: DeviceConfig[] }) => {
        if (batches.length === failAt) throw new AppError('conflict', 'the directory is full');
        batches.push(input.devices);
        return { added: input.devices.length - 1, changed: 1, unchanged: 0 };
      },
    },
  } as unknown as Pick<NodeClient, 'device'>;
  return { client, batches };
}

describe('an import', () => {
  it('goes in batches of at most 500, in order, and counts all', async () => {
    const { client, batches } = node();
    const progress: number[] = [];
    const counts = await importDevices(client, devices(1_201), {
      dryRun: false,
      onProgress: (sent) => progress.push(sent),
    });
    expect(batches.map(({ length }) => length)).toEqual([500, 500, 201]);
    expect(batches.flat().map(({ account }) => account)).toEqual(
      devices(1_201).map(({ account }) => account),
    );
    expect(counts).toEqual({ added: 1_198, changed: 3, unchanged: 0 });
    expect(progress).toEqual([500, 1_000, 1_201]);
  });

  it('keeps each batch below what the API takes, however large the devices are', async () => {
    const zones = Array.from({ length: 999 }, (_, at) => ({
      number: String(at),
      name: 'x'.repeat(60),
      area: null,
      channel: null,
    }));
    const { client, batches } = node();
    await importDevices(client, devices(20, { zones }), { dryRun: false });
    expect(batches.flat()).toHaveLength(20);
    for (const batch of batches) expect(JSON.stringify(batch).length).toBeLessThan(1024 * 1024);
  });

  it('says how many were taken when a later batch is refused', async () => {
    await expect(importDevices(node(1).client, devices(600), { dryRun: false })).rejects.toThrow(
      'the directory is full; the first 500 devices of the file were taken',
    );
    await expect(importDevices(node(0).client, devices(600), { dryRun: false })).rejects.toThrow(
      /^the directory is full$/,
    );
    await expect(importDevices(node(1).client, devices(600), { dryRun: true })).rejects.toThrow(
      /^the directory is full$/,
    );
  });
});
