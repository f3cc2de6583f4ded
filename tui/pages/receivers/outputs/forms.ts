/** The receiver's own settings and its outputs to the ARC: each kind has its own form, a key that is set is never shown. */
import { isIP } from 'node:net';
import {
  type AlarmOutput,
  alarmAccountSchema,
  alarmOutputSchema,
  type ReceiverSettings,
} from '../../../../src/contract/index.ts';
import { AppError } from '../../../../src/errors.ts';
import { confirmOverlay } from '../../../components/confirm.ts';
import { formOverlay } from '../../../components/form-overlay.ts';
import type { ChoiceEntry, Entry, TextEntry, Values } from '../../../components/form-state.ts';
import { textOverlay } from '../../../components/text-overlay.ts';
import { line, span } from '../../../format/line.ts';
import { mayEdit, type Receivers } from '../context.ts';
import { keyProblem, nameProblem } from '../devices/forms.ts';

export type OutputKind = AlarmOutput['kind'];
export const outputKindWords: Readonly<Record<OutputKind, string>> = {
  dc09: 'DC-09 (SIA-DCS or Contact ID)',
  'surgard-client': 'Sur-Gard MLR2, we connect',
  'surgard-server': 'Sur-Gard MLR2, the automation connects to us',
};
const outputKinds: readonly OutputKind[] = ['dc09', 'surgard-client', 'surgard-server'];

export function portProblem(text: string): string | null {
  return /^\d{1,5}$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= 65_535
    ? null
    : 'a port from 1 to 65535';
}

function numberProblem(from: number, to: number) {
  return (text: string): string | null =>
    /^\d{1,5}$/.test(text.trim()) && Number(text) >= from && Number(text) <= to
      ? null
      : `a whole number from ${from} to ${to}`;
}

function hexProblem(text: string): string | null {
  return /^[0-9A-Fa-f]{1,6}$/.test(text.trim()) ? null : '1 to 6 hex digits';
}

function clientsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((each) => each !== '');
}

function clientsProblem(text: string): string | null {
  return clientsOf(text).every((each) => each === 'any' || isIP(each) !== 0)
    ? null
    : 'IP addresses, or any for whoever reaches the port';
}

function needed(text: string): string | null {
  return text.trim() === '' ? 'is needed' : null;
}

function text(name: string, label: string, value: string | number, check: TextEntry['check']): TextEntry {
  return { kind: 'text', name, label, value: String(value), ...(check ? { check } : {}) };
}

function choice(
  name: string,
  label: string,
  value: string,
  options: readonly (readonly [string, string])[],
): ChoiceEntry {
  return {
    kind: 'choice',
    name,
    label,
    value,
    options: options.map(([each, words]) => ({ value: each, label: words })),
  };
}

const yesNo = [
  ['yes', 'yes'],
  ['no', 'no'],
] as const;

/** A new output as the contract would have it. */
function blankOutput(id: string, kind: OutputKind): AlarmOutput {
  const host = kind === 'surgard-server' ? {} : { host: '-' };
  const parsed = alarmOutputSchema.parse({ id, kind, name: id, ...host });
  return parsed.kind === 'surgard-server' ? parsed : { ...parsed, host: '' };
}

function entriesOf(output: AlarmOutput, isNew: boolean): Entry[] {
  return [
    text('name', 'Name', isNew ? 'ARC' : output.name, nameProblem),
    ...addressEntries(output),
    ...(output.kind === 'dc09' ? dc09Entries(output, isNew) : []),
    text('receiver', 'Receiver number', output.receiver, hexProblem),
    text('line', 'Line number', output.line, hexProblem),
    text('timeout', 'Answer within, s', output.responseTimeoutMs / 1000, numberProblem(1, 60)),
    text('attempts', 'Attempts', output.attemptsMax, numberProblem(1, 10)),
    text('heartbeat', 'Heartbeat, s', output.heartbeatSeconds, numberProblem(0, 3_600)),
    choice('enabled', 'Used', output.enabled ? 'yes' : 'no', yesNo),
  ];
}

function addressEntries(output: AlarmOutput): Entry[] {
  const port = text('port', 'Port', output.port, portProblem);
  if (output.kind !== 'surgard-server') return [text('host', 'Host', output.host, needed), port];
  return [
    text('listenHost', 'Listen on', output.listenHost, needed),
    port,
    {
      ...text('clients', 'Who may connect', output.clients.join(' '), clientsProblem),
      placeholder: 'addresses, or any; empty: this machine only',
    },
  ];
}

function dc09Entries(output: Extract<AlarmOutput, { kind: 'dc09' }>, isNew: boolean): Entry[] {
  return [
    choice('transport', 'Transport', output.transport, [
      ['tcp', 'TCP'],
      ['udp', 'UDP'],
    ]),
    text('account', 'Own account', output.account, (value) =>
      alarmAccountSchema.safeParse(value.trim().toUpperCase()).success ? null : '3 to 16 letters and digits',
    ),
    choice('encrypted', 'Encryption', output.key === null && !isNew ? 'no' : 'yes', [
      ['yes', 'AES where a key is given'],
      ['no', 'none'],
    ]),
    {
      ...text('key', 'AES key', '', keyProblem),
      secret: true,
      placeholder: output.key === null ? '32, 48 or 64 hex digits, or none' : 'as it is',
    },
    choice('format', 'Format', output.format, [
      ['as-received', 'as received'],
      ['SIA-DCS', 'SIA-DCS'],
      ['ADM-CID', 'Contact ID (ADM-CID)'],
    ]),
    text('lanes', 'Lanes', output.lanes, numberProblem(1, 16)),
    choice('video', 'Video links', output.videoLinks ? 'yes' : 'no', yesNo),
  ];
}

