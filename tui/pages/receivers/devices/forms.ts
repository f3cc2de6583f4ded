/** Entering, changing and deleting a device, and its areas, zones, channels and users; refused on a spare before a form opens. */
import {
  alarmAccountSchema,
  type Device,
  type DeviceConfig,
  deviceKeySchema,
} from '../../../../src/contract/index.ts';
import { AppError } from '../../../../src/errors.ts';
import { formatPartList, type ListedPart, parsePartList } from '../../../../src/model/part-list.ts';
import { confirmOverlay } from '../../../components/confirm.ts';
import { formOverlay } from '../../../components/form-overlay.ts';
import type { Entry, Values } from '../../../components/form-state.ts';
import { blank, line, span } from '../../../format/line.ts';
import { plural } from '../../../format/numbers.ts';
import { wrap } from '../../../format/width.ts';
import { mayEdit, type Receivers } from '../context.ts';

type Mode = Device['mode'];
const modes: Readonly<Record<Mode, string>> = {
  direct: 'direct: straight to the receiver',
  hub: 'through the hub',
  dual: 'both ways, forwarded once',
};
const nameMax = 64;

export function accountProblem(text: string): string | null {
  return alarmAccountSchema.safeParse(text.trim().toUpperCase()).success
    ? null
    : '3 to 16 letters and digits';
}

export function nameProblem(text: string): string | null {
  return text.trim() === ''
    ? 'is needed'
    : text.trim().length > nameMax
      ? `at most ${nameMax} characters`
      : null;
}

export function keyProblem(text: string): string | null {
  return deviceKeySchema.safeParse(text.trim()).success ? null : '32, 48 or 64 hex digits';
}

function intervalProblem(text: string): string | null {
  if (text.trim() === '') return null;
  return /^\d{1,6}$/.test(text.trim()) && Number(text) >= 5 && Number(text) <= 604_800
    ? null
    : 'seconds from 5 to 604800, or nothing';
}

function entriesOf(device: Device | null): Entry[] {
  return [
    {
      kind: 'text',
      name: 'account',
      label: 'Account',
      value: device?.account ?? '',
      placeholder: '1234',
      check: accountProblem,
    },
    { kind: 'text', name: 'name', label: 'Name', value: device?.name ?? '', check: nameProblem },
    {
      kind: 'choice',
      name: 'mode',
      label: 'Reports',
      value: device?.mode ?? 'direct',
      options: Object.entries(modes).map(([value, label]) => ({ value, label })),
    },
    {
      kind: 'choice',
      name: 'encryption',
      label: 'Encryption',
      value: device?.requireEncryption === true ? 'required' : device && !device.hasKey ? 'none' : 'taken',
      options: [
        { value: 'taken', label: 'with the key below; plain is taken too' },
        { value: 'required', label: 'required: plain is not acknowledged' },
        { value: 'none', label: 'none: no key' },
      ],
    },
    {
      kind: 'text',
      name: 'key',
      label: 'AES key',
      secret: true,
      placeholder: device?.hasKey === true ? 'as it is' : '32, 48 or 64 hex digits, or none',
      check: (text, values) =>
        values.encryption === 'required' && text.trim() === '' && device?.hasKey !== true
          ? 'is needed where encryption is required'
          : keyProblem(text),
    },
    {
      kind: 'text',
      name: 'interval',
      label: 'Supervised, s',
      value:
        device?.supervisionSeconds === undefined || device.supervisionSeconds === null
          ? ''
          : String(device.supervisionSeconds),
      placeholder: 'not supervised',
      check: intervalProblem,
    },
    { kind: 'text', name: 'serial', label: 'Serial', value: device?.serial ?? '' },
    { kind: 'text', name: 'model', label: 'Model', value: device?.model ?? '' },
    { kind: 'text', name: 'version', label: 'Firmware', value: device?.version ?? '' },
    {
      kind: 'choice',
      name: 'enabled',
      label: 'Listened to',
      value: device?.enabled === false ? 'no' : 'yes',
      options: [
        { value: 'yes', label: 'yes' },
        { value: 'no', label: 'no: its messages are not acknowledged' },
      ],
    },
  ];
}

function fieldsOf(values: Values) {
  const text = (name: string): string => (values[name] ?? '').trim();
  const mode: Mode = text('mode') === 'hub' ? 'hub' : text('mode') === 'dual' ? 'dual' : 'direct';
  return {
    account: text('account').toUpperCase(),
    name: text('name'),
    mode,
    requireEncryption: values.encryption === 'required',
    supervisionSeconds: text('interval') === '' ? null : Number(text('interval')),
    serial: text('serial'),
    model: text('model'),
    version: text('version'),
    enabled: values.enabled !== 'no',
  };
}

