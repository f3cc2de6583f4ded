/** The step that collects what the pair runs: services, processes, scripts, agents, volumes; one after the other. */
import { resourceConfigSchema } from '../../../../src/contract/index.ts';
import { AppError } from '../../../../src/errors.ts';
import type { Entry, Values } from '../../../components/form-state.ts';
import { type Line, line, span } from '../../../format/line.ts';
import { type Draft, interfacesOf, nodeIdsOf, parseCommand, resourceNames } from './draft.ts';
import { choice, note, required, type Step, type StepContext, text } from './step.ts';

const kinds = [
  ['none', 'nothing more'],
  ['service', 'a service (systemd, Windows)'],
  ['process', 'a process'],
  ['script', 'scripts: start, stop, monitor'],
  ['ocf', 'an OCF agent'],
  ['volume', 'a volume'],
  ['ip', 'another service address'],
  ['recording', 'the recording of the cameras'],
  ['remove', 'remove one of these'],
] as const;

/** Fields of each kind, all of them texts. */
const fields: Readonly<
  Record<string, readonly (readonly [name: string, label: string, placeholder: string, needed: boolean])[]>
> = {
  service: [['unit', 'Unit', 'nginx.service', true]],
  process: [['command', 'Command', '/opt/app/bin/server --port 80', true]],
  script: [
    ['start', 'Start', '/opt/app/start.sh', true],
    ['stop', 'Stop', '/opt/app/stop.sh', true],
    ['monitor', 'Monitor', '/opt/app/check.sh', true],
  ],
  ocf: [
    ['agent', 'Agent', 'heartbeat:Filesystem', true],
    ['parameters', 'Parameters', 'name=value name=value', false],
  ],
  volume: [
    ['device', 'Device', '//nas/video or /dev/sdb1', true],
    ['mountPoint', 'Mount point', '/srv/video', true],
    ['fileSystem', 'File system', 'ext4, cifs', true],
    ['options', 'Options', 'none', false],
    ['user', 'User', 'none', false],
    ['password', 'Password', '', false],
  ],
  ip: [
    ['address', 'Address/prefix', '192.0.2.11/24', true],
    ['interfaceOwn', 'Interface here', 'eth0', true],
    ['interfacePeer', 'Interface there', 'eth0', true],
    ['mac', 'Virtual MAC', 'none', false],
  ],
};

const commands = new Set(['command', 'start', 'stop', 'monitor']);

/** `web-server` of `Web server`, different from those there are. */
function idOf(name: string, taken: readonly string[]): string {
  const stem =
    name
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 24) || 'resource';
  const free = Array.from({ length: 100 }, (_, at) => (at === 0 ? stem : `${stem}-${at + 1}`));
  return free.find((id) => !taken.includes(id)) ?? stem;
}

function parametersOf(words: string): Record<string, string> {
  return Object.fromEntries(
    parseCommand(words).map((word) => {
      const at = word.indexOf('=');
      return at < 1 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

function resourceOf(values: Values, { draft, around }: StepContext): Record<string, unknown> {
  const kind = values.what ?? '';
  const name = (values.resourceName ?? '').trim();
  const after = values.resourceAfter ?? '';
  const own = (fields[kind] ?? []).map(([field]): [string, unknown] => {
    const value = (values[field] ?? '').trim();
    if (commands.has(field)) return [field, parseCommand(value)];
    if (field === 'parameters') return [field, parametersOf(value)];
    return [field, value === '' && (field === 'user' || field === 'password') ? null : value];
  });
  const given =
    kind === 'ip' ? addressOf(Object.fromEntries(own), nodeIdsOf(around)) : Object.fromEntries(own);
  const taken = resourceNames(draft).map(({ id }) => id);
  return {
    id: idOf(name, taken),
    name,
    kind,
    after: after === '' ? [] : [after],
    ...given,
  };
}

/** `resources` speaks of nodes by id, a person of here and there. */
function addressOf(own: Record<string, unknown>, ids: readonly [string, string]): Record<string, unknown> {
  const interfaces = interfacesOf(ids, String(own.interfaceOwn), String(own.interfacePeer));
  return { address: own.address, interfaces, virtualMac: own.mac === '' ? null : own.mac };
}

function listNote({ draft }: StepContext): Line[] {
  const names = resourceNames(draft);
  if (names.length === 0) return [line(span('Nothing yet.', 'dim')), line('')];
  const rows = names.map(({ id, name, kind }, at) => {
    const after = draft.resources.find((each) => each.id === id)?.after;
    const waits =
      Array.isArray(after) && after.length > 0
        ? `, after ${after.map((id) => names.find((each) => each.id === id)?.name ?? id).join(', ')}`
        : '';
    return line(span(`${at + 1}. `, 'dim'), span(name, 'strong'), span(`  ${kind}${waits}`, 'dim'));
  });
  return [...rows, line('')];
}

export const resourcesStep: Step = {
  title: 'Services, processes, scripts, volumes',
  intro: () => ['What the active node starts, each after the one it waits for; stopped in reverse.'],
  entries(context, values) {
    const what = values.what ?? 'none';
    const names = resourceNames(context.draft);
    const add: Entry[] = [
      note(() => listNote(context)),
      choice(context, 'what', 'Add', names.length === 0 ? kinds.slice(0, -1) : kinds),
    ];
    if (what === 'none') return add;
    if (what === 'remove') {
      return [
        ...add,
        choice(
          context,
          'removed',
          'Which',
          context.draft.resources.map(({ id, name }) => [String(id), String(name)] as const),
        ),
      ];
    }
    return [
      ...add,
      text(context, 'resourceName', 'Name', { check: required }),
      ...(fields[what] ?? []).map(([name, label, placeholder, needed]) =>
        text(context, name, label, {
          placeholder,
          ...(name === 'password' ? { secret: true } : {}),
          ...(needed ? { check: required } : {}),
        }),
      ),
      choice(context, 'resourceAfter', 'After', [
        ['', 'nothing: at once'],
        ...names.map(({ id, name }) => [id, name] as const),
      ]),
    ];
  },
  next: ({ what }) => (what === undefined || what === 'none' ? 'Next' : what === 'remove' ? 'Remove' : 'Add'),
  async leave(context, values) {
    const { draft } = context;
    const what = values.what ?? 'none';
    if (what === 'none') return { draft, stay: false };
    if (what === 'remove') {
      const resources = draft.resources.filter(({ id }) => id !== values.removed);
      return { draft: cleared({ ...draft, resources }), stay: true };
    }
    const resource = resourceOf(values, context);
    const parsed = resourceConfigSchema.safeParse(resource);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new AppError('invalid_input', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is wrong'}`);
    }
    return { draft: cleared({ ...draft, resources: [...draft.resources, resource] }), stay: true };
  },
};

const ownFields = [
  'what',
  'removed',
  'resourceName',
  'resourceAfter',
  ...Object.values(fields).flatMap((list) => list.map(([name]) => name)),
];

/** Ready for the next one. */
function cleared(draft: Draft): Draft {
  const values = Object.fromEntries(
    Object.entries(draft.values).filter(([name]) => !ownFields.includes(name)),
  );
  return { ...draft, values };
}
