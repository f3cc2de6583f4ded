/** How a receiver group is told in lines of text. */
import type { GroupClearing, GroupDecision, GroupMember, GroupStatus } from '../../../contract/index.ts';
import { plural } from '../../../model/plural.ts';
import type { Column, Output, Tone } from '../../output.ts';
import { formatDuration, formatTime } from '../../time.ts';

const statusTones: Readonly<Record<GroupMember['status'], Tone>> = {
  working: 'good',
  standby: 'plain',
  offline: 'bad',
};

export const memberColumns: readonly Column<GroupMember>[] = [
  { title: 'ID', value: (row) => row.id },
  { title: 'role', value: (row) => row.role },
  { title: 'name', value: (row) => `${row.name}${row.self ? ' (this node)' : ''}` },
  { title: 'status', value: (row) => row.status, tone: (row) => statusTones[row.status] },
  { title: 'heard', value: (row) => (row.ageMs === null ? 'never' : `${shortAge(row.ageMs)} ago`) },
  {
    title: 'backup',
    value: (row) =>
      row.backupState === null
        ? '-'
        : `${row.backupState}${row.backupVersion === null ? '' : `, version ${row.backupVersion}`}`,
    tone: (row) => (row.backupState === 'failed' ? 'bad' : 'plain'),
  },
  {
    title: 'unshared',
    value: (row) => (row.unshared === null ? '-' : String(row.unshared)),
    align: 'right',
  },
  { title: 'version', value: (row) => row.version ?? '-' },
  { title: 'problem', value: (row) => row.problem ?? '' },
];

export const decisionColumns: readonly Column<GroupDecision>[] = [
  { title: 'time', value: (row) => formatTime(row.timeMs) },
  { title: 'rule', value: (row) => row.rule },
  { title: 'outcome', value: (row) => row.outcome },
];

function shortAge(ms: number): string {
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : formatDuration(ms / 1_000);
}

export function printGroup(output: Output, group: GroupStatus, nowMs: number): void {
  if (!group.enabled) {
    output.line('this receiver is in no group: it forwards what it takes in by itself');
    output.line('begin with: holdfast group connect --hub HOST:PORT --arc-id ID --fingerprint F');
    if (group.problem !== null) output.toned('bad', group.problem, '');
    return;
  }
  const { store, lease, backup, queue, self } = group;
  output.line(`${group.arcId ?? ''}  ${self.name} is ${self.role ?? 'not a member yet'}, ${self.status}`);
  output.line();
  output.table(group.members, memberColumns, 'no member is known');
  output.line();
  const roundTrip = store.roundTripMs === null ? '' : `, ${store.roundTripMs.toFixed(1)} ms`;
  const trouble = store.problem === null ? '' : `: ${store.problem}`;
  output.facts([
    ['store', `${store.kind} ${store.address ?? ''} ${store.state}${roundTrip}${trouble}`],
    ['lease', leaseText(group, lease)],
    [
      'queue',
      queue.waiting === null
        ? 'not known'
        : `${queue.waiting} waiting${queue.oldestMs === null ? '' : `, the oldest for ${formatDuration((nowMs - queue.oldestMs) / 1_000)}`}`,
    ],
    ['backup', backup.name ?? 'none yet'],
    [
      '',
      `version ${backup.version}, ${plural(backup.devices, 'device')}, ${plural(backup.bytes, 'byte')}, ${backup.state}`,
    ],
    ['published', momentText(backup.publishedMs)],
    ['updated at', momentText(backup.updatedMs)],
    ...(backup.problem === null ? [] : [['', backup.problem] as const]),
    ['if it failed', group.forecast],
  ]);
  if (group.problem !== null) output.toned('bad', group.problem, '', 'problem: ');
}

function leaseText({ members }: GroupStatus, lease: GroupStatus['lease']): string {
  if (lease.holder === null) return `nobody holds it, epoch ${lease.epoch}`;
  const name = members.find(({ id }) => id === lease.holder)?.name ?? lease.holder;
  const left = lease.validForMs === null ? '' : `, ${(lease.validForMs / 1_000).toFixed(1)} s left`;
  return `${name}, epoch ${lease.epoch}${left}`;
}

function momentText(ms: number | null): string {
  return ms === null ? 'never' : formatTime(ms);
}

/** Lines of what leaving clears. */
export function clearingLines(clearing: GroupClearing): string[] {
  return [
    ...clearing.clears.map((line) => `clears: ${line}`),
    ...clearing.keeps.map((line) => `keeps:  ${line}`),
  ];
}
