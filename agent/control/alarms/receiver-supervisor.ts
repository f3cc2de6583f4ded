/** The alarm receiver's supervision: what its protocol adds to that of any process. */
import {
  type ReceiverConfig,
  type ReceiverMessage,
  type ReceiverProcessStatus,
  type ReceiverRequest,
  receiverMessageSchema,
  receiverRequestSchema,
} from '../../alarms/protocol/schema.ts';
import { Supervisor, type WatchedPorts } from '../supervision/supervisor.ts';

type ReceiverReply = Extract<ReceiverMessage, { kind: 'reply' }>;
export type ReceiverSupervisor = Supervisor<ReceiverRequest, ReceiverReply, ReceiverProcessStatus>;

const timeoutMs: Readonly<Record<ReceiverRequest['method'], number>> = {
  configure: 30_000,
  // An import of 500 devices, a walk over the whole audit chain.
  call: 60_000,
  status: 5_000,
  stop: 10_000,
};

export function createReceiverSupervisor(
  options: WatchedPorts & { config: () => ReceiverConfig },
): ReceiverSupervisor {
  const { config, ...rest } = options;
  return new Supervisor<ReceiverRequest, ReceiverReply, ReceiverProcessStatus>({
    ...rest,
    protocol: {
      name: 'receiver',
      requestSchema: receiverRequestSchema,
      messageSchema: receiverMessageSchema,
      timeoutMs,
    },
    configuration: () => ({ method: 'configure', config: config() }),
    stopCall: { method: 'stop' },
    hungAfterMs: () => 10_000,
    stateOf: (status) => JSON.stringify([status.receiver.lastNumber, shownState(status)]),
  });
}

/** The part of a status that the Home page shows: without what changes with each event. */
export function shownState({ receiver, group }: ReceiverProcessStatus): string {
  return JSON.stringify([
    receiver.enabled,
    receiver.listen,
    receiver.problem,
    receiver.forwarding,
    receiver.outputs.map(({ id, state }) => [id, state]),
    group.enabled,
    group.self.status,
    group.store.state,
    group.members.map(({ id, status, backupState }) => [id, status, backupState]),
    group.problem,
  ]);
}
