/** Joining a group: the kind of store first, then its address and secrets; the node tries it before it joins. */
import { readCaFile } from '../../../../src/client/ca-file.ts';
import { arcIdSchema, type GroupStoreConfig } from '../../../../src/contract/index.ts';
import { formOverlay } from '../../../components/form-overlay.ts';
import type { Entry, Values } from '../../../components/form-state.ts';
import { textOverlay } from '../../../components/text-overlay.ts';
import { blank, line, span } from '../../../format/line.ts';
import { wrap } from '../../../format/width.ts';
import type { Shell } from '../../../shell.ts';

const serversMax = 7;
const replicaCounts = [1, 3, 5] as const;

export function connectGroup(shell: Shell, done: () => void): void {
  if (!shell.mayChange()) return;
  const choose = (kind: GroupStoreConfig['kind']) => () => {
    shell.close();
    openForm(shell, kind, done);
  };
  shell.open(
    textOverlay(shell, {
      title: 'Connect to a group',
      actions: [
        { key: 'h', text: 'hub', run: choose('hub') },
        { key: 'n', text: 'NATS', run: choose('nats') },
      ],
      lines: (_frame, width) => [
        ...wrap('Where the members find each other, and where events wait for the working one:', width).map(
          (row) => line(row),
        ),
        blank,
        line(span('h  ', 'key'), span('holdfast hub', 'strong'), span('  one third machine, for one site')),
        line(span('n  ', 'key'), span('NATS JetStream', 'strong'), span('  three servers or more')),
      ],
    }),
  );
}

function needed(text: string): string | null {
  return text.trim() === '' ? 'is needed' : null;
}

function arcIdProblem(text: string): string | null {
  const parsed = arcIdSchema.safeParse(text.trim());
  return parsed.success ? null : (parsed.error.issues[0]?.message ?? 'is not an ARC ID');
}

export function serversOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((each) => each !== '');
}

function serversProblem(text: string): string | null {
  const servers = serversOf(text);
  if (servers.length === 0) return 'is needed';
  if (servers.length > serversMax) return `at most ${serversMax}`;
  return servers.every((each) => URL.canParse(each)) ? null : 'addresses such as nats://n1:4222';
}

const storeEntries: Readonly<Record<GroupStoreConfig['kind'], readonly Entry[]>> = {
  hub: [
    { kind: 'text', name: 'url', label: 'Hub', placeholder: 'hub.example:6070', check: needed },
    { kind: 'text', name: 'arcId', label: 'ARC ID', placeholder: 'site-1', check: arcIdProblem },
    { kind: 'text', name: 'key', label: 'ARC key', secret: true, check: needed },
    {
      kind: 'text',
      name: 'fingerprint',
      label: 'Fingerprint',
      placeholder: 'SHA-256, from: holdfast hub status',
      check: needed,
    },
  ],
  nats: [
    {
      kind: 'text',
      name: 'servers',
      label: 'Servers',
      placeholder: 'nats://n1:4222 nats://n2:4222 nats://n3:4222',
      check: serversProblem,
    },
    { kind: 'text', name: 'arcId', label: 'ARC ID', placeholder: 'site-1', check: arcIdProblem },
    { kind: 'text', name: 'user', label: 'User', placeholder: 'none' },
    { kind: 'text', name: 'password', label: 'Password', secret: true },
    { kind: 'text', name: 'caFile', label: 'CA file', placeholder: 'of this machine; empty: the system' },
    {
      kind: 'choice',
      name: 'replicas',
      label: 'Copies',
      value: 'auto',
      options: [
        { value: 'auto', label: '3 in a cluster, else 1' },
        ...replicaCounts.map((count) => ({ value: String(count), label: String(count) })),
      ],
    },
  ],
};

async function storeOf(kind: GroupStoreConfig['kind'], values: Values): Promise<GroupStoreConfig> {
  const text = (name: string): string => (values[name] ?? '').trim();
  if (kind === 'hub') {
    const account = text('arcId');
    return { kind, url: text('url'), account, key: values.key ?? '', fingerprint: text('fingerprint') };
  }
  const password = values.password ?? '';
  const replicas = replicaCounts.find((count) => String(count) === values.replicas);
  return {
    kind,
    servers: serversOf(text('servers')),
    user: text('user') === '' ? null : text('user'),
    password: password === '' ? null : password,
    ...(text('caFile') === '' ? {} : { ca: await readCaFile(text('caFile')) }),
    ...(replicas === undefined ? {} : { replicas }),
  };
}

function openForm(shell: Shell, kind: GroupStoreConfig['kind'], done: () => void): void {
  let role = '';
  let listens = true;
  shell.open(
    formOverlay(shell, {
      title: kind === 'hub' ? 'Connect to a group on a hub' : 'Connect to a group on NATS',
      entries: [
        ...storeEntries[kind],
        {
          kind: 'text',
          name: 'backupKey',
          label: 'Backup key',
          secret: true,
          placeholder: `8 characters or more; empty: the ${kind === 'hub' ? 'ARC key' : 'password'} serves`,
          check: (key) => (key === '' || key.length >= 8 ? null : 'at least 8 characters'),
        },
        {
          kind: 'choice',
          name: 'own',
          label: 'Own devices',
          value: 'refuse',
          options: [
            { value: 'refuse', label: 'do not join where they would be replaced' },
            { value: 'replace', label: "replace them with the host's" },
          ],
        },
      ],
      submit: 'Connect',
      working: 'Trying the store, then joining',
      async send(values) {
        const joined = await shell.client.group.connect({
          store: await storeOf(kind, values),
          arcId: (values.arcId ?? '').trim(),
          backupKey: (values.backupKey ?? '') === '' ? null : (values.backupKey ?? null),
          replaceOwn: values.own === 'replace',
        });
        ({ role } = joined);
        ({ enabled: listens } = await shell.client.alarm.settings());
        return true;
      },
      done() {
        if (listens) shell.notify(`This receiver is ${role} of the group.`, 'good');
        else
          shell.notify(`This receiver is ${role}, and does not listen to devices yet: Outputs, l.`, 'warn');
        done();
      },
    }),
  );
}
