/** The alarm receiver in a few figures, for the header and Home of every console: never better than it is. Pure. */
import type { AlarmSummary, GroupStatus, ReceiverStatus } from '../../../src/contract/index.ts';

/** Undefined for a node that receives no alarms. */
export function alarmSummary(receiver: ReceiverStatus, group: GroupStatus): AlarmSummary | undefined {
  if (!receiver.enabled && !group.enabled) return undefined;
  const { members } = group;
  return {
    listen: receiver.listen,
    forwarding: receiver.forwarding && receiver.outputs.some(({ state }) => state !== 'disabled'),
    problem: receiver.problem ?? group.problem,
    waiting: Math.max(receiver.queue.waiting, group.queue.waiting ?? 0),
    unacknowledged: receiver.unacknowledged,
    devices: receiver.devices.total,
    devicesLost: receiver.devices.lost,
    group: group.enabled
      ? {
          arcId: group.arcId ?? '',
          role: group.self.role,
          status: group.self.status,
          members: members.length,
          offline: members.filter(({ status }) => status === 'offline').length,
        }
      : null,
  };
}
