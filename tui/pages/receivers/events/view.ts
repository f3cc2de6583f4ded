/** The event monitor in rows: what is shown and whether it follows, then the events, newest first. */
import type { Alarm, ReceiverStatus } from '../../../../src/contract/index.ts';
import type { ListCursor } from '../../../components/list.ts';
import { type Column, padLines, table } from '../../../components/table.ts';
import { type Line, line, span, spread } from '../../../format/line.ts';
import { formatDuration, plural } from '../../../format/numbers.ts';
import { recent } from '../../../format/time.ts';
import type { Frame } from '../../../shell.ts';
import { markOf } from '../../standby/words.ts';
import { alarmWord, categoryTone, eventWords, placeWords } from '../words.ts';
import type { EventFeed, EventFilter } from './feed.ts';

export interface EventsView {
  feed: EventFeed;
  receiver: ReceiverStatus | null;
  list: ListCursor;
}

export function eventLines({ feed, receiver, list }: EventsView, frame: Frame): Line[] {
  const rows = feed.rows();
  const height = frame.rows - 1;
  const filtered = filterWords(feed.filter).length > 0;
  const empty =
    feed.problem ??
    (!feed.answered
      ? 'Asking the node …'
      : filtered
        ? 'No such event.'
        : receiver?.listen === null
          ? 'No event, and this node does not listen: l in Outputs changes that.'
          : goesNowhere(receiver)
            ? 'No event, and no output that could forward one: a in Outputs adds it.'
            : 'No event has come in yet.');
  return [
    titleLine(feed, receiver, frame),
    ...padLines(
      table({ columns: columnsOf(frame), rows, cursor: list, width: frame.columns, height, empty }),
      height,
    ),
  ];
}

/** Nothing is set up that could forward; in a group the outputs come with the host's copy. */
function goesNowhere(receiver: ReceiverStatus | null): boolean {
  return receiver?.outputs.every(({ state }) => state === 'disabled') === true;
}

export function filterWords(filter: EventFilter): string[] {
  return [
    ...(filter.account === '' ? [] : [`account ${filter.account}`]),
    ...(filter.category === null ? [] : [filter.category]),
    ...(filter.state === null ? [] : [alarmWord(filter.state).text]),
    ...(filter.unacknowledged ? ['unacknowledged'] : []),
    ...(filter.text === '' ? [] : [`/${filter.text}`]),
  ];
}

function titleLine(feed: EventFeed, receiver: ReceiverStatus | null, frame: Frame): Line {
  const follows = feed.paused
    ? span(` paused${feed.missed === 0 ? '' : `, ${feed.missed} new`}`, 'warn')
    : span(' live', 'good');
  const words = filterWords(feed.filter);
  const left = line(
    follows,
    span(words.length === 0 ? '' : `  ${words.join(', ')}`, 'accent'),
    span(feed.problem === null || feed.rows().length === 0 ? '' : `  ${feed.problem}`, 'alarm'),
  );
  return spread(left, queueLine(receiver, frame), frame.columns);
}

/** What waits for the ARC is always in sight. */
function queueLine(receiver: ReceiverStatus | null, frame: Frame): Line {
  if (!receiver) return line('');
  if (receiver.problem !== null && receiver.listen === null) return line(span('queue not known ', 'warn'));
  const { waiting, oldestMs, unshared } = receiver.queue;
  const oldest =
    oldestMs === null || waiting === 0
      ? ''
      : ` for ${formatDuration(Math.max(0, frame.nowMs - oldestMs) / 1000)}`;
  return line(
    span(
      `${plural(receiver.unacknowledged, 'unseen', 'unseen')}  `,
      receiver.unacknowledged > 0 ? 'warn' : 'dim',
    ),
    span(unshared === 0 ? '' : `${unshared} unshared  `, 'warn'),
    span(`${waiting} waiting${oldest} `, waiting > 0 ? 'warn' : 'dim'),
  );
}

/** Sparing with tones: all rows move with each event, and each tone costs a slow line as much as the word it colours. */
function columnsOf(frame: Frame): Column<Alarm>[] {
  const { glyphs } = frame.theme;
  return [
    {
      title: 'Time',
      width: 10,
      cell: ({ receivedMs }) => recent(receivedMs, frame.nowMs, frame.timeZone),
    },
    {
      title: 'Number',
      width: 7,
      align: 'right',
      from: 110,
      cell: ({ number }) => String(number),
    },
    {
      title: '',
      width: 1,
      cell: ({ acknowledgedBy }) => (acknowledgedBy === null ? { text: '!', tone: 'warn' } : glyphs.good),
    },
    { title: 'Account', width: 7, cell: ({ account }) => account },
    {
      title: 'Device',
      width: 10,
      grow: true,
      from: 72,
      cell: ({ device }) => (device === null ? { text: '(unknown)', tone: 'warn' } : device),
    },
    { title: 'Code', width: 4, cell: ({ code }) => code ?? '' },
    {
      title: 'Event',
      width: 14,
      grow: true,
      cell: (alarm) => ({ text: eventWords(alarm), tone: categoryTone(alarm) }),
    },
    { title: 'Category', width: 11, from: 120, cell: ({ category }) => category },
    { title: 'Where', width: 16, from: 92, cell: placeWords },
    { title: 'Way', width: 6, from: 100, cell: ({ way }) => way },
    {
      title: 'State',
      width: 12,
      cell: ({ state }) => {
        const word = alarmWord(state);
        return { text: `${markOf(word, glyphs)} ${word.text}`, tone: word.tone };
      },
    },
  ];
}
