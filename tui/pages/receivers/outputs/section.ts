/** The outputs to the ARC with what they do now, and the receiver's own settings and figures. */
import type { AlarmOutput, OutputStatus, ReceiverStatus } from '../../../../src/contract/index.ts';
import { keepAsking } from '../../../answer.ts';
import { type Fact, factLines } from '../../../components/facts.ts';
import { clampList, listStart, moveList } from '../../../components/list.ts';
import { type Column, padLines, table } from '../../../components/table.ts';
import { textOverlay } from '../../../components/text-overlay.ts';
import { blank, type Line, line, span } from '../../../format/line.ts';
import { formatDuration, formatSize, plural } from '../../../format/numbers.ts';
import { dateTime, recent } from '../../../format/time.ts';
import { pad } from '../../../format/width.ts';
import type { Key } from '../../../keys.ts';
import type { Frame } from '../../../shell.ts';
import { markOf } from '../../standby/words.ts';
import type { Receivers } from '../context.ts';
import type { Section } from '../section.ts';
import { outputWord } from '../words.ts';
import { addOutput, configureReceiver, editOutput, outputKindWords, removeOutput } from './forms.ts';

interface Row {
  output: AlarmOutput;
  status: OutputStatus | undefined;
}

export function createOutputsSection(receivers: Receivers): Section {
  const { shell, receiver } = receivers;
  const outputs = keepAsking(shell, () => shell.client.alarm.outputs());
  let list = listStart;
  let rows = 4;

  const all = (): Row[] =>
    (outputs.value() ?? []).map((output) => ({
      output,
      status: receiver.value()?.outputs.find(({ id }) => id === output.id),
    }));
  const again = (): void => {
    outputs.ask();
    receiver.ask();
  };
  const withOutput = (act: (row: Row) => void) => (): void => {
    const row = all()[list.index];
    if (row) act(row);
    else shell.notify('There is no output: a adds one.', 'warn');
  };

  function configure(): void {
    shell.run(
      'Asking for the settings',
      () => shell.client.alarm.settings(),
      (settings) => configureReceiver(receivers, settings, again),
    );
  }

  function verify(): void {
    shell.run(
      'Walking the chain of everything that was stored',
      () => shell.client.alarm.verify(),
      ({ ok, checked, firstBad }) =>
        ok
          ? shell.notify(`The chain of ${plural(checked, 'entry', 'entries')} is whole.`, 'good')
          : shell.notify(`The chain is BROKEN at entry ${firstBad ?? '?'}: something was changed.`, 'alarm'),
    );
  }

  function open({ output }: Row): void {
    shell.open(
      textOverlay(shell, {
        title: `Output ${output.name}`,
        lines: (frame, width) => {
          const row = all().find((each) => each.output.id === output.id);
          return row ? factLines(outputFacts(row, frame), width) : [line('It is gone.')];
        },
      }),
    );
  }

  const keys: Readonly<Record<Key, () => void>> = {
    a: () => addOutput(receivers, outputs.value() ?? [], again),
    c: withOutput(({ output }) => editOutput(receivers, output, { isNew: false, done: again })),
    D: withOutput(({ output }) =>
      removeOutput(receivers, output, { isLast: all().length === 1, done: again }),
    ),
    l: configure,
    V: verify,
    enter: withOutput(open),
  };

  return {
    title: 'Outputs',
    help: [
      { keys: 'Enter', text: 'the output with what it does now' },
      { keys: 'a c', text: 'add an output to the ARC, change it' },
      { keys: 'D', text: 'remove it; its name must be typed' },
      { keys: 'l', text: 'this receiver: listen, port, unknown accounts' },
      { keys: 'V', text: 'verify: was anything stored changed afterwards' },
    ],
    load: again,
    tick: again,
    view(frame) {
      const shown = all();
      const figures = figureLines(receiver.value(), frame);
      rows = Math.max(1, Math.min(shown.length, frame.rows - figures.length - 2));
      list = clampList(list, shown.length, rows);
      const problem = outputs.problem()?.text;
      const empty =
        problem ?? (outputs.value() === null ? 'Asking the node …' : 'No output to an ARC yet: a adds one.');
      const selected = shown[list.index];
      return {
        lines: padLines(
          [
            ...table({
              columns: columnsOf(frame),
              rows: shown,
              cursor: list,
              width: frame.columns,
              height: rows + 1,
              empty,
            }),
            blank,
            ...figures,
          ],
          frame.rows,
        ),
        foot: selected
          ? line(
              span(` ${selected.output.name}`, 'strong'),
              span(`  ${outputKindWords[selected.output.kind]}`),
              span(selected.status?.problem == null ? '' : `  ${selected.status.problem}`, 'bad'),
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
      const moved = moveList(list, key, all().length, rows);
      if (!moved) return false;
      list = moved;
      return true;
    },
    commands: [
      { name: 'add output', text: 'an automation of the ARC', run: () => keys.a?.() },
      {
        name: 'change output',
        aliases: ['edit output'],
        text: 'the one under the cursor',
        run: () => keys.c?.(),
      },
      {
        name: 'remove output',
        aliases: ['delete output'],
        text: 'the one under the cursor',
        run: () => keys.D?.(),
      },
      {
        name: 'listen',
        aliases: ['receiver settings'],
        text: 'where this node takes alarms in',
        run: configure,
      },
      { name: 'verify', text: 'walk the chain of everything that was stored', run: verify },
    ],
    sheet: () => ({
      name: 'holdfast-outputs.csv',
      header: ['id', 'name', 'kind', 'address', 'state', 'acknowledged', 'failed_attempts', 'round_trip_ms'],
      rows: all().map(({ output, status }) => [
        output.id,
        output.name,
        output.kind,
        addressOf(output),
        status?.state ?? null,
        status?.acknowledged ?? null,
        status?.failedAttempts ?? null,
        status?.roundTripMs ?? null,
      ]),
    }),
    copyText: () => {
      const row = all()[list.index];
      return row ? addressOf(row.output) : null;
    },
  };
}

function addressOf(output: AlarmOutput): string {
  if (output.kind === 'surgard-server') return `listens on ${output.listenHost}:${output.port}`;
  return `${output.host}:${output.port}${output.kind === 'dc09' && output.transport === 'udp' ? ' UDP' : ''}`;
}

function columnsOf(frame: Frame): Column<Row>[] {
  const { glyphs } = frame.theme;
  return [
    { title: 'Output', width: 10, grow: true, cell: ({ output }) => ({ text: output.name, tone: 'strong' }) },
    { title: 'Kind', width: 14, from: 84, cell: ({ output }) => ({ text: output.kind, tone: 'dim' }) },
    { title: 'Address', width: 16, grow: true, cell: ({ output }) => addressOf(output) },
    {
      title: 'State',
      width: 12,
      cell({ output, status }) {
        const word = outputWord(status?.state ?? (output.enabled ? 'connecting' : 'disabled'));
        return { text: `${markOf(word, glyphs)} ${word.text}`, tone: word.tone };
      },
    },
    { title: 'Used', width: 4, from: 76, cell: ({ status }) => (status?.active === true ? 'now' : '') },
    {
      title: 'Trip ms',
      width: 7,
      align: 'right',
      cell: ({ status }) => status?.roundTripMs?.toFixed(1) ?? '-',
    },
    {
      title: 'Failed',
      width: 6,
      align: 'right',
      cell: ({ status }) => ({
        text: String(status?.failedAttempts ?? 0),
        tone: (status?.failedAttempts ?? 0) > 0 ? 'warn' : 'text',
      }),
    },
    {
      title: 'Acknowledged',
      width: 12,
      align: 'right',
      from: 92,
      cell: ({ status }) => String(status?.acknowledged ?? 0),
    },
    {
      title: 'Last',
      width: 10,
      align: 'right',
      from: 100,
      cell: ({ status }) =>
        status?.lastAckMs == null ? '-' : recent(status.lastAckMs, frame.nowMs, frame.timeZone),
    },
  ];
}

function outputFacts({ output, status }: Row, { timeZone }: Frame): Fact[] {
  const word = outputWord(status?.state ?? 'disabled');
  const key = output.kind === 'dc09' && output.key !== null ? 'AES' : 'none';
  return [
    { name: 'Name', value: `${output.name}  (${output.id})`, tone: 'strong' },
    { name: 'State', value: `${word.text}${status?.active === true ? ', used now' : ''}`, tone: word.tone },
    { name: 'Kind', value: outputKindWords[output.kind] },
    { name: 'Address', value: addressOf(output) },
    ...(output.kind === 'surgard-server'
      ? [
          {
            name: 'May connect',
            value: output.clients.length === 0 ? 'only this machine' : output.clients.join(', '),
          },
        ]
      : []),
    ...(output.kind === 'dc09'
      ? [
          { name: 'Format', value: `${output.format}, encryption ${key}, ${plural(output.lanes, 'lane')}` },
          { name: 'Own account', value: output.account },
        ]
      : []),
    { name: 'Receiver, line', value: `${output.receiver}, ${output.line}` },
    {
      name: 'Patience',
      value: `${output.responseTimeoutMs / 1000} s for an answer, ${plural(output.attemptsMax, 'attempt')}`,
    },
    {
      name: 'Heartbeat',
      value: output.heartbeatSeconds === 0 ? 'none' : `every ${formatDuration(output.heartbeatSeconds)}`,
    },
    { name: 'Round trip', value: status?.roundTripMs == null ? '' : `${status.roundTripMs.toFixed(1)} ms` },
    { name: 'Acknowledged', value: String(status?.acknowledged ?? 0) },
    { name: 'Failed', value: plural(status?.failedAttempts ?? 0, 'attempt') },
    {
      name: 'Last answer',
      value: status?.lastAckMs == null ? 'never' : dateTime(status.lastAckMs, timeZone),
    },
    { name: 'Problem', value: status?.problem ?? '', tone: 'bad' },
  ];
}

/** The receiver itself: where it listens, what came, what waits. */
function figureLines(receiver: ReceiverStatus | null, frame: Frame): Line[] {
  if (!receiver) return [];
  const { counts, queue, listen, devices } = receiver;
  const forwards = receiver.outputs.some(({ state }) => state !== 'disabled');
  const row = (name: string, value: string, tone: 'text' | 'good' | 'warn' | 'bad' = 'text'): Line =>
    line(span(` ${pad(name, 13)}`, 'dim'), span(value, tone));
  const oldest =
    queue.oldestMs === null
      ? ''
      : `, the oldest for ${formatDuration(Math.max(0, frame.nowMs - queue.oldestMs) / 1000)}`;
  return [
    line(span(' This receiver', 'title')),
    listen === null
      ? row('Listens', receiver.problem ?? 'not: l changes that', 'bad')
      : row('Listens', `${listen}, TCP and UDP`, 'good'),
    forwards
      ? row('Forwards', receiver.forwarding ? 'yes' : 'no: another works, or nothing is set up')
      : row('Forwards', 'no: a adds an output to the ARC', 'bad'),
    row(
      'Queue',
      `${queue.waiting} waiting${oldest}, ${queue.unshared} not yet shared`,
      queue.waiting + queue.unshared > 0 ? 'warn' : 'text',
    ),
    row(
      'Events',
      `${counts.received} received, ${counts.acknowledged} at the ARC, ${counts.eventsPerSecond.toFixed(1)}/s`,
    ),
    row(
      'Odd ones',
      `${counts.duplicates} duplicates, ${counts.refusedFrames} frames refused, ${counts.unknownAccounts} of unknown accounts`,
      counts.unknownAccounts > 0 ? 'warn' : 'text',
    ),
    row(
      'Devices',
      `${devices.total}, ${devices.online} online, ${devices.lost} lost`,
      devices.lost > 0 ? 'warn' : 'text',
    ),
    row('Memory', formatSize(receiver.rssBytes)),
  ];
}

const hints = [
  { key: 'Enter', text: 'details' },
  { key: 'a', text: 'add' },
  { key: 'c', text: 'change' },
  { key: 'D', text: 'remove' },
  { key: 'l', text: 'listen' },
  { key: 'V', text: 'verify' },
];
