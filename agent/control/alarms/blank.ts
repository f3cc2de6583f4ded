/** What is said of alarms and group while no receiver process has reported: never that all is well. Pure. */
import type { GroupStatus, ReceiverStatus } from '../../../src/contract/index.ts';
import type { Settings } from '../../../src/settings/schema.ts';

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
  return {
    enabled: group !== null,
    arcId: group?.arcId ?? null,
    store: {
      kind: group?.store.kind ?? 'none',
      address: null,
      state: group ? 'unreachable' : 'none',
      roundTripMs: null,
      problem,
    },
    self: { id: node.id, name: node.name, role: null, status: 'offline' },
    members: [],
    lease: { holder: null, epoch: 0, validForMs: null },
    backup: {
      name: null,
      version: 0,
      publishedMs: null,
      updatedMs: null,
      state: 'none',
      bytes: 0,
      devices: 0,
      problem: null,
    },
    queue: { waiting: null, oldestMs: null },
    forecast: group
      ? 'this receiver does not run: nothing is known of the group'
      : 'this receiver is in no group',
    problem,
    decisions: [],
  };
}
