/** The group on one screen: forecast, lease, store, queue, backup, the members as operators know them, last decisions. */
import type { GroupDecision, GroupMember, GroupStatus } from '../../../../src/contract/index.ts';
import type { ListCursor } from '../../../components/list.ts';
import { type Column, padLines, table } from '../../../components/table.ts';
import { blank, type Line, line, type Span, span } from '../../../format/line.ts';
import { formatDuration, formatShortDuration, formatSize, plural } from '../../../format/numbers.ts';
import { dateTime, recent } from '../../../format/time.ts';
import { pad, wrap } from '../../../format/width.ts';
import type { Frame } from '../../../shell.ts';
import { ageText, arbiterName, markOf } from '../../standby/words.ts';
import { backupWord, workingWord } from '../words.ts';

const airyFromRows = 25;
const decisionsMin = 2;
const nameWidth = 9;

export interface GroupView {
  group: GroupStatus;
  /** Of what is shown. */
  ageMs: number;
  list: ListCursor;
}

/** Exactly `frame.rows` rows. */
export function groupLines(view: GroupView, frame: Frame): Line[] {
  const { group, list } = view;
  const airy = frame.rows >= airyFromRows ? [blank] : [];
  const members = table({
    columns: memberColumns(frame, view.ageMs),
    rows: group.members,
    cursor: list,
    width: frame.columns,
    height: group.members.length + 1,
    empty: 'No member is known: the store of the group was not heard yet.',
  });
  const lines = [
    ...problemLines(group, frame),
    ...wrap(group.forecast, frame.columns - 2, 2).map((row) => line(' ', span(row, 'accent'))),
    ...airy,
    ...members,
    ...airy,
    ...authorityLines(view, frame),
    ...airy,
    ...backupLines(group, frame),
  ];
  const left = frame.rows - lines.length - 2;
  if (left >= decisionsMin && group.decisions.length > 0)
    lines.push(blank, line(span(' Last decisions', 'title')), ...decisionLines(group.decisions, frame));
  return padLines(lines, frame.rows);
}

function problemLines({ problem }: GroupStatus, frame: Frame): Line[] {
  if (problem === null) return [];
  return wrap(problem, frame.columns - 4, 2).map((row, at) =>
    line(span(at === 0 ? ` ${frame.theme.glyphs.bad} ` : '   ', 'bad'), span(row, 'bad')),
  );
}

function memberColumns(frame: Frame, ageMs: number): Column<GroupMember>[] {
  const { glyphs } = frame.theme;
  return [
    { title: 'ID', width: 12, from: 72, cell: ({ id }) => ({ text: id, tone: 'dim' }) },
    { title: 'Role', width: 7, cell: ({ role }) => role },
    {
      title: 'Name',
      width: frame.columns < 72 ? 10 : 17,
      grow: true,
      cell: ({ name, self }) => ({ text: self ? `${name} (this node)` : name, tone: 'strong' }),
    },
    {
      title: 'Working status',
      width: 14,
      cell: ({ status }) => {
        const word = workingWord(status);
        return { text: `${markOf(word, glyphs)} ${word.text}`, tone: word.tone };
      },
    },
    {
      title: 'Last seen',
      width: 10,
      cell: (member) => ({
        text: member.self ? 'now' : member.ageMs === null ? 'never' : seenText(member.ageMs + ageMs),
        tone: member.status === 'offline' ? 'bad' : 'dim',
      }),
    },
    {
      title: 'Backup',
      width: 14,
      cell: ({ backupState, backupVersion }) => {
        const word = backupWord(backupState);
        return { ...word, text: `${backupVersion === null ? '' : `${backupVersion} `}${word.text}` };
      },
    },
    {
      title: 'Unshared',
      width: 8,
      align: 'right',
      from: 88,
      cell: ({ unshared }) => ({
        text: unshared === null ? '-' : String(unshared),
        tone: (unshared ?? 0) > 0 ? 'warn' : 'text',
      }),
    },
    { title: 'Version', width: 9, from: 120, cell: ({ version }) => ({ text: version ?? '-', tone: 'dim' }) },
    {
      title: 'Problem',
      width: 12,
      grow: true,
      from: 112,
      cell: ({ problem }) => ({ text: problem ?? '', tone: 'bad' }),
    },
  ];
}

/** `0.4 s ago`, `3m ago`. */
function seenText(ms: number): string {
  return `${ms < 10_000 ? ageText(ms) : formatShortDuration(ms / 1000)} ago`;
}

