/** The page while this node receives no alarms: what it is for, and the steps to the first alarm at the ARC. */
import type { ReceiverStatus } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { formOverlay } from '../../components/form-overlay.ts';
import type { Entry } from '../../components/form-state.ts';
import { blank, type Line, line, span } from '../../format/line.ts';
import { pad, wrap } from '../../format/width.ts';
import type { Frame, Shell } from '../../shell.ts';
import type { Receivers } from './context.ts';
import { accountProblem, keyProblem, nameProblem } from './devices/forms.ts';
import { portProblem } from './outputs/forms.ts';

/** How often, and how many times, the receiver is asked whether it has begun. */
const startAskMs = 250;
const startAsksMax = 40;
const arcId = 'arc';

export function introLines(frame: Frame, problem: string | null): Line[] {
  const paragraphs = [
    'An alarm receiver takes events in from panels and diallers (SIA DC-09 over TCP and UDP), keeps each on the disk before it acknowledges it, and sends it to the automation of the alarm receiving centre, the ARC, until that acknowledges it.',
    ...(frame.rows >= 15
      ? [
          'You need the address of the automation, and of each device its account and, where it encrypts, its key.',
        ]
      : []),
  ];
  const keys: readonly (readonly [string, string])[] = [
    ['w', 'sets it up in three steps: listen, ARC, first device'],
    ['c', 'connects to a receiver group, to share the work'],
    ['?', 'all keys of this page'],
  ];
  return [
    blank,
    line(span(' This node receives no alarms', 'title')),
    blank,
    ...paragraphs.flatMap((text) => [
      ...wrap(text, Math.min(96, frame.columns - 4)).map((row) => line('  ', span(row))),
      blank,
    ]),
    ...keys.map(([key, text]) => line('  ', span(pad(key, 4), 'key'), span(text))),
    ...(problem === null ? [] : [blank, line('  ', span(problem, 'alarm'))]),
  ];
}

interface StepOptions {
  title: string;
  why: string;
  entries: readonly Entry[];
  submit: string;
  working: string;
  send(values: Readonly<Record<string, string>>): Promise<void>;
  next: () => void;
  /** The step may be left out; the next one follows. */
  skip: boolean;
}

function openStep(
  shell: Shell,
  { title, why, entries, submit, working, send, next, skip }: StepOptions,
): void {
  shell.open(
    formOverlay(shell, {
      title,
      entries: [
        ...entries,
        {
          kind: 'note',
          lines: (_values, width) => [blank, ...wrap(why, width).map((row) => line(span(row, 'dim')))],
        },
      ],
      submit,
      working,
      ...(skip ? { cancel: 'Skip', cancelled: next } : {}),
      async send(values) {
        await send(values);
        return true;
      },
      done: next,
    }),
  );
}

/** Listen, then the ARC, then the first device; each is done when its form is sent, and the later ones can be skipped. */
export function setUpReceiver(receivers: Receivers, done: () => void): void {
  const { shell } = receivers;
  if (!shell.mayChange()) return;
  shell.run(
    'Asking for the settings',
    () => shell.client.alarm.settings(),
    (settings) =>
      openStep(shell, {
        title: 'Receive alarms, step 1 of 3: listen',
        why: 'Devices report to this address, over TCP or UDP on the same port.',
        entries: [
          { kind: 'text', name: 'host', label: 'Listen on', value: settings.listenHost },
          { kind: 'text', name: 'port', label: 'Port', value: String(settings.port), check: portProblem },
        ],
        submit: 'Listen',
        working: 'Starting the receiver',
        skip: false,
        async send(values) {
          await shell.client.alarm.configure({
            enabled: true,
            listenHost: (values.host ?? '').trim(),
            port: Number(values.port),
          });
          await listening(shell);
        },
        next: () => {
          done();
          arcStep(receivers, done);
        },
      }),
  );
}

/** @throws AppError with what keeps the receiver from listening. */
async function listening(shell: Shell): Promise<void> {
  let status: ReceiverStatus | null = null;
  for (let asks = 0; asks < startAsksMax; asks += 1) {
    status = await shell.client.alarm.status();
    if (status.listen !== null) return;
    await new Promise((resolve) => setTimeout(resolve, startAskMs));
  }
  throw new AppError('unavailable', status?.problem ?? 'the receiver does not listen yet', {
    hint: 'Another address or port may do.',
  });
}

function arcStep(receivers: Receivers, done: () => void): void {
  const { shell } = receivers;
  openStep(shell, {
    title: 'Receive alarms, step 2 of 3: the ARC',
    why: 'Where the automation answers; without one, and without a group, events wait here. Heartbeats, formats and alternates can be changed later: Outputs, c.',
    entries: [
      {
        kind: 'choice',
        name: 'kind',
        label: 'Speaks',
        value: 'dc09',
        options: [
          { value: 'dc09', label: 'DC-09' },
          { value: 'surgard-client', label: 'Sur-Gard MLR2' },
        ],
      },
      {
        kind: 'text',
        name: 'host',
        label: 'Host',
        placeholder: 'arc.example',
        check: (text) => (text.trim() === '' ? 'is needed, or Skip' : null),
      },
      { kind: 'text', name: 'port', label: 'Port', value: '1025', check: portProblem },
      {
        kind: 'text',
        name: 'key',
        label: 'AES key',
        secret: true,
        placeholder: 'none',
        check: (text, values) =>
          values.kind !== 'dc09' && text !== '' ? 'Sur-Gard has no encryption' : keyProblem(text),
      },
    ],
    submit: 'Add',
    working: 'Adding the output',
    skip: true,
    async send(values) {
      const key = (values.key ?? '').trim();
      const address = { id: arcId, name: 'ARC', host: (values.host ?? '').trim(), port: Number(values.port) };
      await shell.client.alarm.setOutput(
        values.kind === 'surgard-client'
          ? { ...address, kind: 'surgard-client' }
          : { ...address, kind: 'dc09', key: key === '' ? null : key },
      );
    },
    next: () => deviceStep(receivers, done),
  });
}

function deviceStep({ shell }: Receivers, done: () => void): void {
  openStep(shell, {
    title: 'Receive alarms, step 3 of 3: the first device',
    why: 'As it is set in the panel. More can be entered, or imported from a file: Devices, a and i.',
    entries: [
      { kind: 'text', name: 'account', label: 'Account', placeholder: '1234', check: accountProblem },
      { kind: 'text', name: 'name', label: 'Name', check: nameProblem },
      {
        kind: 'text',
        name: 'key',
        label: 'AES key',
        secret: true,
        placeholder: 'none',
        check: keyProblem,
      },
    ],
    submit: 'Add',
    working: 'Entering the device',
    skip: true,
    async send(values) {
      const key = (values.key ?? '').trim();
      await shell.client.device.add({
        account: (values.account ?? '').trim().toUpperCase(),
        name: (values.name ?? '').trim(),
        key: key === '' ? null : key,
      });
      const [outputs, settings] = await Promise.all([
        shell.client.alarm.outputs(),
        shell.client.alarm.settings(),
      ]);
      const meanwhile = settings.keepWithoutOutput ? 'events wait here until' : 'panels are answered once';
      if (outputs.length === 0) shell.notify(`No output yet: ${meanwhile} there is one.`, 'warn');
      else shell.notify('The receiver is set up: a test from the panel should show now.', 'good');
    },
    next: done,
  });
}
