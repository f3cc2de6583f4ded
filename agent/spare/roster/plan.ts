/** Who belongs to the group and in which order: joining, leaving, ordering and removing, each as a new roster or a refusal. */
import { groupMembersMax, groupRoles } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import type { Roster } from '../types.ts';

type Member = Roster['members'][number];

export interface Joining {
  readonly id: string;
  readonly name: string;
  readonly joinedMs: number;
}

/** The role is the place: the first is the host. */
function inOrder(members: readonly Omit<Member, 'role'>[]): Roster {
  return {
    version: 1,
    members: members.map(({ id, name, joinedMs }, place) => ({
      id,
      name,
      role: groupRoles[place] ?? 'spare-3',
      joinedMs,
    })),
  };
}

/** Takes the last place; who is in already keeps its own. @throws AppError `conflict` when the group is full. */
export function joined(roster: Roster | null, joining: Joining): Roster {
  const members = roster?.members ?? [];
  const known = members.find(({ id }) => id === joining.id);
  if (known) return inOrder(members.map((each) => (each === known ? { ...each, name: joining.name } : each)));
  if (members.length >= groupMembersMax) {
    const names = members.map(({ name }) => name).join(', ');
    throw new AppError('conflict', `the group has ${groupMembersMax} receivers already: ${names}`, {
      hint: 'Remove one that will not come back on the host: holdfast group remove ID.',
    });
  }
  return inOrder([...members, joining]);
}

/** A spare leaves by itself; the host's leaving ends the group for all. */
export function left(roster: Roster, id: string): Roster {
  if (roster.members[0]?.id === id) return { version: 1, members: [] };
  return inOrder(roster.members.filter((member) => member.id !== id));
}

/** @throws AppError `invalid_input` when it is not the same members with the host first. */
export function ordered(roster: Roster, ids: readonly string[]): Roster {
  const members = ids.flatMap((id) => roster.members.find((member) => member.id === id) ?? []);
  const complete = ids.length === roster.members.length && new Set(ids).size === ids.length;
  if (!complete || members.length !== ids.length || ids[0] !== roster.members[0]?.id) {
    throw new AppError('invalid_input', 'not an order of this group', {
      hint: `Name each receiver once, the host first: ${roster.members.map(({ id }) => id).join(' ')}.`,
    });
  }
  return inOrder(members);
}

/** @throws AppError `not_found`. */
export function without(roster: Roster, id: string): Roster {
  if (!roster.members.some((member) => member.id === id)) {
    throw new AppError('not_found', `no receiver ${id} in the group`, {
      hint: 'holdfast group status lists their ids.',
    });
  }
  return inOrder(roster.members.filter((member) => member.id !== id));
}
