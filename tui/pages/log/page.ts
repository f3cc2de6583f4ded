/** Log: newest first, searched on the node, a page of it at a time, with the details of each entry. */
import { type LogEntry, type logLevels, logTypes } from '../../../src/contract/index.ts';
import { confirmOverlay } from '../../components/confirm.ts';
import { type Fact, factLines } from '../../components/facts.ts';
import { clampList, listStart, moveList } from '../../components/list.ts';
import { type Column, padLines, table } from '../../components/table.ts';
import { textOverlay } from '../../components/text-overlay.ts';
import { passesFilter } from '../../format/filter.ts';
import { line, span, spread } from '../../format/line.ts';
import { plural } from '../../format/numbers.ts';
import { problemOf } from '../../format/problem.ts';
import { dateTime, recentMinute } from '../../format/time.ts';
import { levelWord } from '../../format/words.ts';
import type { Key } from '../../keys.ts';
import type { Frame, Page, Shell } from '../../shell.ts';

const pageSize = 200;

interface Answer {
  total: number;
  page: number;
  pages: number;
  /** There are more than `total`. */
  more?: boolean | undefined;
  entries: readonly LogEntry[];
}

type Level = (typeof logLevels)[number];
type LogType = (typeof logTypes)[number];

export function createLogPage(shell: Shell): Page {
  let answer: Answer | null = null;
  let list = listStart;
  let text = '';
  let level: Level | null = null;
  let type: LogType | null = null;
  let page = 1;
  let rows = 10;
  let problem: string | null = null;
  let newestSeen = 0;
  let asked = 0;

  /** `!text` cannot be asked of the node: then its page is filtered here. */
  const inverted = (): boolean => text.startsWith('!');
  const entries = (): LogEntry[] =>
    (answer?.entries ?? []).filter(
      (entry) =>
        !inverted() || passesFilter(text, [entry.text, entry.event, entry.user, entry.ip, entry.subject]),
    );

  function load(): void {
    asked += 1;
    const mine = asked;
    shell.client.log
      .search({
        page,
        pageSize,
        ...(text === '' || inverted() ? {} : { text }),
        ...(level === null ? {} : { level }),
        ...(type === null ? {} : { type }),
      })
      .then(
        (found) => {
          if (mine !== asked) return;
          answer = found;
          problem = null;
          newestSeen = shell.state().status?.lastEvents[0]?.id ?? newestSeen;
          list = clampList(list, entries().length, rows);
          shell.changed();
        },
        (thrown: unknown) => {
          if (mine !== asked) return;
          problem = problemOf(thrown).text;
          shell.changed();
        },
      );
  }

  function turn(to: number): void {
    const last = answer?.pages ?? 1;
    if (to < 1 || to > last || to === page) return;
    page = to;
    list = listStart;
    load();
  }

  function search(): void {
    page = 1;
    list = listStart;
    load();
  }

  function next<Value>(values: readonly Value[], present: Value | null): Value | null {
    if (present === null) return values[0] ?? null;
    return values[values.indexOf(present) + 1] ?? null;
  }

  function open(entry: LogEntry): void {
    shell.open(
      textOverlay(shell, {
        title: `Entry ${entry.id}`,
        copy: { text: JSON.stringify(entry), what: 'the entry as JSON' },
        lines: (frame, width) => factLines(entryFacts(entry, frame.timeZone), width),
      }),
    );
  }

  function clear(): void {
    if (!shell.mayChange()) return;
    shell.open(
      confirmOverlay(shell, {
        title: 'Clear the log',
        consequences: [
          'All events and system entries are removed. The audit of who did what stays, and notes this.',
        ],
        typed: 'clear',
        verb: 'Clear',
        working: 'Clearing',
        act: async () => {
          const { removed } = await shell.client.log.clear({ confirm: 'clear' });
          shell.notify(`Removed ${plural(removed, 'entry', 'entries')}.`, 'good');
        },
        done: search,
      }),
    );
  }

  const actions: Readonly<Record<Key, () => void>> = {
    enter: () => {
      const entry = entries()[list.index];
      if (entry) open(entry);
    },
    l: () => {
      level = next(['error', 'warning', 'info'], level);
      search();
    },
    t: () => {
      type = next(logTypes, type);
      search();
    },
    '[': () => turn(page - 1),
    ']': () => turn(page + 1),
  };

  return {
    id: 'log',
    title: 'Log',
    shortTitle: 'Log',
    digit: '7',
    help: [
      { keys: '/', text: 'search; the node looks through all of it' },
      { keys: 'l', text: 'level: all, errors, warnings and worse, info and worse' },
      { keys: 't', text: 'type: all, event, audit, system' },
      { keys: '[ ]', text: 'newer, older page' },
      { keys: 'Enter', text: 'the entry with its details' },
    ],
    enter: load,
    refresh: load,
    tick() {
      const newest = shell.state().status?.lastEvents[0]?.id ?? 0;
      if (page === 1 && newest > newestSeen) load();
    },
    view(frame) {
      rows = frame.rows - 2;
      const shown = entries();
      list = clampList(list, shown.length, rows);
      const height = frame.rows - 1;
      const empty = problem ?? (answer === null ? 'Asking the node …' : 'Nothing found.');
      const body = table({
        columns: columnsOf(frame),
        rows: shown,
        cursor: list,
        width: frame.columns,
        height,
        empty,
      });
      const what = [
        type === null ? 'all types' : type,
        level === null ? 'all levels' : level === 'error' ? 'errors' : `${level} and worse`,
      ];
      const left = line(
        span(
          ` ${answer?.more ? 'more than ' : ''}${plural(answer?.total ?? 0, 'entry', 'entries')}`,
          'strong',
        ),
        span(`  ${what.join(', ')}`, 'accent'),
        span(text === '' ? '' : `  /${text}`, 'accent'),
      );
      const pages = answer && answer.pages > 1 ? `page ${answer.page} of ${answer.pages} ` : '';
      return {
        crumbs: ['Log'],
        lines: [spread(left, line(span(pages, 'dim')), frame.columns), ...padLines(body, height)],
        foot: footOf(shown[list.index]),
        hints,
      };
    },
    key(key) {
      // Levels have the letter that elsewhere means "right": there is nothing to the right here.
      const action = actions[key];
      if (action) action();
      else {
        const moved = moveList(list, key, entries().length, rows);
        if (!moved) return false;
        list = moved;
      }
      shell.changed();
      return true;
    },
    filter: {
      get: () => text,
      set: (next) => {
        text = next;
        search();
      },
    },
    commands: () => [{ name: 'clear log', text: 'remove events; the audit stays', run: clear }],
    sheet: () => ({
      name: 'holdfast-log.csv',
      header: ['id', 'time_utc', 'type', 'level', 'event', 'subject', 'user', 'ip', 'text'],
      rows: entries().map((entry) => [
        entry.id,
        new Date(entry.timeMs).toISOString(),
        entry.type,
        entry.level,
        entry.event,
        entry.subject,
        entry.user,
        entry.ip,
        entry.text,
      ]),
    }),
    copyText: () => entries()[list.index]?.text ?? null,
  };
}

