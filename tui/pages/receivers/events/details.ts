/** One event whole: what happened, its way, its way to the ARC, who has seen it, video links and the raw frame. */
import type { Alarm, DeviceConfig } from '../../../../src/contract/index.ts';
import { placeNames } from '../../../../src/model/place-names.ts';
import { keepAsking } from '../../../answer.ts';
import { type Fact, factLines } from '../../../components/facts.ts';
import { textOverlay } from '../../../components/text-overlay.ts';
import { plural } from '../../../format/numbers.ts';
import { dateTime } from '../../../format/time.ts';
import type { Overlay, Shell } from '../../../shell.ts';
import { alarmWord, categoryTone, eventWords } from '../words.ts';

export interface EventDeeds {
  acknowledge(alarm: Alarm): void;
  resend(alarm: Alarm): void;
}

/** `now` answers the event as it is by now. */
export function eventOverlay(shell: Shell, now: () => Alarm, deeds: EventDeeds): Overlay {
  const { number, account, device, raw, video } = now();
  // For the names of areas, zones and users; without an answer their numbers stand alone.
  const shown = keepAsking(shell, () => shell.client.device.show({ account }));
  if (device !== null) shown.ask();
  const [link] = video;
  return textOverlay(shell, {
    title: `Event ${number}`,
    copy: { text: link ?? raw, what: link === undefined ? 'the raw frame' : 'the video link' },
    actions: [
      { key: 'a', text: 'acknowledge', run: () => deeds.acknowledge(now()) },
      { key: 'R', text: 'resend', run: () => deeds.resend(now()) },
    ],
    lines: (frame, width) =>
      factLines(eventFacts(now(), shown.value()?.config ?? null, frame.timeZone), width),
  });
}

function withName(part: string | null, name: string | null): string | null {
  return part === null ? null : `${part} ${name ?? ''}`.trim();
}

function eventFacts(alarm: Alarm, config: DeviceConfig | null, timeZone: string): Fact[] {
  const moment = (ms: number | null) => (ms === null ? '' : dateTime(ms, timeZone));
  const word = alarmWord(alarm.state);
  const { areaName, zoneName, userName } = placeNames(alarm, config);
  const tries = alarm.attempts === 0 ? '' : `, ${plural(alarm.attempts, 'attempt')}`;
  const seen =
    alarm.acknowledgedBy === null
      ? 'by nobody yet'
      : `by ${alarm.acknowledgedBy}, ${moment(alarm.acknowledgedMs)}`;
  const optional = (name: string, value: string | null): Fact[] =>
    value === null || value === '' ? [] : [{ name, value }];
  return [
    {
      name: 'Account',
      value: `${alarm.account}  ${alarm.device ?? '(not entered as a device)'}`,
      tone: 'strong',
    },
    { name: 'Event', value: `${alarm.code ?? ''} ${eventWords(alarm)}`.trim(), tone: categoryTone(alarm) },
    { name: 'Category', value: alarm.category },
    ...optional('Qualifier', alarm.qualifier),
    ...optional('Area', withName(alarm.area, areaName)),
    ...optional('Zone', withName(alarm.zone, zoneName)),
    ...optional('User', withName(alarm.user, userName)),
    ...optional('Text', alarm.text),
    { name: 'Received', value: moment(alarm.receivedMs) },
    ...optional('Device time', moment(alarm.deviceTimeMs)),
    {
      name: 'Way',
      value: `${alarm.way} from ${alarm.source}, ${alarm.format}, ${alarm.encrypted ? 'encrypted' : 'plain'}`,
    },
    { name: 'State', value: `${word.text}${tries}`, tone: word.tone },
    ...optional(
      'At the ARC',
      alarm.arcAckMs === null ? null : `${moment(alarm.arcAckMs)} over ${alarm.output ?? '-'}`,
    ),
    ...(alarm.problem === null ? [] : [{ name: 'Problem', value: alarm.problem, tone: 'bad' as const }]),
    { name: 'Seen', value: seen, tone: alarm.acknowledgedBy === null ? 'warn' : 'text' },
    ...alarm.video.map((link, at) => ({
      name: at === 0 ? 'Video' : '',
      value: link,
      tone: 'accent' as const,
    })),
    { name: 'ID', value: alarm.id },
    { name: 'Raw frame', value: alarm.raw },
  ];
}
