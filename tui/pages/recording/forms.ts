/** Adding a camera (tried before it is added), changing, switching off and removing one. */
import type { Camera } from '../../../src/contract/index.ts';
import { confirmOverlay } from '../../components/confirm.ts';
import { formOverlay } from '../../components/form-overlay.ts';
import type { ChoiceEntry, Entry, Values } from '../../components/form-state.ts';
import { padLines } from '../../components/table.ts';
import { blank, type Line, line, span } from '../../format/line.ts';
import { formatSize } from '../../format/numbers.ts';
import { wrap } from '../../format/width.ts';
import type { Shell } from '../../shell.ts';
import { mediaWords } from './details.ts';

interface Probe {
  /** What was tried, to notice that it changed since. */
  source: string;
  ok: boolean;
  text: string;
  hint: string | null;
}

const urlPattern = /^rtsps?:\/\/[^\s/]+[^\s]*$/i;
const urlExample = 'rtsp://192.0.2.10:554/stream1';

/** What was typed or pasted, with the scheme that most leave out. */
function addressOf(text: string): string {
  const typed = text.trim();
  return typed === '' || typed.includes('://') ? typed : `rtsp://${typed}`;
}

const urlCheck = (text: string): string | null =>
  urlPattern.test(addressOf(text)) ? null : `an address like ${urlExample}`;

/** User and password join the address here, so that the password field can hide it. */
export function cameraUrl(values: Values): string {
  const url = addressOf(values.url ?? '');
  const user = values.user ?? '';
  const password = values.password ?? '';
  if (user === '' && password === '') return url;
  const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return url.replace(/^(rtsps?:\/\/)(?:[^/@]*@)?/i, `$1${credentials}@`);
}

function sourceOf(values: Values): { url: string; transport: 'tcp' | 'udp'; allowBasicAuth: boolean } {
  return {
    url: cameraUrl(values),
    transport: values.transport === 'udp' ? 'udp' : 'tcp',
    allowBasicAuth: values.basic === 'yes',
  };
}

function poolEntry(shell: Shell, poolId: string | null): ChoiceEntry {
  const pools = shell.state().status?.pools ?? [];
  return {
    kind: 'choice',
    name: 'pool',
    label: 'Pool',
    value: poolId ?? pools[0]?.id ?? '',
    options: pools.map((pool) => ({
      value: pool.id,
      label: `${pool.name} (${formatSize(pool.freeBytes)} free)`,
    })),
  };
}

function channelCheck(text: string): string | null {
  return /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 1024
    ? null
    : 'a number from 1 to 1024';
}

/** Cameras are told apart by their names here and in commands; `ownId` may keep the one it has. */
function nameCheck(shell: Shell, ownId: string | null): (name: string) => string | null {
  const others = (shell.state().status?.cameras ?? []).filter(({ id }) => id !== ownId);
  return (name) => {
    if (name.trim() === '') return 'is needed';
    if (name.length > 64) return 'at most 64 characters';
    const same = others.find((camera) => camera.name === name.trim());
    return same ? `${same.id} is called ${same.name} already` : null;
  };
}

const transportEntry = (value: Camera['transport']): ChoiceEntry => ({
  kind: 'choice',
  name: 'transport',
  label: 'Transport',
  value,
  options: [
    { value: 'tcp', label: 'TCP' },
    { value: 'udp', label: 'UDP' },
  ],
});

const basicEntry: ChoiceEntry = {
  kind: 'choice',
  name: 'basic',
  label: 'Basic auth',
  value: 'no',
  options: [
    { value: 'no', label: 'refuse: it sends the password readable' },
    { value: 'yes', label: 'allow' },
  ],
};
/** The node does not say what is set. */
const basicChange: ChoiceEntry = {
  ...basicEntry,
  value: 'keep',
  options: [{ value: 'keep', label: 'as it is' }, ...basicEntry.options],
};

const planEntry = (value: string): ChoiceEntry => ({
  kind: 'choice',
  name: 'plan',
  label: 'Record',
  value,
  options: [
    { value: 'always', label: 'always' },
    { value: 'never', label: 'never' },
    ...(value === 'weekly' ? [{ value: 'weekly', label: 'by its weekly plan' }] : []),
  ],
});

export function addCamera(shell: Shell, done?: () => void) {
  if (!shell.mayChange()) return;
  const { status } = shell.state();
  if (!status || status.pools.length === 0) {
    return shell.notify('A camera records into a pool: add a pool first (key p on page 2).', 'warn');
  }
  let probe: Probe | null = null;
  const tryOut = async (values: Values): Promise<Probe> => {
    const source = sourceOf(values);
    const result = await shell.client.camera.probe(source);
    probe = {
      source: JSON.stringify(source),
      ok: result.ok,
      text:
        result.ok && result.media
          ? mediaWords(result.media)
          : (result.problem ?? 'It did not answer as a camera does.'),
      hint: result.hint,
    };
    return probe;
  };
  const used = new Set(status.cameras.map(({ channel }) => channel));
  const channel =
    Array.from({ length: 1024 }, (_, index) => index + 1).find((number) => !used.has(number)) ?? 1;
  const entries: Entry[] = [
    { kind: 'text', name: 'name', label: 'Name', check: nameCheck(shell, null) },
    {
      kind: 'text',
      name: 'url',
      label: 'Address',
      placeholder: urlExample,
      check: urlCheck,
    },
    { kind: 'text', name: 'user', label: 'User', placeholder: 'if the camera asks' },
    { kind: 'text', name: 'password', label: 'Password', secret: true },
    { kind: 'text', name: 'channel', label: 'Channel', value: String(channel), check: channelCheck },
    poolEntry(shell, null),
    planEntry('always'),
    transportEntry('tcp'),
    basicEntry,
    { kind: 'note', lines: (values, width) => probeLines(probe, values, width) },
  ];
  shell.open(
    formOverlay(shell, {
      title: 'Add a camera',
      entries,
      extra: {
        name: 'probe',
        label: 'Try',
        working: 'Asking the camera (up to 8 s)',
        press: async (values) => void (await tryOut(values)),
      },
      submit: 'Add camera',
      working: 'Trying, then adding',
      async send(values) {
        const fresh = probe !== null && probe.source === JSON.stringify(sourceOf(values));
        // The second press on the same values adds it all the same: the camera may simply not be there yet.
        if (!fresh && !(await tryOut(values)).ok) return false;
        await shell.client.camera.add({
          ...sourceOf(values),
          name: (values.name ?? '').trim(),
          channel: Number(values.channel),
          pool: values.pool ?? '',
          plan: values.plan === 'never' ? 'never' : 'always',
        });
        return true;
      },
      done() {
        shell.notify('The camera was added.', 'good');
        done?.();
      },
    }),
  );
}

