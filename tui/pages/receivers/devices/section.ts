/** The devices: a list of any length of which only what is shown is fetched, and what can be done with each. */
import type { Device } from '../../../../src/contract/index.ts';
import { clampList, listStart, moveList } from '../../../components/list.ts';
import { type Column, padLines, table } from '../../../components/table.ts';
import { line, span, spread } from '../../../format/line.ts';
import { formatDuration, formatShortDuration, plural } from '../../../format/numbers.ts';
import type { Key } from '../../../keys.ts';
import type { Frame } from '../../../shell.ts';
import { markOf } from '../../standby/words.ts';
import type { Receivers } from '../context.ts';
import type { Section } from '../section.ts';
import { deviceWord } from '../words.ts';
import { encryptionWords, openDevice } from './details.ts';
import { addDevice, editDevice, removeDevice } from './forms.ts';
import { importFile } from './import.ts';
import { DeviceWindow } from './window.ts';

const states: readonly (Device['state'] | null)[] = [
  null,
  'lost',
  'never',
  'online',
  'unsupervised',
  'disabled',
];

export function createDevicesSection(receivers: Receivers): Section {
  const { shell } = receivers;
  const window = new DeviceWindow(shell);
  let list = listStart;
  let rows = 10;

  const selected = (): Device | undefined => window.row(list.index);
  const again = (): void => {
    window.reload();
    receivers.receiver.ask();
  };
  const withDevice = (act: (device: Device) => void) => (): void => {
    const device = selected();
    if (device) act(device);
  };

  function nextState(): void {
    const { text, state } = window.filter;
    list = listStart;
    window.setFilter({ text, state: states[(states.indexOf(state) + 1) % states.length] ?? null });
  }

  function toEnd(): void {
    shell.run(
      'Going to the last device',
      () => window.seekEnd(),
      () => {
        list = clampList({ ...list, index: window.reachable - 1 }, window.reachable, rows);
        window.show(list.top, rows);
        shell.changed();
      },
    );
  }

  const keys: Readonly<Record<Key, () => void>> = {
    a: () => addDevice(receivers, again),
    c: withDevice((device) => editDevice(receivers, device, again)),
    D: withDevice((device) => removeDevice(receivers, device, again)),
    i: () => importFile(receivers, again),
    s: nextState,
    v: withDevice(({ account }) => receivers.eventsOf(account)),
    G: toEnd,
    end: toEnd,
    enter: withDevice(({ account }) => openDevice(receivers, account, again)),
  };

  return {
    title: 'Devices',
    help: [
      { keys: 'Enter', text: 'the device with its areas, zones, channels and users' },
      { keys: 'a c', text: 'enter a device, change it' },
      { keys: 'D', text: 'delete it; its account must be typed' },
      { keys: 'i', text: 'import a file of this machine; it is tried first' },
      { keys: 's', text: 'state: all, lost, never heard, online, no interval, disabled' },
      { keys: 'v', text: 'the events of the device' },
      { keys: '/', text: 'find in account, name and serial; the node looks through all' },
    ],
    load: again,
    tick: () => window.tick(),
    view(frame) {
      rows = Math.max(1, frame.rows - 2);
      list = clampList(list, window.reachable, rows);
      window.show(list.top, rows);
      const device = selected();
      return {
        lines: deviceLines({ window, list }, frame),
        foot: device
          ? line(
              span(` ${device.account} ${device.name}`, 'strong'),
              span(
                `  ${plural(device.counts.zones, 'zone')}, encryption ${encryptionWords(device)}, ${
                  device.supervisionSeconds === null
                    ? 'not supervised'
                    : `supervised every ${formatDuration(device.supervisionSeconds)}`
                }`,
              ),
            )
          : line(''),
        hints,
      };
    },
    key(key) {
      const action = keys[key];
      if (action) {
        action();
        return true;
      }
      const moved = moveList(list, key, window.reachable, rows);
      if (!moved) return false;
      list = moved;
      return true;
    },
    filter: {
      get: () => window.filter.text,
      set(text) {
        list = listStart;
        if (text.startsWith('!')) shell.notify('Devices cannot be filtered by what they are not.', 'dim');
        window.setFilter({ ...window.filter, text: text.replace(/^!/, '').slice(0, 64) });
      },
    },
    commands: [
      { name: 'add device', aliases: ['enter device'], text: 'account, name, key', run: () => keys.a?.() },
      {
        name: 'change device',
        aliases: ['edit device'],
        text: 'the one under the cursor',
        run: () => keys.c?.(),
      },
      {
        name: 'delete device',
        aliases: ['remove device'],
        text: 'the one under the cursor',
        run: () => keys.D?.(),
      },
      { name: 'import devices', text: 'from CSV or JSON; tried first', run: () => keys.i?.() },
    ],
    sheet: () => ({
      name: 'holdfast-devices.csv',
      header: ['account', 'name', 'state', 'mode', 'last_heard_utc', 'alarms', 'serial', 'model', 'version'],
      rows: window
        .loaded()
        .map((device) => [
          device.account,
          device.name,
          device.state,
          device.mode,
          device.lastHeardMs === null ? null : new Date(device.lastHeardMs).toISOString(),
          device.alarms,
          device.serial,
          device.model,
          device.version,
        ]),
    }),
    copyText: () => selected()?.account ?? null,
  };
}

