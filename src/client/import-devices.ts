/** Sends devices of a file to a node in batches that it takes, and counts what changed. */
import { type DeviceConfig, devicesPerImportMax } from '../contract/index.ts';
import { AppError } from '../errors.ts';
import type { NodeClient } from './connect.ts';

/** The API takes bodies of 1 MiB; a device with all its zones may have 100 KiB. */
const batchBytesMax = 512 * 1024;

export interface ImportCounts {
  added: number;
  changed: number;
  unchanged: number;
}

/**
 * All or nothing within a batch; with `dryRun` nothing at all. `onProgress` is told how many were sent.
 * @throws AppError of the batch that was refused; its text says how many devices were taken before.
 */
export async function importDevices(
  client: Pick<NodeClient, 'device'>,
  devices: readonly DeviceConfig[],
  { dryRun, onProgress }: { dryRun: boolean; onProgress?: (sent: number) => void },
): Promise<ImportCounts> {
  const counts = { added: 0, changed: 0, unchanged: 0 };
  let done = 0;
  for (const batch of batchesOf(devices)) {
    try {
      const { added, changed, unchanged } = await client.device.import({ devices: batch, dryRun });
      counts.added += added;
      counts.changed += changed;
      counts.unchanged += unchanged;
      done += batch.length;
      onProgress?.(done);
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