const probeRows = 5;

/** Always as many rows, so that the buttons do not jump. */
function probeLines(probe: Probe | null, values: Values, width: number): Line[] {
  return padLines([blank, ...probeText(probe, values, width)], probeRows);
}

function probeText(probe: Probe | null, values: Values, width: number): Line[] {
  if (probe === null) return [line(span('It is tried before it is added.', 'dim'))];
  if (probe.source !== JSON.stringify(sourceOf(values)))
    return [line(span('Changed since it was tried.', 'dim'))];
  if (probe.ok) return wrap(`It answers: ${probe.text}`, width, 2).map((row) => line(span(row, 'good')));
  const hint = `${probe.hint ?? ''} Add camera once more adds it all the same.`.trim();
  return [
    ...wrap(probe.text, width, 2).map((row) => line(span(row, 'alarm'))),
    ...wrap(hint, width, 2).map((row) => line(span(row))),
  ];
}

/** An empty address keeps the present one, with its user and password. */
export function editCamera(shell: Shell, camera: Camera): void {
  if (!shell.mayChange()) return;
  const plan = typeof camera.plan === 'string' ? camera.plan : 'weekly';
  shell.open(
    formOverlay(shell, {
      title: `Change ${camera.name}`,
      entries: [
        { kind: 'text', name: 'name', label: 'Name', value: camera.name, check: nameCheck(shell, camera.id) },
        {
          kind: 'text',
          name: 'channel',
          label: 'Channel',
          value: String(camera.channel),
          check: channelCheck,
        },
        poolEntry(shell, camera.poolId),
        planEntry(plan),
        transportEntry(camera.transport),
        basicChange,
        {
          kind: 'text',
          name: 'url',
          label: 'New address',
          placeholder: camera.url,
          check: (url) => (url.trim() === '' ? null : urlCheck(url)),
        },
        {
          kind: 'text',
          name: 'user',
          label: 'User',
          placeholder: 'with a new address only',
          check: (user, values) => (user !== '' && values.url === '' ? 'needs the address again' : null),
        },
        { kind: 'text', name: 'password', label: 'Password', secret: true },
      ],
      submit: 'Save',
      working: 'Saving',
      async send(values) {
        const next = values.plan;
        await shell.client.camera.edit({
          id: camera.id,
          name: (values.name ?? '').trim(),
          channel: Number(values.channel),
          pool: values.pool ?? '',
          transport: values.transport === 'udp' ? 'udp' : 'tcp',
          ...(values.basic === 'keep' ? {} : { allowBasicAuth: values.basic === 'yes' }),
          ...(next === 'always' || next === 'never' ? { plan: next } : {}),
          ...((values.url ?? '').trim() === '' ? {} : { url: cameraUrl(values) }),
        });
        return true;
      },
      done: () => shell.notify('Saved.', 'good'),
    }),
  );
}

export function switchCamera(shell: Shell, camera: Camera): void {
  if (!shell.mayChange()) return;
  const enable = async (enabled: boolean): Promise<void> => {
    await shell.client.camera.edit({ id: camera.id, enabled });
  };
  if (!camera.enabled) {
    shell.run(
      `Switching ${camera.name} on`,
      () => enable(true),
      () => shell.notify(`${camera.name} is on.`, 'good'),
    );
    return;
  }
  shell.open(
    confirmOverlay(shell, {
      title: `Switch ${camera.name} off`,
      consequences: ['It is not recorded until it is switched on again. What is recorded stays.'],
      verb: 'Switch off',
      working: 'Switching off',
      act: () => enable(false),
      done: () => shell.notify(`${camera.name} is off: it is not recorded.`, 'warn'),
    }),
  );
}

export function removeCamera(shell: Shell, camera: Camera): void {
  if (!shell.mayChange()) return;
  shell.open(
    confirmOverlay(shell, {
      title: `Remove ${camera.name}`,
      consequences: [
        'Its recording stops now.',
        `What is recorded (${formatSize(camera.recordedBytes)}) stays until it is overwritten, but is no longer listed under this camera.`,
      ],
      typed: camera.name,
      verb: 'Remove',
      working: 'Removing',
      act: async () => {
        await shell.client.camera.remove({ id: camera.id });
      },
      done: () => shell.notify(`Removed ${camera.name}.`, 'good'),
    }),
  );
}
