/** What leaving the group clears and keeps, in lines for the person who is asked to confirm it. */
import type { GroupRole } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { plural } from '../../../src/model/plural.ts';
import type { Roster } from '../types.ts';

export interface LeavingFacts {
  readonly arcId: string;
  readonly role: GroupRole | null;
  readonly roster: Roster | null;
  readonly backupName: string | null;
  readonly devices: number;
  /** In the group's queue; null when the store could not be asked. */
  readonly waiting: number | null;
  /** Handed to the group's queue by this receiver, or seen there, and no end of it known here. */
  readonly unsettled: number;
  readonly storeReachable: boolean;
}

export interface Clearing {
  readonly clears: string[];
  readonly keeps: string[];
}

export function clearingOf(facts: LeavingFacts): Clearing {
  return facts.role === 'host' || facts.role === null ? hostClearing(facts) : spareClearing(facts);
}

function hostClearing(facts: LeavingFacts): Clearing {
  const { arcId, roster, backupName, devices, storeReachable } = facts;
  const spares = (roster?.members ?? []).slice(1).map(({ name }) => name);
  const clears = [`the group ${arcId}: its list of receivers, and the priority order`];
  if (backupName) clears.push(`the backup ${backupName}`);
  if (spares.length > 0) {
    clears.push(
      `on ${spares.join(', ')}: the role, and everything copied from this host (devices, outputs, mappings)`,
    );
  }
  if (!storeReachable)
    clears.push('nothing on the store and the spares: the store is out of reach, remove them there by hand');
  return {
    clears,
    keeps: [
      `${plural(devices, 'device')}, the outputs and mappings of this receiver`,
      'every alarm that is stored here; what waits is forwarded from here',
      ...sentAgain(facts, 'are sent from here once more'),
    ],
  };
}

function spareClearing(facts: LeavingFacts): Clearing {
  const { arcId, role, devices, roster, storeReachable } = facts;
  const host = roster?.members[0]?.name ?? 'the host';
  const clears = [
    `the role ${role} of this receiver in the group ${arcId}`,
    `${plural(devices, 'device')}, the outputs and mappings that were copied from ${host}`,
  ];
  if (!storeReachable)
    clears.push(`not its entry in the list of receivers, as the store is out of reach: remove it on ${host}`);
  return {
    clears,
    keeps: [
      'every alarm that is stored here',
      'its port: what devices report here waits for an output or a group, or gets no answer, as its settings say',
      ...(storeReachable ? [] : sentAgain(facts, 'wait here once more, for a group or an output')),
      `the group of ${host} with its other receivers`,
    ],
  };
}

/** At least once: what the queue had and no end was seen of may be gone with it. */
function sentAgain({ unsettled }: LeavingFacts, what: string): string[] {
  if (unsettled === 0) return [];
  const alarms = plural(unsettled, 'alarm');
  return [
    `${alarms} of the group's queue whose end is not known here: they ${what}; the ARC may get some twice`,
  ];
}

/** @throws AppError `conflict` while the host's leaving would strand alarms in the group's queue. */
export function refuseStranding({ role, waiting }: LeavingFacts): void {
  if (role !== 'host' || !waiting) return;
  throw new AppError(
    'conflict',
    `${plural(waiting, 'alarm')} of the group's queue ${waiting === 1 ? 'is' : 'are'} not forwarded yet`,
    {
      hint: 'Wait until the queue is empty (holdfast group status); see the output to the ARC if it does not shrink.',
    },
  );
}
