/** What is said of alarms and group while no receiver process has reported: never that all is well. Pure. */
import type { GroupStatus, ReceiverStatus } from '../../../src/contract/index.ts';
import type { Settings } from '../../../src/settings/schema.ts';
import { noGroupStatus } from '../../spare/group/ports.ts';

/** `problem`: null when nobody wants a receiver here. */
export function blankReceiver({ receiver }: Settings, problem: string | null): ReceiverStatus {
  return {
    enabled: receiver.enabled,
    listen: null,
    problem,
    forwarding: false,
    queue: { waiting: 0, oldestMs: null, unshared: 0 },
    counts: {
      received: 0,
      acknowledged: 0,
      duplicates: 0,
      refusedFrames: 0,
      unknownAccounts: 0,
      eventsPerSecond: 0,
    },
    devices: { total: 0, online: 0, lost: 0 },
    unacknowledged: 0,
    lastNumber: 0,
    outputs: [],
    rssBytes: 0,
  };
}

export function blankGroup({ group, node }: Settings, problem: string | null): GroupStatus {
  const none = noGroupStatus({ id: node.id, name: node.name });
  if (!group) return { ...none, problem };
  return {
    ...none,
    enabled: true,
    arcId: group.arcId,
    store: { ...none.store, kind: group.store.kind, state: 'unreachable', problem },
    forecast: 'This receiver does not run: nothing is known of the group.',
    problem,
  };
}
