/** The guard's supervision: what its protocol adds to that of any process. */
import type { PairRole } from '../../../src/contract/index.ts';
import {
  type GuardConfig,
  type GuardMessage,
  type GuardRequest,
  type GuardStatus,
  guardMessageSchema,
  guardRequestSchema,
} from '../../standby/guard/protocol/schema.ts';
import { Supervisor, type WatchedPorts } from '../supervision/supervisor.ts';

export type GuardReply = Extract<GuardMessage, { kind: 'reply' }>;
export type GuardSupervisor = Supervisor<GuardRequest, GuardReply, GuardStatus>;

/**
 * A guard that stands still cannot stop what it runs when its lease ends: where no watchdog resets the machine, ending it
 * and starting another, which stops everything first, is what can be done in time.
 */
const hungWhileActiveMs = 900;
const hungAfterMs = 10_000;

const timeoutMs: Readonly<Record<GuardRequest['method'], number>> = {
  configure: 10_000,
  operate: 5_000,
  status: 5_000,
  health: 5_000,
  stop: 5_000,
};

export function createGuardSupervisor(
  options: WatchedPorts & { config: () => GuardConfig | null },
): GuardSupervisor {
  const { config, ...rest } = options;
  return new Supervisor<GuardRequest, GuardReply, GuardStatus>({
    ...rest,
    protocol: {
      name: 'guard',
      requestSchema: guardRequestSchema,
      messageSchema: guardMessageSchema,
      timeoutMs,
    },
    configuration: () => ({ method: 'configure', config: config() }),
    stopCall: { method: 'stop' },
    hungAfterMs: (status) => (status?.pair && runsHere(status.pair.role) ? hungWhileActiveMs : hungAfterMs),
    stateOf: ({ pair }) =>
      JSON.stringify([
        pair?.role,
        pair?.maintenance,
        pair?.standalone,
        pair?.peer?.role,
        pair?.arbiter.state,
        pair?.links.map((link) => link.state),
        pair?.resources.map((resource) => resource.state),
      ]),
  });
}

function runsHere(role: PairRole): boolean {
  return role === 'activating' || role === 'active' || role === 'deactivating';
}
