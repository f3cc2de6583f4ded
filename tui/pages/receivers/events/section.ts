/** The event monitor: follows what comes in, filters, opens, acknowledges and resends. */
import { type Alarm, alarmCategories, alarmStates } from '../../../../src/contract/index.ts';
import { confirmOverlay } from '../../../components/confirm.ts';
import { clampList, listStart, moveList } from '../../../components/list.ts';
import { line, span } from '../../../format/line.ts';
import { plural } from '../../../format/numbers.ts';
import type { Key } from '../../../keys.ts';
import type { Receivers } from '../context.ts';
import type { Section } from '../section.ts';
import { eventWords, placeWords } from '../words.ts';
import { eventOverlay } from './details.ts';
import { EventFeed, noFilter } from './feed.ts';
import { openFilter } from './filter-form.ts';
import { eventLines } from './view.ts';

/** As many as the node takes in one call. */
const acknowledgedAtOnceMax = 1_000;

export interface EventsSection extends Section {
  showAccount(account: string): void;
}

export function createEventsSection({ shell, receiver }: Receivers, isShown: () => boolean): EventsSection {
  const feed = new EventFeed(shell, isShown);
  let list = listStart;
  /** The cursor stays with its event while others come in above; at the top it stays at the top. */
  let selectedNumber: number | null = null;
  let rows = 10;

  function settle(): readonly Alarm[] {
    const all = feed.rows();
    const found = selectedNumber === null ? -1 : all.findIndex(({ number }) => number === selectedNumber);
    const index = found >= 0 ? found : list.index;
    // What is new stays in sight, unless the list was scrolled away from it.
    const shift = list.top === 0 ? 0 : index - list.index;
    list = clampList({ index, top: list.top + shift }, all.length, rows);
    return all;
  }

  const selected = (): Alarm | undefined => settle()[list.index];
  const again = (): void => {
    feed.load();
    receiver.ask();
  };
  const renew = (): void => {
    void feed.renew();
    receiver.ask();
  };
  const refilter = (filter: EventFeed['filter']): void => {
    list = listStart;
    selectedNumber = null;
    feed.setFilter(filter);
  };
  const next = <Value>(values: readonly Value[], present: Value | null): Value | null =>
    values[present === null ? 0 : values.indexOf(present) + 1] ?? null;

  function acknowledge(alarms: readonly Alarm[]) {
    if (!shell.mayChange()) return;
    const numbers = alarms
      .filter(({ acknowledgedBy }) => acknowledgedBy === null)
      .map(({ number }) => number);
    if (numbers.length === 0) return shell.notify('That is acknowledged already.', 'dim');
    shell.run(
      'Acknowledging',
      () => shell.client.alarm.acknowledge({ numbers }),
      ({ acknowledged }) => {
        shell.notify(`${plural(acknowledged, 'event')} acknowledged.`, 'good');
        renew();
      },
    );
  }

  function acknowledgeShown() {
    if (!shell.mayChange()) return;
    const open = feed
      .rows()
      .filter(({ acknowledgedBy }) => acknowledgedBy === null)
      .slice(0, acknowledgedAtOnceMax);
    if (open.length === 0) return shell.notify('All of them are acknowledged.', 'dim');
    shell.open(
      confirmOverlay(shell, {
        title: 'Acknowledge all that is listed',
        consequences: [
          `${plural(open.length, 'event')} from number ${open.at(-1)?.number} to ${open[0]?.number}: you have seen each of them. The ARC is not concerned.`,
        ],
        verb: 'Acknowledge',
        working: 'Acknowledging',
        act: async () => {
          await shell.client.alarm.acknowledge({ numbers: open.map(({ number }) => number) });
        },
        done: again,
      }),
    );
  }

  function resend(alarm: Alarm): void {
    if (!shell.mayChange()) return;
    shell.open(
      confirmOverlay(shell, {
        title: `Resend event ${alarm.number}`,
        consequences: [
          `${alarm.account} ${eventWords(alarm)} ${placeWords(alarm)}`.trim(),
          'It goes to the ARC once more, which takes it as a new event.',
        ],
        verb: 'Resend',
        working: 'Putting it into the queue',
        act: async () => {
          await shell.client.alarm.resend({ numbers: [alarm.number] });
        },
        done() {
          shell.notify(`Event ${alarm.number} is queued once more.`, 'good');
          renew();
        },
      }),
    );
  }

  function open(alarm: Alarm): void {
    let fresh = alarm;
    const now = (): Alarm => {
      fresh = feed.rows().find(({ number }) => number === alarm.number) ?? fresh;
      return fresh;
    };
    shell.open(eventOverlay(shell, now, { acknowledge: (each) => acknowledge([each]), resend }));
  }

  const withEvent = (act: (alarm: Alarm) => void) => (): void => {
    const alarm = selected();
    if (alarm) act(alarm);
  };
  const keys: Readonly<Record<Key, () => void>> = {
    a: withEvent((alarm) => acknowledge([alarm])),
    A: acknowledgeShown,
    R: withEvent(resend),
    p: () => feed.pause(!feed.paused),
    ' ': () => feed.pause(!feed.paused),
    u: () => refilter({ ...feed.filter, unacknowledged: !feed.filter.unacknowledged }),
    c: () => refilter({ ...feed.filter, category: next(alarmCategories, feed.filter.category) }),
    s: () => refilter({ ...feed.filter, state: next(alarmStates, feed.filter.state) }),
    f: () => openFilter(shell, feed.filter, refilter),
    x: () => refilter(noFilter),
    enter: withEvent(open),
  };

  return {
    title: 'Events',
    help: [
      { keys: 'Enter', text: 'the event whole: raw frame, video links, its way to the ARC' },
      { keys: 'a A', text: 'acknowledge: I have seen it; all that is listed' },
      { keys: 'R', text: 'resend it to the ARC by hand' },
      { keys: 'p Space', text: 'pause, go on' },
      { keys: 'u c s', text: 'only unacknowledged; by category; by state' },
      { keys: 'f x', text: 'all filters in a form; no filter' },
      { keys: '/', text: 'find in device, words and raw frame' },
      { keys: '!', text: 'in front of the account: nobody has acknowledged it' },
    ],
    showAccount: (account) => refilter({ ...noFilter, account }),
    load: again,
    tick: () => feed.tick(),
    view(frame) {
      rows = Math.max(1, frame.rows - 2);
      const all = settle();
      feed.show(list.top, rows);
      const alarm = all[list.index];
      return {
        lines: eventLines({ feed, receiver: receiver.value(), list }, frame),
        foot: alarm
          ? line(
              span(` ${alarm.number} ${alarm.account} ${alarm.device ?? '(unknown)'}`, 'strong'),
              span(`  ${[eventWords(alarm), placeWords(alarm)].filter((each) => each !== '').join(', ')}`),
              span(alarm.problem === null ? '' : `  ${alarm.problem}`, 'bad'),
            )
          : line(''),
        hints: [
          { key: 'Enter', text: 'details' },
          { key: 'a', text: 'seen' },
          { key: 'R', text: 'resend' },
          { key: 'p', text: feed.paused ? 'go on' : 'pause' },
          { key: 'u', text: 'unseen' },
          { key: 'f', text: 'filter' },
          { key: 'e', text: 'CSV' },
        ],
      };
    },
    key(key) {
      const action = keys[key];
      if (action) {
        action();
        return true;
      }
      const all = settle();
      const moved = moveList(list, key, all.length, rows);
      if (!moved) return false;
      list = moved;
      selectedNumber = moved.index === 0 ? null : (all[moved.index]?.number ?? null);
      return true;
    },
    filter: {
      get: () => feed.filter.text,
      set: (text) => refilter({ ...feed.filter, text: text.slice(0, 128) }),
    },
    commands: [
      { name: 'acknowledge', aliases: ['ack'], text: 'the event under the cursor', run: () => keys.a?.() },
      { name: 'acknowledge all', text: 'all that is listed', run: acknowledgeShown },
      { name: 'resend', text: 'the event under the cursor, to the ARC', run: () => keys.R?.() },
      {
        name: 'account',
        argument: '1234',
        text: 'events of one account; none: of all',
        run: (account) => refilter({ ...feed.filter, account: account.trim().toUpperCase() }),
      },
    ],
    sheet: () => ({
      name: 'holdfast-events.csv',
      header: [
        ...['number', 'id', 'received_utc', 'device_time_utc', 'account', 'device', 'code', 'qualifier'],
        ...['event', 'category', 'area', 'zone', 'user', 'text', 'way', 'source', 'state', 'output'],
        ...['arc_ack_utc', 'acknowledged_by', 'video', 'raw'],
      ],
      rows: feed.rows().map(sheetRow),
    }),
    copyText: () => selected()?.raw ?? null,
  };
}

function sheetRow(alarm: Alarm): (string | number | null)[] {
  const moment = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return [
    ...[alarm.number, alarm.id, moment(alarm.receivedMs), moment(alarm.deviceTimeMs), alarm.account],
    ...[alarm.device, alarm.code, alarm.qualifier, eventWords(alarm), alarm.category],
    ...[alarm.area, alarm.zone, alarm.user, alarm.text, alarm.way, alarm.source, alarm.state],
    ...[alarm.output, moment(alarm.arcAckMs), alarm.acknowledgedBy, alarm.video.join(' '), alarm.raw],
  ];
}
