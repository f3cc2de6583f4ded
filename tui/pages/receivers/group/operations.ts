/** What an operator does to a group: leave it, remove a member, order the spares, hand over; and read why it stands so. */
import type { GroupMember, GroupStatus } from '../../../../src/contract/index.ts';
import { confirmOverlay } from '../../../components/confirm.ts';
import { formOverlay } from '../../../components/form-overlay.ts';
import { clampList, listStart, moveList } from '../../../components/list.ts';
import { textOverlay } from '../../../components/text-overlay.ts';
import { blank, line, span } from '../../../format/line.ts';
import { pad, wrap } from '../../../format/width.ts';
import type { Overlay, Shell } from '../../../shell.ts';
import { hostOf } from '../context.ts';

const holdSecondsMax = 86_400;

/** False, with a notice that names the host, on a spare. */
function onHost(shell: Shell, group: GroupStatus, what: string): boolean {
  if (!shell.mayChange()) return false;
  if (group.self.role === 'host') return true;
  shell.notify(`${what} on ${hostOf(group)?.name ?? 'the host'}, the host of the group.`, 'warn');
  return false;
}

/** Says what is cleared and what is kept, and leaves only when the ARC ID was typed. */
export function leaveGroup(shell: Shell, group: GroupStatus, done: () => void): void {
  if (!shell.mayChange()) return;
  const confirm = group.arcId ?? '';
  shell.run(
    'Asking what leaving clears',
    () => shell.client.group.disable({ dryRun: true }),
    ({ clears, keeps }) =>
      shell.open(
        confirmOverlay(shell, {
          title: group.self.role === 'host' ? `Disable the group ${confirm}` : `Leave the group ${confirm}`,
          consequences: [
            ...(group.self.role === 'host' ? ['The host leaves: the group ends for all members.'] : []),
            ...clears.map((each) => `Clears: ${each}`),
            ...keeps.map((each) => `Keeps: ${each}`),
          ],
          typed: confirm,
          verb: 'Disable',
          working: 'Leaving the group',
          act: async () => {
            await shell.client.group.disable({ dryRun: false, confirm });
          },
          done() {
            shell.notify(`This receiver has left ${confirm}.`, 'good');
            done();
          },
        }),
      ),
  );
}

export function removeMember(shell: Shell, group: GroupStatus, member: GroupMember, done: () => void) {
  if (member.self) return shell.notify('This is this node: D leaves the group.', 'warn');
  if (member.role !== 'host' && !onHost(shell, group, 'Members are removed')) return;
  if (!shell.mayChange()) return;
  shell.open(
    confirmOverlay(shell, {
      title: `Remove ${member.name} from the group`,
      consequences: [
        `${member.name} (${member.role}, ${member.status}) leaves the group. When it comes back, its copy of the devices is cleared.`,
      ],
      typed: member.name,
      verb: 'Remove',
      working: 'Removing',
      act: async () => {
        await shell.client.group.removeMember({ member: member.id, confirm: member.id });
      },
      done,
    }),
  );
}

/** Asks who is to work, and for how long; what happens is said in the form. */
export function handOver(
  shell: Shell,
  group: GroupStatus,
  selected: GroupMember | undefined,
  done: () => void,
) {
  if (!shell.mayChange()) return;
  const able = group.members.filter(({ status }) => status === 'standby');
  const working = group.members.find(({ status }) => status === 'working');
  if (able.length === 0) return shell.notify('Nobody stands by who could take over.', 'warn');
  const to = able.find(({ id }) => id === selected?.id) ?? able.find(({ self }) => self) ?? able[0];
  shell.open(
    formOverlay(shell, {
      title: 'Hand over',
      entries: [
        {
          kind: 'choice',
          name: 'to',
          label: 'To',
          value: to?.id ?? '',
          options: able.map(({ id, name, role }) => ({ value: id, label: `${name} (${role})` })),
        },
        {
          kind: 'text',
          name: 'hold',
          label: 'For, seconds',
          value: '300',
          check: (text) =>
            /^\d{1,5}$/.test(text) && Number(text) <= holdSecondsMax
              ? null
              : `a whole number from 0 to ${holdSecondsMax}`,
        },
        {
          kind: 'note',
          lines: (_values, width) => [
            blank,
            ...wrap(
              `${working?.name ?? 'The working receiver'} finishes what the ARC has acknowledged, then lets go. When the time is over, the highest in order that is alive and current works again.`,
              width,
            ).map((row) => line(span(row, 'dim'))),
          ],
        },
      ],
      submit: 'Hand over',
      working: 'Handing over',
      async send(values) {
        await shell.client.group.handOver({ to: values.to ?? '', holdSeconds: Number(values.hold) });
        return true;
      },
      done() {
        shell.notify('Asked to hand over; x says how it goes.', 'good');
        done();
      },
    }),
  );
}

export function explainGroup(shell: Shell): void {
  shell.run(
    'Asking for the reasons',
    () => shell.client.group.explain(),
    (answer) =>
      shell.open(
        textOverlay(shell, {
          title: 'Why the group stands so',
          copy: { text: [answer.summary, ...answer.lines].join('\n'), what: 'the explanation' },
          lines: (_frame, width) => [
            ...wrap(answer.summary, width).map((row) => line(span(row, 'strong'))),
            blank,
            ...answer.lines.flatMap((text) => wrap(text, width).map((row) => line(row))),
          ],
        }),
      ),
  );
}

/** The spares in the order in which they take over; the host stays first. */
export function orderSpares(shell: Shell, group: GroupStatus, done: () => void) {
  if (!onHost(shell, group, 'The order is set')) return;
  const spares = group.members.filter(({ role }) => role !== 'host');
  if (spares.length < 2) return shell.notify('There are no two spares to be ordered.', 'dim');
  shell.open(orderOverlay(shell, hostOf(group), spares, done));
}

function orderOverlay(
  shell: Shell,
  host: GroupMember | undefined,
  members: readonly GroupMember[],
  done: () => void,
): Overlay {
  const spares = [...members];
  let list = listStart;
  const shift = (by: number): void => {
    const [moving] = spares.slice(list.index, list.index + 1);
    const to = list.index + by;
    if (!moving || to < 0 || to >= spares.length) return;
    spares.splice(list.index, 1);
    spares.splice(to, 0, moving);
    list = clampList({ ...list, index: to }, spares.length, spares.length);
  };
  const save = (): void => {
    const ids = [...(host ? [host.id] : []), ...spares.map(({ id }) => id)];
    shell.close();
    shell.run('Setting the order', () => shell.client.group.order({ members: ids }), done);
  };
  return {
    title: 'Order of the spares',
    view: () => ({
      width: 48,
      lines: [
        line(span('The first takes over first.', 'dim')),
        blank,
        ...(host ? [line(`   host  ${host.name}`)] : []),
        ...spares.map((spare, at) => ({
          ...line(span(` ${at + 1} `, 'key'), span(pad(`spare ${spare.name}`, 45))),
          selected: at === list.index,
        })),
      ],
      hints: [
        { key: '+', text: 'earlier' },
        { key: '-', text: 'later' },
        { key: 'Enter', text: 'save' },
        { key: 'Esc', text: 'cancel' },
      ],
    }),
    key(key) {
      if (key === 'esc') return shell.close();
      if (key === 'enter') return save();
      if (key === '+' || key === '-') shift(key === '+' ? -1 : 1);
      else list = moveList(list, key, spares.length, spares.length) ?? list;
      shell.changed();
    },
  };
}
