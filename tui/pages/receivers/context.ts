/** What the five views share: the answers that are asked once for all of them, and who may edit. */
import type { GroupMember, GroupStatus, ReceiverStatus } from '../../../src/contract/index.ts';
import type { Answer } from '../../answer.ts';
import type { Shell } from '../../shell.ts';

export interface Receivers {
  readonly shell: Shell;
  readonly receiver: Answer<ReceiverStatus>;
  readonly group: Answer<GroupStatus>;
  /** Shows the events of one account. */
  eventsOf(account: string): void;
}

export function hostOf(group: GroupStatus | null): GroupMember | undefined {
  return group?.members.find(({ role }) => role === 'host');
}

/** What `self` is in a group; null outside of one. */
function spareRole(group: GroupStatus | null): string | null {
  if (group?.enabled !== true || group.self.role === null || group.self.role === 'host') return null;
  return group.self.role;
}

/** False, with a notice that names the host, on a spare: its devices and outputs are a copy. */
export function mayEdit({ shell, group }: Receivers, what: string): boolean {
  if (!shell.mayChange()) return false;
  const role = spareRole(group.value());
  if (role === null) return true;
  const host = hostOf(group.value())?.name ?? 'the host';
  shell.notify(`This receiver is ${role}: ${what} on ${host}, the host of the group.`, 'warn');
  return false;
}