function outputOf(output: AlarmOutput, values: Values): AlarmOutput {
  const word = (name: string): string => (values[name] ?? '').trim();
  const key = word('key');
  const hasKey = output.kind === 'dc09' && output.key !== null;
  const wanted = {
    ...output,
    ...{ name: word('name'), port: Number(word('port')), enabled: values.enabled !== 'no' },
    ...{ receiver: word('receiver').toUpperCase(), line: word('line').toUpperCase() },
    responseTimeoutMs: Number(word('timeout')) * 1000,
    attemptsMax: Number(word('attempts')),
    heartbeatSeconds: Number(word('heartbeat')),
    ...(output.kind === 'surgard-server'
      ? {
          listenHost: word('listenHost'),
          clients: clientsOf(word('clients')),
        }
      : { host: word('host') }),
    ...(output.kind === 'dc09'
      ? {
          transport: word('transport'),
          account: word('account').toUpperCase(),
          key: values.encrypted === 'no' || (key === '' && !hasKey) ? null : key,
          format: word('format'),
          lanes: Number(word('lanes')),
          videoLinks: values.video !== 'no',
        }
      : {}),
  };
  const parsed = alarmOutputSchema.safeParse(wanted);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError('invalid_input', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`);
}

export function editOutput(
  receivers: Receivers,
  output: AlarmOutput,
  { isNew, done }: { isNew: boolean; done: () => void },
): void {
  const { shell } = receivers;
  if (!mayEdit(receivers, 'outputs are set')) return;
  shell.open(
    formOverlay(shell, {
      title: isNew ? `Add an output: ${outputKindWords[output.kind]}` : `Change ${output.name}`,
      entries: entriesOf(output, isNew),
      submit: isNew ? 'Add' : 'Save',
      working: 'Saving',
      async send(values) {
        await shell.client.alarm.setOutput(outputOf(output, values));
        return true;
      },
      done() {
        shell.notify(isNew ? 'The output was added; it connects by itself.' : 'Saved.', 'good');
        done();
      },
    }),
  );
}

/** Asks for the kind, then for the rest. The id follows from those that there are. */
export function addOutput(receivers: Receivers, present: readonly AlarmOutput[], done: () => void): void {
  const { shell } = receivers;
  if (!mayEdit(receivers, 'outputs are set')) return;
  const id = freeId(present);
  const pick = (kind: OutputKind) => () => {
    shell.close();
    editOutput(receivers, blankOutput(id, kind), { isNew: true, done });
  };
  shell.open(
    textOverlay(shell, {
      title: 'Add an output',
      actions: outputKinds.map((kind, at) => ({ key: String(at + 1), text: kind, run: pick(kind) })),
      lines: () =>
        outputKinds.map((kind, at) => line(span(`${at + 1}  `, 'key'), span(outputKindWords[kind]))),
    }),
  );
}

function freeId(present: readonly AlarmOutput[]): string {
  const taken = new Set<string>(present.map(({ id }) => id));
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? 'arc' : `arc${number}`;
    if (!taken.has(id)) return id;
  }
}

export function removeOutput(
  receivers: Receivers,
  output: AlarmOutput,
  { isLast, done }: { isLast: boolean; done: () => void },
): void {
  const { shell } = receivers;
  if (!mayEdit(receivers, 'outputs are removed')) return;
  shell.open(
    confirmOverlay(shell, {
      title: `Remove ${output.name}`,
      consequences: [
        isLast
          ? 'It is the only output: nothing goes to an ARC until there is another.'
          : `Alarms no longer go to ${output.name}.`,
        'What it acknowledged stays acknowledged.',
      ],
      typed: output.name,
      verb: 'Remove',
      working: 'Removing',
      act: async () => {
        await shell.client.alarm.removeOutput({ id: output.id });
      },
      done,
    }),
  );
}

/** Where this node listens, and what it does with what it cannot place. These are the node's own, also on a spare. */
export function configureReceiver({ shell }: Receivers, settings: ReceiverSettings, done: () => void): void {
  if (!shell.mayChange()) return;
  shell.open(
    formOverlay(shell, {
      title: 'Alarm receiver of this node',
      entries: [
        choice('enabled', 'Receives alarms', settings.enabled ? 'yes' : 'no', yesNo),
        text('listenHost', 'Listen on', settings.listenHost, needed),
        text('port', 'Port, TCP and UDP', settings.port, portProblem),
        choice('forwardUnknown', 'Unknown accounts', settings.forwardUnknown ? 'yes' : 'no', [
          ['yes', 'kept, flagged and forwarded'],
          ['no', 'kept and flagged, not forwarded'],
        ]),
        choice('checkTime', 'Time of encrypted', settings.checkTime ? 'yes' : 'no', [
          ['yes', 'refused outside of -40 to +20 s'],
          ['no', 'not checked'],
        ]),
        choice('keep', 'Without an output', settings.keepWithoutOutput ? 'yes' : 'no', [
          ['yes', 'acknowledged, and wait for one'],
          ['no', 'events are not acknowledged'],
        ]),
      ],
      submit: 'Save',
      working: 'Saving',
      async send(values) {
        await shell.client.alarm.configure({
          enabled: values.enabled === 'yes',
          listenHost: (values.listenHost ?? '').trim(),
          port: Number(values.port),
          forwardUnknown: values.forwardUnknown === 'yes',
          checkTime: values.checkTime === 'yes',
          keepWithoutOutput: values.keep === 'yes',
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
