/** The group: who works, who would take over, what the spares have; joining, leaving, handing over. */
import type { GroupMember, GroupStatus } from '../../../../src/contract/index.ts';
import { factLines } from '../../../components/facts.ts';
import { clampList, listStart, moveList } from '../../../components/list.ts';
import { textOverlay } from '../../../components/text-overlay.ts';
import { line, span } from '../../../format/line.ts';
import type { Key } from '../../../keys.ts';
import type { Command } from '../../../shell.ts';
import { ageText } from '../../standby/words.ts';
import type { Receivers } from '../context.ts';
import type { Section } from '../section.ts';
import { backupWord, workingWord } from '../words.ts';
import { connectGroup } from './connect.ts';
import { explainGroup, handOver, leaveGroup, orderSpares, removeMember } from './operations.ts';
import { groupIntro, groupLines } from './view.ts';

export function createGroupSection({ shell, group: answer }: Receivers): Section {
  let list = listStart;
  const joined = (): GroupStatus | null => {
    const group = answer.value();
    return group?.enabled === true ? group : null;
  };
  const again = (): void => answer.ask();
  const withGroup = (act: (group: GroupStatus) => void) => (): void => {
    const group = joined();
    if (group) act(group);
    else shell.notify('This receiver is in no group: c connects to one.', 'warn');
  };
  const withMember = (act: (group: GroupStatus, member: GroupMember) => void): (() => void) =>
    withGroup((group) => {
      const member = group.members[list.index];
      if (member) act(group, member);
    });

  function connect(): void {
    const group = joined();
    if (group) shell.notify(`This receiver belongs to ${group.arcId ?? 'a group'}: D leaves it.`, 'warn');
    else connectGroup(shell, again);
  }

  function synchronise(): void {
    if (!shell.mayChange()) return;
    shell.run(
      'Synchronising the devices',
      () => shell.client.device.synchronise(),
      () => {
        shell.notify('The devices are synchronised.', 'good');
        again();
      },
    );
  }

  function open(member: GroupMember): void {
    shell.open(
      textOverlay(shell, {
        title: `Receiver ${member.name}`,
        copy: { text: member.id, what: 'its ID' },
        lines: (_frame, width) =>
          factLines(memberFacts(joined()?.members.find(({ id }) => id === member.id) ?? member), width),
      }),
    );
  }

  const keys: Readonly<Record<Key, () => void>> = {
    c: connect,
    D: withGroup((group) => leaveGroup(shell, group, again)),
    o: withGroup((group) => orderSpares(shell, group, again)),
    X: withMember((group, member) => removeMember(shell, group, member, again)),
    H: withGroup((group) => handOver(shell, group, group.members[list.index], again)),
    x: withGroup(() => explainGroup(shell)),
    S: withGroup(synchronise),
    enter: withMember((_group, member) => open(member)),
  };
  const command = (key: Key, name: string, text: string): Command => ({
    name,
    text,
    run: () => keys[key]?.(),
  });

  return {
    title: 'Group',
    help: [
      { keys: 'c', text: 'connect to a group, on a hub or on NATS' },
      { keys: 'H', text: 'hand over: let another receiver work for a while' },
      { keys: 'x', text: 'explain why the group stands so' },
      { keys: 'o', text: 'order of the spares, on the host' },
      { keys: 'X', text: 'remove the member under the cursor, on the host' },
      { keys: 'S', text: 'synchronise: the host publishes, a spare fetches the devices' },
      { keys: 'D', text: 'disable: leave the group; says first what is cleared' },
    ],
    load: again,
    tick: again,
    view(frame) {
      const group = joined();
      const problem = answer.problem()?.text ?? answer.value()?.problem ?? null;
      if (!group) {
        if (answer.value() !== null) return { lines: groupIntro(frame, problem), hints: hintsAlone };
        const waits =
          problem === null ? span(' Waiting for the node …', 'dim') : span(` ${problem}`, 'alarm');
        return { lines: [line(''), line(waits)], hints: hintsAlone };
      }
      list = clampList(list, group.members.length, group.members.length);
      const member = group.members[list.index];
      return {
        crumbs: [group.arcId ?? ''],
        lines: groupLines({ group, ageMs: answer.ageMs(), list }, frame),
        foot: member
          ? line(
              span(` ${member.name} ${frame.theme.glyphs.bullet} ${member.role}, ${member.status}`),
              span(member.problem === null ? '' : `: ${member.problem}`, 'bad'),
            )
          : line(''),
        hints,
      };
    },
    key(key) {
      const count = joined()?.members.length ?? 0;
      const moved = moveList(list, key, count, count);
      if (keys[key]) keys[key]();
      else if (moved) list = moved;
      else return false;
      return true;
    },
    commands: [
      command('c', 'connect', 'join a group, on a hub or on NATS'),
      command('H', 'hand over', 'let another receiver work for a while'),
      command('x', 'explain', 'why the group stands so'),
      command('o', 'order', 'which spare takes over first'),
      command('X', 'remove member', 'the one under the cursor'),
      command('S', 'synchronise', 'publish or fetch the devices now'),
      command('D', 'disable group', 'leave it; says first what is cleared'),
    ],
    sheet() {
      const group = joined();
      if (!group) return null;
      return {
        name: 'holdfast-group.csv',
        header: [
          'id',
          'name',
          'role',
          'status',
          'age_ms',
          'backup_version',
          'backup_state',
          'unshared',
          'problem',
        ],
        rows: group.members.map((member) => [
          member.id,
          member.name,
          member.role,
          member.status,
          member.ageMs,
          member.backupVersion,
          member.backupState,
          member.unshared,
          member.problem,
        ]),
      };
    },
    copyText: () => joined()?.forecast ?? null,
  };
}

function memberFacts(member: GroupMember) {
  const status = workingWord(member.status);
  const backup = backupWord(member.backupState);
  return [
    { name: 'ID', value: member.id },
    { name: 'Name', value: member.name, tone: 'strong' as const },
    { name: 'Role', value: member.role },
    { name: 'Working status', value: status.text, tone: status.tone },
    {
      name: 'Last seen',
      value: member.self ? 'this node' : member.ageMs === null ? 'never' : `${ageText(member.ageMs)} ago`,
    },
    { name: 'Backup', value: `version ${member.backupVersion ?? '-'}, ${backup.text}`, tone: backup.tone },
    { name: 'Not yet shared', value: member.unshared === null ? 'not known' : String(member.unshared) },
    { name: 'Version', value: member.version ?? '' },
    { name: 'Problem', value: member.problem ?? '', tone: 'bad' as const },
  ];
}

const hintsAlone = [{ key: 'c', text: 'connect' }];

const hints = [
  { key: 'H', text: 'hand over' },
  { key: 'x', text: 'explain' },
  { key: 'o', text: 'order' },
  { key: 'X', text: 'remove' },
  { key: 'S', text: 'synchronise' },
  { key: 'D', text: 'disable' },
];