function columnsOf(frame: Frame): Column<LogEntry>[] {
  return [
    {
      title: 'Time',
      width: 11,
      cell: (entry) => ({ text: recentMinute(entry.timeMs, frame.nowMs, frame.timeZone), tone: 'dim' }),
    },
    { title: 'Level', width: 5, cell: (entry) => levelWord(entry.level) },
    { title: 'Type', width: 6, from: 76, cell: (entry) => ({ text: entry.type, tone: 'dim' }) },
    { title: 'Event', width: 20, from: 110, cell: (entry) => entry.event },
    { title: 'User', width: 10, from: 110, cell: (entry) => entry.user ?? '' },
    { title: 'Address', width: 15, from: 110, cell: (entry) => entry.ip ?? '' },
    {
      title: 'Text',
      width: 20,
      grow: true,
      cell: (entry) => ({ text: entry.text, tone: entry.level === 'error' ? 'bad' : 'text' }),
    },
  ];
}

function footOf(entry: LogEntry | undefined) {
  if (!entry) return line('');
  const who = entry.user === null ? '' : ` by ${entry.user}${entry.ip === null ? '' : ` from ${entry.ip}`}`;
  return line(span(` ${entry.event}`, 'accent'), span(`${who}  ${entry.text}`));
}

function entryFacts(entry: LogEntry, timeZone: string): Fact[] {
  const word = levelWord(entry.level);
  return [
    { name: 'Time', value: dateTime(entry.timeMs, timeZone) },
    { name: 'Level', value: word.text, tone: word.tone },
    { name: 'Type', value: entry.type },
    { name: 'Event', value: entry.event },
    { name: 'About', value: entry.subject ?? '' },
    { name: 'User', value: entry.user ?? '' },
    { name: 'Address', value: entry.ip ?? '' },
    { name: 'Text', value: entry.text, tone: 'strong' },
    ...Object.entries(entry.details ?? {}).map(([name, value]) => ({
      name,
      value: typeof value === 'string' ? value : JSON.stringify(value),
    })),
  ];
}

const hints = [
  { key: '/', text: 'search' },
  { key: 'l', text: 'level' },
  { key: 't', text: 'type' },
  { key: 'Enter', text: 'details' },
  { key: '[ ]', text: 'page' },
  { key: 'e', text: 'CSV' },
  { key: 'y', text: 'copy' },
];