/** `''` keeps the key that is set. */
function keyOf(values: Values, hasKey: boolean): string | null {
  const key = (values.key ?? '').trim();
  if (values.encryption === 'none') return null;
  return key === '' && !hasKey ? null : key;
}

export function addDevice(receivers: Receivers, done: () => void): void {
  const { shell } = receivers;
  if (!mayEdit(receivers, 'devices are entered')) return;
  shell.open(
    formOverlay(shell, {
      title: 'Enter a device',
      entries: entriesOf(null),
      submit: 'Add',
      working: 'Entering the device',
      async send(values) {
        await shell.client.device.add({ ...fieldsOf(values), key: keyOf(values, false) });
        return true;
      },
      done() {
        shell.notify('The device is entered.', 'good');
        done();
      },
    }),
  );
}

export function editDevice(receivers: Receivers, device: Device, done: () => void): void {
  const { shell } = receivers;
  if (!mayEdit(receivers, 'devices are changed')) return;
  shell.open(
    formOverlay(shell, {
      title: `Change device ${device.account}`,
      entries: entriesOf(device),
      submit: 'Save',
      working: 'Saving',
      async send(values) {
        await shell.client.device.edit({
          account: device.account,
          change: { ...fieldsOf(values), key: keyOf(values, device.hasKey) },
        });
        return true;
      },
      done() {
        shell.notify('Saved.', 'good');
        done();
      },
    }),
  );
}

export function removeDevice(receivers: Receivers, device: Device, done: () => void): void {
  const { shell } = receivers;
  if (!mayEdit(receivers, 'devices are deleted')) return;
  shell.open(
    confirmOverlay(shell, {
      title: `Delete device ${device.account}`,
      consequences: [
        `${device.name} is forgotten with its key, areas, zones, channels and users. Its events stay; what it sends from now on counts as unknown.`,
      ],
      typed: device.account,
      verb: 'Delete',
      working: 'Deleting',
      act: async () => {
        await shell.client.device.remove({ account: device.account });
      },
      done() {
        shell.notify(`Deleted ${device.account}.`, 'good');
        done();
      },
    }),
  );
}

function listProblem(text: string): string | null {
  return parsePartList(text).includes(null) ? 'is written as 1=Hall;2=Office' : null;
}

function partsOf(text: string): ListedPart[] {
  const parts = parsePartList(text);
  const whole = parts.filter((part) => part !== null);
  if (whole.length < parts.length)
    throw new AppError('invalid_input', 'parts are written as 1=Hall;2=Office');
  return whole;
}

/** The four lists of a device as text, as in the columns of an import. */
export function editParts(receivers: Receivers, config: DeviceConfig, done: () => void): void {
  const { shell } = receivers;
  if (!mayEdit(receivers, 'zones are changed')) return;
  const entry = (name: string, label: string, parts: readonly ListedPart[], placeholder: string): Entry => ({
    kind: 'text',
    name,
    label,
    value: formatPartList(parts),
    placeholder,
    check: listProblem,
  });
  const plain = ({ number, name }: { number: string; name: string }): ListedPart => ({
    number,
    name,
    more: [],
  });
  shell.open(
    formOverlay(shell, {
      title: `Areas, zones, channels and users of ${config.account}`,
      entries: [
        entry('areas', 'Areas', config.areas.map(plain), '1=Hall;2=Office'),
        entry(
          'zones',
          'Zones',
          config.zones.map(({ number, name, area, channel }) => ({ number, name, more: [area, channel] })),
          '1=Door|1|2   area 1, verified by channel 2',
        ),
        entry(
          'channels',
          'Channels',
          config.channels.map(({ number, name, camera }) => ({ number, name, more: [camera] })),
          '1=Yard|c3   camera c3',
        ),
        entry('users', 'Users', config.users.map(plain), '1=Miller;2=Smith'),
        {
          kind: 'note',
          lines: (values, width) => [
            blank,
            ...wrap(
              ['areas', 'zones', 'channels', 'users']
                .map((name) => plural(parsePartList(values[name] ?? '').length, name.slice(0, -1)))
                .join(', '),
              width,
            ).map((row) => line(span(row, 'dim'))),
          ],
        },
      ],
      submit: 'Save',
      working: 'Saving',
      async send(values) {
        const list = (name: string) => partsOf(values[name] ?? '');
        await shell.client.device.edit({
          account: config.account,
          change: {
            areas: list('areas').map(({ number, name }) => ({ number, name })),
            zones: list('zones').map(({ number, name, more: [area = null, channel = null] }) => ({
              ...{ number, name, area, channel },
            })),
            channels: list('channels').map(({ number, name, more: [camera = null] }) => ({
              ...{ number, name, camera },
            })),
            users: list('users').map(({ number, name }) => ({ number, name })),
          },
        });
        return true;
      },
      done() {
        shell.notify('Saved.', 'good');
        done();
      },
    }),
  );
}
