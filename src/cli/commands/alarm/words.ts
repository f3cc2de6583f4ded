/** How alarms, outputs and the receiver's state are told in lines of text. */
import type { Alarm, AlarmState, OutputStatus, ReceiverStatus } from '../../../contract/index.ts';
import type { PlaceNames } from '../../../model/place-names.ts';
import { plural } from '../../../model/plural.ts';
import type { Column, Output, Tone } from '../../output.ts';
import { formatDuration, formatTime } from '../../time.ts';

const stateTones: Readonly<Record<AlarmState, Tone>> = {
  waiting: 'warning',
  shared: 'warning',
  acknowledged: 'good',
  refused: 'bad',
  kept: 'dim',
};

export const alarmColumns: readonly Column<Alarm>[] = [
  { title: 'number', value: (row) => String(row.number), align: 'right' },
  { title: 'received', value: (row) => formatTime(row.receivedMs) },
  { title: 'account', value: (row) => row.account },
  { title: 'device', value: (row) => row.device ?? '(unknown)' },
  { title: 'event', value: eventText },
  { title: 'where', value: (row) => placeText(row) },
  { title: 'way', value: (row) => row.way },
  { title: 'state', value: (row) => row.state, tone: (row) => stateTones[row.state] },
  { title: 'seen by', value: (row) => row.acknowledgedBy ?? '' },
];

function eventText(alarm: Alarm): string {
  return [alarm.code ?? alarm.format, alarm.words].filter((part) => part !== '').join(' ');
}

function placeText({ area, zone, user }: Alarm, names: Partial<PlaceNames> = {}): string {
  const part = (what: string, number: string | null, name: string | null = null) =>
    number === null ? '' : `${what} ${number}${name === null ? '' : ` (${name})`}`;
  return [
    part('area', area, names.areaName),
    part('zone', zone, names.zoneName),
    part('user', user, names.userName),
  ]
    .filter((text) => text !== '')
    .join(', ');
}

/** One line of a live list. */
export function alarmLine(alarm: Alarm): string {
  const who = `${alarm.account} ${alarm.device ?? '(unknown)'}`;
  return [
    formatTime(alarm.receivedMs),
    String(alarm.number),
    who,
    eventText(alarm),
    placeText(alarm),
    alarm.state,
  ]
    .filter((part) => part !== '')
    .join('  ');
}

export function printAlarm(output: Output, alarm: Alarm & PlaceNames): void {
  const moment = (ms: number | null) => (ms === null ? '-' : formatTime(ms));
  output.facts([
    ['number', `${alarm.number} (${alarm.id})`],
    ['account', `${alarm.account}, ${alarm.device ?? 'not entered as a device'}`],
    ['event', `${eventText(alarm)} (${alarm.category}, ${alarm.format})`],
    ['where', placeText(alarm, alarm) || '-'],
    ['text', alarm.text ?? '-'],
    ['received', `${formatTime(alarm.receivedMs)} from ${alarm.source}, ${wayText(alarm)}`],
    ['device time', moment(alarm.deviceTimeMs)],
    ['state', `${alarm.state}${alarm.problem === null ? '' : `: ${alarm.problem}`}`],
    ['ARC', `${alarm.output ?? '-'}, acknowledged ${moment(alarm.arcAckMs)}, attempts ${alarm.attempts}`],
    [
      'seen by',
      alarm.acknowledgedBy === null ? '-' : `${alarm.acknowledgedBy}, ${moment(alarm.acknowledgedMs)}`,
    ],
    ...alarm.video.map((link) => ['video', link] as const),
    ['raw', alarm.raw],
  ]);
}

function wayText({ way, encrypted }: Alarm): string {
  if (way === 'local') return 'made here';
  return `${way === 'hub' ? 'through the hub' : 'straight from the device'}, ${encrypted ? 'encrypted' : 'plain'}`;
}

const outputTones: Readonly<Record<OutputStatus['state'], Tone>> = {
  connected: 'good',
  connecting: 'warning',
  failing: 'bad',
  idle: 'dim',
  disabled: 'dim',
};

export const outputStatusColumns: readonly Column<OutputStatus>[] = [
  { title: 'output', value: (row) => row.id },
  { title: 'name', value: (row) => row.name },
  {
    title: 'state',
    value: (row) => `${row.state}${row.active ? ' (in use)' : ''}`,
    tone: (row) => outputTones[row.state],
  },
  { title: 'acknowledged', value: (row) => String(row.acknowledged), align: 'right' },
  { title: 'failed', value: (row) => String(row.failedAttempts), align: 'right' },
  {
    title: 'round trip',
    value: (row) => (row.roundTripMs === null ? '' : `${row.roundTripMs.toFixed(1)} ms`),
    align: 'right',
  },
  { title: 'last', value: (row) => (row.lastAckMs === null ? 'never' : formatTime(row.lastAckMs)) },
  { title: 'problem', value: (row) => row.problem ?? '' },
];

function forwardsText({ forwarding, outputs }: ReceiverStatus): string {
  if (outputs.every(({ state }) => state === 'disabled')) return 'no: there is no output to an ARC';
  return forwarding ? 'yes' : 'no: another receiver works, or none may';
}

export function printReceiver(output: Output, status: ReceiverStatus, nowMs: number): void {
  const { queue, counts, devices } = status;
  if (!status.enabled && status.listen === null && !status.forwarding) {
    output.line('this node receives no alarms');
    output.line('begin with: holdfast alarm settings --enable');
    if (status.problem !== null) output.toned('bad', status.problem, '');
    return;
  }
  output.facts([
    ['listens', status.listen === null ? 'no' : `${status.listen}, TCP and UDP`],
    ['forwards', forwardsText(status)],
    ['waiting', queue.waiting === 0 ? 'none' : `${queue.waiting}${oldestText(queue.oldestMs, nowMs)}`],
    ...(queue.unshared === 0 ? [] : [['not yet shared', String(queue.unshared)] as const]),
    [
      'events',
      `${counts.received} received, ${counts.acknowledged} acknowledged by the ARC, ${counts.duplicates} came twice, ${counts.eventsPerSecond.toFixed(1)}/s`,
    ],
    ['refused', `${counts.refusedFrames} frames`],
    ['unknown', `${plural(counts.unknownAccounts, 'event')} of accounts that are not entered`],
    ['devices', `${devices.total}, ${devices.online} online, ${devices.lost} lost`],
    ['not seen', `${plural(status.unacknowledged, 'event')} that no operator has acknowledged`],
  ]);
  if (status.problem !== null) output.toned('bad', status.problem, '', 'problem: ');
  output.line();
  output.table(status.outputs, outputStatusColumns, 'no output: alarms have nowhere to go');
}

function oldestText(oldestMs: number | null, nowMs: number): string {
  return oldestMs === null ? '' : `, the oldest for ${formatDuration((nowMs - oldestMs) / 1_000)}`;
}
