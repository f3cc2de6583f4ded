/** Who an account's receiver group consists of, for the status; what the hub cannot read it leaves out. */
import { rosterSchema } from '../spare/types.ts';
import type { HubStatus } from './protocol/schema.ts';
import type { Registers } from './registers.ts';

/** Groups keep their roster and their lease under names of their own, beside the leases of pairs. */
const groupLease = 'group-';

export function membersOf(account: string, registers: Registers): HubStatus['accounts'][number]['members'] {
  const holders = registers
    .list(account, 'lease')
    .filter(({ name }) => name.startsWith(`lease/${groupLease}`))
    .map(({ text }) => holderOf(text));
  return registers.list(account, 'roster').flatMap(({ text }) => {
    const roster = rosterSchema.safeParse(parsed(text));
    if (!roster.success) return [];
    return roster.data.members.map(({ id, name, role }) => ({
      name,
      role,
      holdsLease: holders.includes(id),
    }));
  });
}

function holderOf(text: string): string | null {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || !('holder' in value)) return null;
  return typeof value.holder === 'string' ? value.holder : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
