/** System: what this node is, who is logged in, who may log in, and the doctor. */
import type { DoctorCheck, User } from '../../../src/contract/index.ts';
import type { ApiClient } from '../../api.ts';
import { changePassword } from '../../commands.ts';
import { confirmOverlay } from '../../components/confirm.ts';
import { type Fact, factLines } from '../../components/facts.ts';
import { clampList, listStart, moveList } from '../../components/list.ts';
import { type Column, padLines, table } from '../../components/table.ts';
import { textOverlay } from '../../components/text-overlay.ts';
import { blank, indented, type Line, line, span, type Tone } from '../../format/line.ts';
import { formatDuration, formatSize } from '../../format/numbers.ts';
import { problemOf } from '../../format/problem.ts';
import { dateTime, recent } from '../../format/time.ts';
import { wrap } from '../../format/width.ts';
import type { Frame, Page, Shell } from '../../shell.ts';
import { addUser, editUser, removeUser, resetPassword } from './users.ts';

type Session = Awaited<ReturnType<ApiClient['session']['list']>>[number];

export function createSystemPage(shell: Shell): Page {
  let users: readonly User[] = [];
  let sessions: readonly Session[] = [];
  let denied: string | null = null;
  let list = listStart;

  function load(): void {
    Promise.all([shell.client.user.list(), shell.client.session.list()]).then(
      ([nextUsers, nextSessions]) => {
        users = nextUsers;
        sessions = nextSessions;
        denied = null;
        shell.changed();
      },
      (thrown: unknown) => {
        denied = problemOf(thrown).text;
        shell.changed();
      },
    );
  }

  const count = (): number => users.length + sessions.length;
  const user = (): User | undefined => users[list.index];
  const session = (): Session | undefined => sessions[list.index - users.length];

  const withUser = (act: (shell: Shell, user: User, done: () => void) => void) => (): void => {
    const found = user();
    if (found) act(shell, found, load);
    else shell.notify('Put the cursor on a user for that.', 'dim');
  };

  function remove() {
    const found = session();
    if (!found) return withUser(removeUser)();
    if (!shell.mayChange()) return;
    shell.open(
      confirmOverlay(shell, {
        title: `End the session of ${found.user}`,
        consequences: [
          found.current
            ? 'This is your own session: you must log in again.'
            : `From ${found.address}. Its next call is refused.`,
        ],
        verb: 'End it',
        working: 'Ending',
        act: async () => {
          await shell.client.session.revoke({ id: found.id });
        },
        done: load,
      }),
    );
  }

  function doctor(): void {
    shell.run(
      'Examining the node',
      () => shell.client.node.doctor(),
      (checks) =>
        shell.open(
          textOverlay(shell, {
            title: 'Doctor',
            copy: {
              text: checks.map((check) => `${check.result} ${check.name}: ${check.evidence}`).join('\n'),
              what: 'the findings',
            },
            lines: (_frame, width) => doctorLines(checks, width),
          }),
        ),
    );
  }

  const actions: Readonly<Record<string, () => void>> = {
    p: () => changePassword(shell),
    a: () => addUser(shell, load),
    c: withUser(editUser),
    P: withUser(resetPassword),
    enter: withUser(editUser),
    D: remove,
    d: doctor,
  };

  return {
    id: 'system',
    title: 'System',
    shortTitle: 'Sys',
    digit: '8',
    help: [
      { keys: 'p', text: 'change your own password' },
      { keys: 'd', text: 'doctor: checks with evidence and what to do' },
      { keys: 'a', text: 'add a user' },
      { keys: 'c P', text: 'change the user, give a new one-time password' },
      { keys: 'D', text: 'remove the user, end the session' },
      { keys: 'y', text: 'copy the fingerprint of the certificate' },
    ],
    enter: load,
    refresh: load,
    view(frame) {
      list = clampList(list, count(), Math.max(1, frame.rows));
      return {
        crumbs: ['System'],
        lines: systemLines(frame),
        foot: line(span(' y copies the certificate’s fingerprint: compare it at first contact', 'dim')),
        hints: systemHints,
      };
    },
    key(key) {
      const moved = moveList(list, key, count(), 10);
      const action = actions[key];
      if (action) action();
      else if (moved) list = moved;
      else return false;
      shell.changed();
      return true;
    },
    commands: () => [
      { name: 'doctor', text: 'checks with evidence', run: doctor },
      { name: 'add user', text: 'an account with a one-time password', run: () => addUser(shell, load) },
    ],
    copyText: () => shell.state().status?.node.fingerprint ?? null,
  };

  function systemLines(frame: Frame): Line[] {
    const facts = factLines(aboutFacts(shell, frame), frame.columns - 2).map(indented);
    if (denied !== null) return [...facts, blank, line(span(` Users and sessions: ${denied}`, 'dim'))];
    const room = frame.rows - facts.length - 2;
    const userRows = Math.min(users.length + 1, Math.max(2, Math.ceil(room / 2)));
    const inUsers = list.index < users.length;
    const userTable = table({
      columns: userColumns(frame),
      rows: users,
      cursor: clampList({ index: inUsers ? list.index : 0, top: 0 }, users.length, userRows - 1),
      width: frame.columns,
      height: userRows,
      focused: inUsers,
      empty: 'No user.',
    });
    const sessionRows = Math.max(0, room - userRows);
    const sessionTable = table({
      columns: sessionColumns(frame),
      rows: sessions,
      cursor: clampList(
        { index: inUsers ? 0 : list.index - users.length, top: 0 },
        sessions.length,
        sessionRows - 1,
      ),
      width: frame.columns,
      height: sessionRows,
      focused: !inUsers,
      empty: 'Nobody is logged in over the network.',
    });
    return padLines([...facts, blank, ...userTable, blank, ...sessionTable], frame.rows);
  }
}

