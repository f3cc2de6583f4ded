/** What the Home page says of alarms: is anything not delivered, and would the next failure be survived? Pure. */
import type { Concern, GroupStatus, ReceiverStatus } from '../../../src/contract/index.ts';

/** An event that waits longer is one the ARC should have had. */
export const waitingWarningMs = 60_000;

type Add = (
  level: 'warning' | 'error',
  question: 'service' | 'todo',
  text: string,
  hint: string | null,
) => void;

/** Nothing for a node that receives no alarms. */
export function alarmConcerns(receiver: ReceiverStatus, group: GroupStatus, nowMs: number): Concern[] {
  if (!receiver.enabled && !group.enabled) return [];
  const found: Concern[] = [];
  const add: Add = (level, question, text, hint) => found.push({ level, question, text, hint, page: 'log' });
  receiverConcerns(receiver, group, nowMs, add);
  if (group.enabled) groupConcerns(group, add);
  return found;
}

function receiverConcerns(receiver: ReceiverStatus, group: GroupStatus, nowMs: number, add: Add): void {
  const { queue, outputs, problem } = receiver;
  if (problem !== null) add('error', 'service', `alarms: ${problem}`, 'Look at holdfast alarm status.');
  const waiting = Math.max(queue.waiting, group.queue.waiting ?? 0);
  const oldestMs = Math.min(queue.oldestMs ?? nowMs, group.queue.oldestMs ?? nowMs);
  if (waiting > 0 && nowMs - oldestMs >= waitingWarningMs) {
    const minutes = Math.floor((nowMs - oldestMs) / 60_000);
    add(
      'error',
      'service',
      `${waiting} alarms wait for the ARC, the oldest for ${minutes} min`,
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
      'Add the ARC: holdfast alarm output set arc --host HOST --port PORT.',
    );
  }
  if (receiver.counts.unknownAccounts > 0) {
    add(
      'warning',
      'todo',
      `${receiver.counts.unknownAccounts} events came from accounts that are not entered`,
      'Enter them: holdfast device add ACCOUNT NAME, or find who sends: holdfast alarm list.',
    );
  }
  if (queue.unshared > 0) {
    add(
      'warning',
      'service',
      `${queue.unshared} alarms are kept here and not yet in the queue of the group`,
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
  for (const { name, role, backupState } of members) {
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
