/** One device whole: how it reports, its first and last alarm, its areas, zones, channels and users. */
import type { Device, DeviceConfig } from '../../../../src/contract/index.ts';
import { type Fact, factLines } from '../../../components/facts.ts';
import { textOverlay } from '../../../components/text-overlay.ts';
import { blank, type Line, line, span } from '../../../format/line.ts';
import { formatDuration } from '../../../format/numbers.ts';
import { dateTime } from '../../../format/time.ts';
import { pad } from '../../../format/width.ts';
import type { Frame } from '../../../shell.ts';
import type { Receivers } from '../context.ts';
import { deviceWord } from '../words.ts';
import { editDevice, editParts, removeDevice } from './forms.ts';

export function openDevice(receivers: Receivers, account: string, done: () => void): void {
  const { shell } = receivers;
  const again = (): void => {
    shell.close();
    done();
    openDevice(receivers, account, done);
  };
  const gone = (): void => {
    shell.close();
    done();
  };
  shell.run(
    `Asking for ${account}`,
    () => shell.client.device.show({ account }),
    (shown) =>
      shell.open(
        textOverlay(shell, {
          title: `Device ${account}`,
          copy: { text: account, what: 'the account' },
          actions: [
            { key: 'c', text: 'change', run: () => editDevice(receivers, shown.device, again) },
            { key: 'z', text: 'zones…', run: () => editParts(receivers, shown.config, again) },
            {
              key: 'v',
              text: 'its events',
              run: () => {
                shell.close();
                receivers.eventsOf(account);
              },
            },
            { key: 'D', text: 'delete', run: () => removeDevice(receivers, shown.device, gone) },
          ],
          lines: (frame, width) => [
            ...factLines(deviceFacts(shown.device, frame), width),
            ...partLines(shown.config, width),
          ],
        }),
      ),
  );
}

export function encryptionWords({ hasKey, requireEncryption }: Device): string {
  if (!hasKey) return 'none';
  return requireEncryption ? 'required' : 'AES, plain is taken too';
}

function deviceFacts(device: Device, { timeZone }: Frame): Fact[] {
  const word = deviceWord(device.state);
  const moment = (ms: number | null) => (ms === null ? 'never' : dateTime(ms, timeZone));
  const interval = device.supervisionSeconds;
  return [
    { name: 'Name', value: device.name, tone: 'strong' },
    { name: 'State', value: word.text, tone: word.tone },
    { name: 'Mode', value: device.mode },
    { name: 'Encryption', value: encryptionWords(device) },
    { name: 'Supervised', value: interval === null ? 'no' : `every ${formatDuration(interval)}` },
    { name: 'Serial', value: device.serial },
    { name: 'Model', value: [device.model, device.version].filter((each) => each !== '').join(' ') },
    { name: 'Activated', value: moment(device.activatedMs) },
    { name: 'Last heard', value: moment(device.lastHeardMs) },
    { name: 'First alarm', value: moment(device.firstAlarmMs) },
    { name: 'Last alarm', value: `${moment(device.lastAlarmMs)}, ${device.alarms} in all` },
  ];
}

function partLines({ areas, zones, channels, users }: DeviceConfig, width: number): Line[] {
  const belongs = (what: string, number: string | null) => (number === null ? [] : [`${what} ${number}`]);
  const groups = [
    { title: 'Areas', rows: areas.map(({ number, name }) => ({ number, name, more: '' })) },
    {
      title: 'Zones',
      rows: zones.map(({ number, name, area, channel }) => ({
        number,
        name,
        more: [...belongs('area', area), ...belongs('channel', channel)].join(', '),
      })),
    },
    {
      title: 'Channels',
      rows: channels.map(({ number, name, camera }) => ({
        number,
        name,
        more: belongs('camera', camera).join(''),
      })),
    },
    { title: 'Users', rows: users.map(({ number, name }) => ({ number, name, more: '' })) },
  ];
  return groups
    .filter(({ rows }) => rows.length > 0)
    .flatMap(({ title, rows }) => [
      blank,
      line(span(title, 'title'), span(`  ${rows.length}`, 'dim')),
      ...rows.map(({ number, name, more }) =>
        line(
          span(pad(number, 6, 'right'), 'dim'),
          span(`  ${pad(name, Math.max(10, Math.floor(width / 2)))}`),
          span(more, 'dim'),
        ),
      ),
    ]);
}
