/** What the Home page says of alarms: is anything not delivered, and would the next failure be survived? Pure. */
import type { Concern, GroupStatus, ReceiverStatus } from '../../../src/contract/index.ts';
import { plural } from '../../../src/model/plural.ts';

/** An event that waits longer is one the ARC should have had. */
const waitingWarningMs = 60_000;

/** So long after the last event of an unknown account somebody is told of it. */
const unknownForMs = 3_600_000;

type Add = (
  level: 'warning' | 'error',
  question: 'service' | 'todo',
  text: string,
  hint: string | null,
) => void;

export interface AlarmFacts {
  readonly receiver: ReceiverStatus;
  readonly group: GroupStatus;
  /** What becomes of events while there is no output: they wait, or the panel gets no answer. */
  readonly keepsWithoutOutput: boolean;
  /** When an event of an account that is not entered last came; null for none. */
  readonly lastUnknownMs: number | null;
  readonly nowMs: number;
}

/** Nothing for a node that receives no alarms. */
export function alarmConcerns(facts: AlarmFacts): Concern[] {
  const { receiver, group, lastUnknownMs, nowMs } = facts;
  if (!receiver.enabled && !group.enabled) return [];
  const found: Concern[] = [];
  const add: Add = (level, question, text, hint) =>
    found.push({ level, question, text, hint, page: 'receivers' });
  receiverConcerns(facts, add);
  if (lastUnknownMs !== null && nowMs - lastUnknownMs < unknownForMs) {
    add(
      'warning',
      'todo',
      'events come from accounts that are not entered',
      'Who sends: holdfast log search unknown-account. Enter them: holdfast device add ACCOUNT NAME.',
    );
  }
  if (group.enabled) groupConcerns(group, add);
  return found;
}

function receiverConcerns({ receiver, group, keepsWithoutOutput, nowMs }: AlarmFacts, add: Add): void {
  const { queue, outputs, problem } = receiver;
  if (problem !== null) add('error', 'service', `alarms: ${problem}`, 'Look at holdfast alarm status.');
  const waiting = Math.max(queue.waiting, group.queue.waiting ?? 0);
  const oldestMs = Math.min(queue.oldestMs ?? nowMs, group.queue.oldestMs ?? nowMs);
  if (waiting > 0 && nowMs - oldestMs >= waitingWarningMs) {
    const minutes = Math.floor((nowMs - oldestMs) / 60_000);
    add(
      'error',
      'service',
      `${plural(waiting, 'alarm')} ${waiting === 1 ? 'waits' : 'wait'} for the ARC, the oldest for ${minutes} min`,
      'They are kept and sent in order. Check the outputs: holdfast alarm output list.',
    );
  }
  for (const output of outputs.filter(({ state }) => state === 'failing')) {
    const why = output.problem === null ? '' : `: ${output.problem}`;
    const covered = outputs.some(({ active, state }) => active && state === 'connected');
    add(
      covered ? 'warning' : 'error',
      'service',
      `the ARC ${output.name} does not answer${why}`,
      covered ? 'An alternate serves meanwhile.' : 'Alarms are kept until it does.',
    );
  }
  if (receiver.enabled && problem === null && !outputs.some(({ state }) => state !== 'disabled')) {
    add(
      'error',
      'todo',
      'alarms have nowhere to go: there is no output',
      `${keepsWithoutOutput ? 'Events wait here' : 'Panels get no answer'} until there is one: holdfast alarm output set arc --host HOST.`,
    );
  }
  if (!receiver.enabled) {
    add(
      'warning',
      'todo',
      'this receiver is in a group, and does not listen to devices',
      'Listen: holdfast alarm settings --enable; in the console 6, Outputs, l.',
    );
  }
  if (queue.unshared > 0) {
    add(
      'warning',
      'service',
      `${plural(queue.unshared, 'alarm')} kept here and not yet in the queue of the group`,
      'They go there as soon as its store answers.',
    );
  }
}

function groupConcerns(group: GroupStatus, add: Add): void {
  const { store, members, problem } = group;
  if (problem !== null) add('error', 'service', `group ${group.arcId ?? ''}: ${problem}`, null);
  if (store.state === 'unreachable') {
    const why = store.problem === null ? '' : `: ${store.problem}`;
    add(
      'error',
      'service',
      `the store of the group does not answer${why}`,
      'Events are kept and acknowledged here; nobody forwards until it is back.',
    );
    return;
  }
  if (!members.some(({ role, status }) => role !== 'host' && status !== 'offline')) {
    add(
      'warning',
      'todo',
      'the group has no spare that could take over',
      'Connect another receiver: holdfast group connect, on that node.',
    );
  }
  for (const { name, role, status, ageMs, backupState } of members) {
    if (status === 'offline' && ageMs !== null) {
      add(
        'warning',
        'service',
        `${name}, ${role} of the group, is offline`,
        'See whether it runs. A spare that will not come back: holdfast group remove NAME, on the host.',
      );
    }
    if (role === 'host' || backupState === 'updated' || backupState === 'updating') continue;
    if (backupState === null) continue;
    add(
      'warning',
      'todo',
      `the copy of the devices on ${name} is not current (${backupState})`,
      'Fetch it: holdfast device sync, on that node.',
    );
  }
}
