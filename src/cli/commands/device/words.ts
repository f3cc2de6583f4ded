/** How devices are told in lines of text. */
import type { Device, DeviceConfig } from '../../../contract/index.ts';
import type { Column, Output, Tone } from '../../output.ts';
import { formatDuration, formatTime } from '../../time.ts';

const stateTones: Readonly<Record<Device['state'], Tone>> = {
  online: 'good',
  lost: 'bad',
  never: 'warning',
  unsupervised: 'plain',
  disabled: 'dim',
};

export const deviceColumns: readonly Column<Device>[] = [
  { title: 'account', value: (row) => row.account },
  { title: 'name', value: (row) => row.name },
  { title: 'state', value: (row) => row.state, tone: (row) => stateTones[row.state] },
  { title: 'mode', value: (row) => row.mode },
  { title: 'key', value: keyText },
  { title: 'supervised', value: supervisionText },
  { title: 'last heard', value: (row) => moment(row.lastHeardMs) },
  { title: 'alarms', value: (row) => String(row.alarms), align: 'right' },
];

function keyText({ hasKey, requireEncryption }: Device): string {
  if (!hasKey) return '-';
  return requireEncryption ? 'required' : 'set';
}

function supervisionText({ supervisionSeconds }: Device): string {
  return supervisionSeconds === null ? '-' : formatDuration(supervisionSeconds);
}

function moment(ms: number | null): string {
  return ms === null ? 'never' : formatTime(ms);
}

export function printDevice(
  output: Output,
  { device, config }: { device: Device; config: DeviceConfig },
): void {
  output.facts([
    ['account', device.account],
    ['name', device.name],
    ['state', device.state],
    ['mode', device.mode],
    ['encryption', keyText(device) === '-' ? 'none' : `key ${keyText(device)}`],
    ['supervised', supervisionText(device)],
    ['serial', device.serial || '-'],
    ['model', `${device.model || '-'}${device.version === '' ? '' : `, version ${device.version}`}`],
    ['activated', moment(device.activatedMs)],
    ['last heard', moment(device.lastHeardMs)],
    ['alarms', `${device.alarms}, first ${moment(device.firstAlarmMs)}, last ${moment(device.lastAlarmMs)}`],
  ]);
  const rows = [
    ...config.areas.map((row) => ({ what: 'area', ...row, more: '' })),
    ...config.zones.map((row) => ({
      what: 'zone',
      ...row,
      more: [
        row.area === null ? '' : `area ${row.area}`,
        row.channel === null ? '' : `verified by channel ${row.channel}`,
      ]
        .filter((part) => part !== '')
        .join(', '),
    })),
    ...config.channels.map((row) => ({
      what: 'channel',
      ...row,
      more: row.camera === null ? '' : `camera ${row.camera}`,
    })),
    ...config.users.map((row) => ({ what: 'user', ...row, more: '' })),
  ];
  if (rows.length === 0) return;
  output.line();
  output.table(
    rows,
    [
      { title: 'part', value: (row) => row.what },
      { title: 'number', value: (row) => row.number, align: 'right' },
      { title: 'name', value: (row) => row.name },
      { title: '', value: (row) => row.more },
    ],
    '',
  );
}