function aboutFacts(shell: Shell, frame: Frame): Fact[] {
  const { status, whoami } = shell.state();
  if (!status) return [{ name: 'Node', value: 'waiting for it' }];
  const { node, recorder } = status;
  const uptime = formatDuration((frame.nowMs - node.startedAtMs) / 1000);
  return [
    {
      name: 'Node',
      value: `${node.name}  (${node.id}), Holdfast ${status.version}, ${node.platform}`,
      tone: 'strong',
    },
    {
      name: 'Running for',
      value: `${uptime}, since ${dateTime(node.startedAtMs, node.timeZone)} ${node.timeZone}`,
    },
    { name: 'Listens on', value: node.listen ?? 'the local console only' },
    { name: 'Fingerprint', value: node.fingerprint ?? 'none' },
    {
      name: 'Recorder',
      value: `process ${recorder.pid ?? 'not running'}, ${recorder.restarts} restarts, ${formatSize(recorder.rssBytes)}, ${recorder.cpuPercent.toFixed(1)} % CPU`,
    },
    {
      name: 'You',
      value: whoami
        ? `${whoami.user}, ${whoami.role}, ${whoami.via === 'local' ? 'local console' : shell.connection.address}`
        : '',
    },
  ];
}

function userColumns(frame: Frame): Column<User>[] {
  const moment = (ms: number | null) => (ms === null ? 'never' : recent(ms, frame.nowMs, frame.timeZone));
  return [
    { title: 'User', width: 12, grow: true, cell: (each) => each.name },
    { title: 'Role', width: 9, cell: (each) => each.role },
    { title: 'State', width: 20, cell: (each) => userState(each, frame.nowMs) },
    { title: 'Last login', width: 12, cell: (each) => moment(each.lastLoginAtMs) },
  ];
}

function userState(user: User, nowMs: number) {
  if (user.disabled) return { text: 'disabled', tone: 'dim' as const };
  if (user.lockedUntilMs !== null && user.lockedUntilMs > nowMs)
    return { text: 'locked for a while', tone: 'warn' as const };
  if (user.mustChangePassword) return { text: 'one-time password', tone: 'warn' as const };
  return { text: 'active', tone: 'good' as const };
}

function sessionColumns(frame: Frame): Column<Session>[] {
  const moment = (ms: number) => recent(ms, frame.nowMs, frame.timeZone);
  return [
    {
      title: 'Session',
      width: 12,
      grow: true,
      cell: (each) => `${each.user}${each.current ? ' (you)' : ''}`,
    },
    { title: 'Role', width: 9, cell: (each) => each.role },
    { title: 'From', width: 20, cell: (each) => each.address },
    { title: 'Last seen', width: 12, cell: (each) => moment(each.lastSeenAtMs) },
  ];
}

function doctorLines(checks: readonly DoctorCheck[], width: number): Line[] {
  const tones = { pass: 'good', warn: 'warn', fail: 'alarm', skip: 'dim' } as const;
  const rank = { fail: 0, warn: 1, skip: 2, pass: 3 };
  return [...checks]
    .sort((a, b) => rank[a.result] - rank[b.result])
    .flatMap((check) => [
      ...evidenceLines(check, tones[check.result], width),
      ...(check.fix === null ? [] : wrap(check.fix, width - 5).map((row) => line('     ', span(row, 'dim')))),
    ]);
}

function evidenceLines({ result, name, evidence }: DoctorCheck, tone: Tone, width: number): Line[] {
  const [first = '', ...rest] = wrap(`${name}: ${evidence}`, width - 5);
  return [
    line(span(result.padEnd(5), tone), span(name, 'strong'), span(first.slice(name.length))),
    ...rest.map((row) => line('     ', span(row))),
  ];
}

const systemHints = [
  { key: 'p', text: 'your password' },
  { key: 'd', text: 'doctor' },
  { key: 'a', text: 'add user' },
  { key: 'c', text: 'change' },
  { key: 'P', text: 'new password' },
  { key: 'D', text: 'remove / end' },
];