function deviceLines(
  { window, list }: { window: DeviceWindow; list: { index: number; top: number } },
  frame: Frame,
) {
  const { total, filter, problem } = window;
  const height = frame.rows - 1;
  const shown = Array.from(
    { length: Math.max(0, Math.min(height - 1, window.reachable - list.top)) },
    (_, at) => window.row(list.top + at),
  );
  const left = line(
    span(total === null ? ' devices' : ` ${plural(total, 'device')}`, 'strong'),
    span(filter.state === null ? '' : `  ${deviceWord(filter.state).text}`, 'accent'),
    span(filter.text === '' ? '' : `  /${filter.text}`, 'accent'),
    span(problem === null ? '' : `  ${problem}`, 'alarm'),
  );
  const place = total === null || total === 0 ? '' : `${list.index + 1} of ${total} `;
  const empty =
    problem ??
    (total === null
      ? 'Asking the node …'
      : filter.text === '' && filter.state === null
        ? 'No device is entered: a enters one, i imports a file.'
        : 'Nothing found.');
  return [
    spread(left, line(span(place, 'dim')), frame.columns),
    ...padLines(
      table({
        columns: columnsOf(frame),
        rows: shown,
        cursor: { index: list.index - list.top, top: 0 },
        width: frame.columns,
        height,
        empty,
      }),
      height,
    ),
  ];
}

/** A row that is on its way is undefined. */
function columnsOf(frame: Frame): Column<Device | undefined>[] {
  const { glyphs } = frame.theme;
  return [
    { title: 'Account', width: 10, cell: (device) => device?.account ?? '…' },
    {
      title: 'Name',
      width: 14,
      grow: true,
      cell: (device) => ({ text: device?.name ?? '', tone: 'strong' }),
    },
    {
      title: 'State',
      width: 13,
      cell(device) {
        if (!device) return '';
        const word = deviceWord(device.state);
        return { text: `${markOf(word, glyphs)} ${word.text}`, tone: word.tone };
      },
    },
    { title: 'Mode', width: 6, cell: (device) => ({ text: device?.mode ?? '', tone: 'dim' }) },
    {
      title: 'Heard',
      width: 6,
      align: 'right',
      cell: (device) => (device ? ago(device.lastHeardMs, frame.nowMs) : ''),
    },
    { title: 'Alarms', width: 7, align: 'right', cell: (device) => (device ? String(device.alarms) : '') },
    {
      title: 'Last alarm',
      width: 10,
      align: 'right',
      from: 90,
      cell: (device) => (device ? ago(device.lastAlarmMs, frame.nowMs) : ''),
    },
    { title: 'Model', width: 14, from: 110, cell: (device) => ({ text: device?.model ?? '', tone: 'dim' }) },
  ];
}

function ago(ms: number | null, nowMs: number): string {
  return ms === null ? '-' : formatShortDuration(Math.max(0, nowMs - ms) / 1000);
}

const hints = [
  { key: 'Enter', text: 'details' },
  { key: 'a', text: 'add' },
  { key: 'c', text: 'change' },
  { key: 'D', text: 'delete' },
  { key: 'i', text: 'import' },
  { key: 's', text: 'state' },
  { key: '/', text: 'find' },
  { key: 'v', text: 'events' },
];