function named(name: string, ...spans: Span[]): Line {
  return line(span(` ${pad(name, nameWidth)}`, 'dim'), ...spans);
}

function authorityLines({ group, ageMs }: GroupView, frame: Frame): Line[] {
  const { store, queue } = group;
  const { glyphs } = frame.theme;
  const state =
    store.state === 'reachable'
      ? span(`  ${glyphs.good} reachable`, 'good')
      : span(`  ${glyphs.bad} NOT REACHABLE: nobody forwards`, 'bad');
  const trip = store.roundTripMs === null ? '' : `  ${store.roundTripMs.toFixed(1)} ms`;
  const oldest =
    queue.oldestMs === null
      ? ''
      : `, the oldest for ${formatDuration(Math.max(0, frame.nowMs - queue.oldestMs) / 1000)}`;
  return [
    named('Lease', ...leaseSpans(group, ageMs)),
    named(
      'Store',
      span(`${arbiterName(store.kind)} ${store.address ?? ''}`, 'strong'),
      state,
      span(trip, 'dim'),
      span(store.problem === null ? '' : `  ${store.problem}`, 'bad'),
    ),
    named(
      'Queue',
      queue.waiting === null
        ? span('not known', 'warn')
        : span(`${queue.waiting} waiting${oldest}`, queue.waiting > 0 ? 'warn' : 'text'),
    ),
  ];
}

/** Who may forward, and for how long yet. */
function leaseSpans({ lease, members }: GroupStatus, ageMs: number): Span[] {
  if (lease.holder === null) return [span('nobody holds it', 'warn'), span(`  epoch ${lease.epoch}`, 'dim')];
  const holder = members.find(({ id }) => id === lease.holder)?.name ?? lease.holder;
  const left = lease.validForMs === null ? null : Math.max(0, lease.validForMs - ageMs);
  return [
    span(holder, 'strong'),
    span(`  epoch ${lease.epoch}`, 'dim'),
    span(left === null ? '' : `  ${ageText(left)} left`, left === 0 ? 'bad' : 'text'),
  ];
}

function backupLines({ backup }: GroupStatus, frame: Frame): Line[] {
  const word = backupWord(backup.state);
  const moment = (ms: number | null) => (ms === null ? 'never' : dateTime(ms, frame.timeZone));
  const problem: Line[] =
    backup.problem === null
      ? []
      : wrap(backup.problem, frame.columns - nameWidth - 3, 2).map((row) => named('', span(row, 'bad')));
  return [
    named('Backup', span(backup.name ?? 'no file yet', backup.name === null ? 'warn' : 'strong')),
    named(
      '',
      span(`${markOf(word, frame.theme.glyphs)} ${word.text}`, word.tone),
      span(`  version ${backup.version}, ${plural(backup.devices, 'device')}, ${formatSize(backup.bytes)}`),
    ),
    named('', span(`updated at ${moment(backup.updatedMs)}, published ${moment(backup.publishedMs)}`, 'dim')),
    ...problem,
  ];
}

function decisionLines(decisions: readonly GroupDecision[], frame: Frame): Line[] {
  return [...decisions]
    .sort((a, b) => b.timeMs - a.timeMs)
    .map(({ timeMs, rule, outcome }) =>
      line(
        span(` ${pad(recent(timeMs, frame.nowMs, frame.timeZone), 11)}`, 'dim'),
        span(rule),
        span(` ${frame.theme.glyphs.crumb} `, 'dim'),
        span(outcome, 'strong'),
      ),
    );
}

/** What a group is for, and the key that joins one. */
export function groupIntro(frame: Frame, problem: string | null): Line[] {
  const paragraphs = [
    'Up to four receivers can share one account: a host and three spares. Exactly one forwards to the ARC; when it falls silent, the next takes over within seconds, and no alarm is lost.',
    'You need a store that all of them reach: a third machine that runs "holdfast hub", or NATS JetStream. The first receiver that connects becomes the host; the next ones get its devices.',
  ];
  return [
    blank,
    line(span(' This receiver is in no group: it forwards by itself', 'title')),
    blank,
    ...paragraphs.flatMap((text) => [
      ...wrap(text, Math.min(96, frame.columns - 4)).map((row) => line('  ', span(row))),
      blank,
    ]),
    line('  ', span('c   ', 'key'), span('connects to a group')),
    ...(problem === null ? [] : [blank, line('  ', span(problem, 'bad'))]),
  ];
}
