/** The step that asks who decides when the two cannot hear each other; what is unsafe is called so. */
import type { Entry } from '../../../components/form-state.ts';
import { line, span } from '../../../format/line.ts';
import { wrap } from '../../../format/width.ts';
import { hubUrl, listOf, parseCommand } from './draft.ts';
import { choice, note, required, type Step, type StepContext, text } from './step.ts';

const arbiterWords: Readonly<Record<string, string>> = {
  manual: 'No third machine: when the active one is silent, a person is shown the evidence and decides.',
  hub: 'A holdfast hub on a third machine decides, within seconds. On it, holdfast hub account add NAME makes the account and its key; holdfast hub status shows the certificate.',
  etcd: 'An etcd cluster decides. Its own failover is slower, so the pair waits about 8.5 s.',
  nats: 'A NATS JetStream cluster decides. Its own failover is slower, so the pair waits about 19 s.',
  'fence-agent': 'A script that must report that the other node is off, before this one takes over.',
  'availability-first':
    'UNSAFE: takes over whenever the other is silent. When the links are cut, both are active at once.',
};

export const arbiterStep: Step = {
  title: 'Arbiter',
  intro: () => ['Who decides when the two cannot hear each other.'],
  entries(context, values) {
    const kind = values.arbiter ?? context.draft.values.arbiter ?? 'manual';
    return [
      choice(context, 'arbiter', 'Arbiter', [
        ['manual', 'none: a person decides'],
        ['hub', 'holdfast hub'],
        ['etcd', 'etcd'],
        ['nats', 'NATS JetStream'],
        ['fence-agent', 'fence agent'],
        ['availability-first', 'none: availability first (UNSAFE)'],
      ]),
      ...arbiterEntries(context, kind),
      note((_values, width) =>
        wrap(arbiterWords[kind] ?? '', width).map((row) =>
          line(span(row, kind === 'availability-first' ? 'alarm' : 'dim')),
        ),
      ),
    ];
  },
  next: () => 'Next',
};

function arbiterEntries(context: StepContext, kind: string): Entry[] {
  switch (kind) {
    case 'hub':
      return [
        text(context, 'arbiterUrl', 'Address', {
          placeholder: 'hub.example:6070',
          check: hubProblem,
        }),
        text(context, 'arbiterAccount', 'Account', { check: required }),
        text(context, 'arbiterKey', 'Key', { secret: true, check: required }),
        text(context, 'arbiterFingerprint', 'Certificate (SHA-256)', { check: required }),
      ];
    case 'etcd':
    case 'nats':
      return [
        text(context, 'arbiterServers', 'Servers', {
          placeholder: kind === 'etcd' ? 'https://etcd1:2379, https://etcd2:2379' : 'nats://nats1:4222',
          check: serversProblem,
        }),
        text(context, 'arbiterUser', 'User', { placeholder: 'none' }),
        text(context, 'arbiterPassword', 'Password', { secret: true }),
      ];
    case 'fence-agent':
      return [
        text(context, 'arbiterCommand', 'Command', {
          placeholder: '/usr/local/sbin/power-off-peer',
          check: (value) => (parseCommand(value).length === 0 ? 'is needed' : null),
        }),
      ];
    default:
      return [];
  }
}

function hubProblem(value: string): string | null {
  return URL.parse(hubUrl(value))?.protocol === 'https:' ? null : 'an address such as hub.example:6070';
}

function serversProblem(value: string): string | null {
  const servers = listOf(value);
  if (servers.length === 0) return 'is needed';
  if (servers.length > 7) return 'at most seven';
  return servers.every((each) => URL.canParse(each)) ? null : 'addresses such as https://etcd1:2379';
}
