/** Devices from a file on the console's machine: read and checked here, tried on the node, and entered only after the question. */
import { importDevices } from '../../../../src/client/import-devices.ts';
import type { DeviceConfig } from '../../../../src/contract/index.ts';
import { parseDeviceFile } from '../../../../src/model/device-import.ts';
import { confirmOverlay } from '../../../components/confirm.ts';
import { formOverlay } from '../../../components/form-overlay.ts';
import { blank, line, span } from '../../../format/line.ts';
import { plural } from '../../../format/numbers.ts';
import { wrap } from '../../../format/width.ts';
import type { Shell } from '../../../shell.ts';
import { mayEdit, type Receivers } from '../context.ts';
import { readItems } from '../item-file.ts';

export function importFile(receivers: Receivers, done: () => void): void {
  const { shell } = receivers;
  if (!mayEdit(receivers, 'devices are imported')) return;
  let devices: readonly DeviceConfig[] = [];
  let counts = { added: 0, changed: 0, unchanged: 0 };
  shell.open(
    formOverlay(shell, {
      title: 'Import devices',
      entries: [
        { kind: 'text', name: 'path', label: 'File', placeholder: 'devices.csv, on this machine' },
        {
          kind: 'note',
          lines: (_values, width) => [
            blank,
            ...wrap(
              'CSV or JSON. It is tried first and nothing is changed; then you are asked. No device is removed.',
              width,
            ).map((row) => line(span(row, 'dim'))),
          ],
        },
      ],
      submit: 'Try',
      working: 'Reading, then trying it on the node',
      async send(values) {
        devices = await readItems((values.path ?? '').trim(), { parse: parseDeviceFile, item: 'device' });
        counts = await importDevices(shell.client, devices, {
          dryRun: true,
          onProgress: tell(shell, 'tried', devices.length),
        });
        return true;
      },
      done: () => askImport(receivers, { devices, counts, done }),
    }),
  );
}

/** Progress of what takes more than a moment. */
function tell(shell: Shell, what: string, total: number): (count: number) => void {
  return (count) => {
    if (count < total) shell.notify(`${count} of ${total} devices ${what} …`, 'accent');
  };
}

interface Plan {
  devices: readonly DeviceConfig[];
  counts: { added: number; changed: number; unchanged: number };
  done: () => void;
}

function askImport({ shell }: Receivers, { devices, counts, done }: Plan): void {
  if (counts.added + counts.changed === 0) {
    shell.notify(`All ${plural(counts.unchanged, 'device')} of the file are there as they are.`, 'good');
    return;
  }
  shell.open(
    confirmOverlay(shell, {
      title: 'Import devices',
      consequences: [
        `${plural(counts.added, 'device')} would be added, ${counts.changed} changed, ${counts.unchanged} stay as they are.`,
      ],
      verb: 'Import',
      working: `Importing ${plural(devices.length, 'device')}`,
      act: async () => {
        const onProgress = tell(shell, 'sent', devices.length);
        const { added, changed } = await importDevices(shell.client, devices, { dryRun: false, onProgress });
        shell.notify(`${added} added, ${changed} changed.`, 'good');
      },
      done,
    }),
  );
}
