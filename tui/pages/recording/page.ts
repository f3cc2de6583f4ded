/** Recording: the cameras, worst first, with what is wrong and what can be done. */
import type { Camera } from '../../../src/contract/index.ts';
import { factLines } from '../../components/facts.ts';
import { clampList, listStart, moveList } from '../../components/list.ts';
import { textOverlay } from '../../components/text-overlay.ts';
import { passesFilter } from '../../format/filter.ts';
import { indented, line } from '../../format/line.ts';
import { cameraSeverity, cameraWord, reasonWords } from '../../format/words.ts';
import type { Key } from '../../keys.ts';
import type { Command, Frame, Page, Shell } from '../../shell.ts';
import { cameraFacts } from './details.ts';
import { addCamera, editCamera, removeCamera, switchCamera } from './forms.ts';
import { chromeRows, paneFromRows, paneRows, poolName, recordingFoot, recordingLines } from './view.ts';

const orders = ['worst first', 'name', 'channel', 'rate'] as const;

const compare: Readonly<Record<(typeof orders)[number], (a: Camera, b: Camera) => number>> = {
  'worst first': (a, b) => cameraSeverity(b) - cameraSeverity(a) || a.name.localeCompare(b.name),
  name: (a, b) => a.name.localeCompare(b.name),
  channel: (a, b) => a.channel - b.channel,
  rate: (a, b) => b.bitsPerSecond - a.bitsPerSecond,
};

export function createRecordingPage(shell: Shell): Page {
  let list = listStart;
  let selectedId: string | null = null;
  let filter = '';
  let order: (typeof orders)[number] = 'worst first';
  let rows = 10;

  function cameras(): Camera[] {
    const { status } = shell.state();
    return (status?.cameras ?? [])
      .filter((camera) =>
        passesFilter(filter, [
          camera.name,
          camera.id,
          camera.url,
          cameraWord(camera).text,
          reasonWords(camera.reason),
          poolName(camera, status),
          `ch${camera.channel}`,
        ]),
      )
      .sort(compare[order]);
  }

  /** The cursor stays with its camera when the order changes under it. */
  function settle(all: readonly Camera[]): void {
    const found = all.findIndex(({ id }) => id === selectedId);
    list = clampList({ ...list, index: found >= 0 ? found : list.index }, all.length, rows);
  }

  const selected = (): Camera | undefined => {
    const all = cameras();
    settle(all);
    return all[list.index];
  };

  function open(camera: Camera): void {
    shell.open(
      textOverlay(shell, {
        title: camera.name,
        copy: { text: camera.url, what: 'the address' },
        actions: [
          { key: 'c', text: 'change', run: () => editCamera(shell, camera) },
          { key: 'o', text: 'on / off', run: () => switchCamera(shell, camera) },
        ],
        lines(frame, width) {
          const now = frame.status?.cameras.find(({ id }) => id === camera.id);
          return now ? factLines(cameraFacts(now, frame.status, frame), width) : [line('It is gone.')];
        },
      }),
    );
  }

  const withSelected = (act: (shell: Shell, camera: Camera) => void) => (): void => {
    const camera = selected();
    if (camera) act(shell, camera);
  };

  const actions: Readonly<Record<Key, () => void>> = {
    a: () => addCamera(shell),
    c: withSelected(editCamera),
    o: withSelected(switchCamera),
    D: withSelected(removeCamera),
    enter: withSelected((_shell, camera) => open(camera)),
    s: () => {
      order = orders[(orders.indexOf(order) + 1) % orders.length] ?? 'worst first';
    },
  };

  const commands: readonly Command[] = [
    { name: 'add camera', text: 'try it, then record it', run: () => addCamera(shell) },
    {
      name: 'change camera',
      aliases: ['edit camera'],
      text: 'name, pool, plan, address',
      run: withSelected(editCamera),
    },
    {
      name: 'switch camera',
      aliases: ['enable camera', 'disable camera'],
      text: 'on or off',
      run: withSelected(switchCamera),
    },
    {
      name: 'remove camera',
      aliases: ['delete camera'],
      text: 'the one under the cursor',
      run: withSelected(removeCamera),
    },
  ];

  function pane(frame: Frame, camera: Camera | undefined) {
    if (!camera || frame.rows < paneFromRows) return [];
    return factLines(cameraFacts(camera, frame.status, frame), frame.columns - 3).map(indented);
  }

  return {
    id: 'recording',
    title: 'Recording',
    shortTitle: 'Rec',
    digit: '3',
    help: [
      { keys: 'Enter', text: 'everything about the camera' },
      { keys: 'a', text: 'add a camera; it is tried first' },
      { keys: 'c', text: 'change it' },
      { keys: 'o', text: 'switch it on or off' },
      { keys: 'D', text: 'remove it' },
      { keys: 's', text: 'order: worst first, name, channel, rate' },
    ],
    view(frame) {
      const all = cameras();
      rows = Math.max(1, frame.rows - chromeRows - (frame.rows >= paneFromRows ? paneRows : 0));
      settle(all);
      const camera = all[list.index];
      selectedId = camera?.id ?? null;
      return {
        crumbs: ['Recording', ...(filter === '' ? [] : [`/${filter}`])],
        lines: recordingLines({ cameras: all, list, mode: order, filter, pane: pane(frame, camera) }, frame),
        foot: recordingFoot(camera),
        hints,
      };
    },
    key(key) {
      const all = cameras();
      settle(all);
      const moved = moveList(list, key, all.length, rows);
      const action = actions[key];
      if (moved) {
        list = moved;
        selectedId = all[moved.index]?.id ?? null;
      } else if (action) action();
      else return false;
      shell.changed();
      return true;
    },
    filter: {
      get: () => filter,
      set: (text) => {
        filter = text;
      },
    },
    commands: () => commands,
    sheet: () => ({
      name: 'holdfast-cameras.csv',
      header: [
        'id',
        'name',
        'channel',
        'address',
        'state',
        'reason',
        'pool',
        'bits_per_second',
        'recorded_bytes',
        'packets_lost',
        'parts_lost',
        'reconnects',
      ],
      rows: cameras().map((camera) => [
        camera.id,
        camera.name,
        camera.channel,
        camera.url,
        cameraWord(camera).text,
        camera.reason,
        poolName(camera, shell.state().status),
        Math.round(camera.bitsPerSecond),
        camera.recordedBytes,
        camera.packetsLost,
        camera.partsLost,
        camera.reconnects,
      ]),
    }),
    copyText: () => selected()?.url ?? null,
  };
}

const hints = [
  { key: 'Enter', text: 'details' },
  { key: 'a', text: 'add' },
  { key: 'c', text: 'change' },
  { key: 'o', text: 'on/off' },
  { key: 'D', text: 'remove' },
  { key: 's', text: 'sort' },
  { key: '/', text: 'filter' },
  { key: 'e', text: 'CSV' },
];
