/** The recorder's supervision: what the protocol of this one process adds to that of any. */
import {
  messageSchema,
  type RecorderConfig,
  type RecorderMessage,
  type RecorderRequest,
  type RecorderStatus,
  requestSchema,
} from '../../recorder/protocol/schema.ts';
import type { CallOf } from '../supervision/protocol.ts';
import { Supervisor, type WatchedPorts } from '../supervision/supervisor.ts';

export type RecorderReply = Extract<RecorderMessage, { kind: 'reply' }>;
export type RecorderCall = CallOf<RecorderRequest>;
export type RecorderSupervisor = Supervisor<RecorderRequest, RecorderReply, RecorderStatus>;

const timeoutMs: Readonly<Record<RecorderRequest['method'], number>> = {
  configure: 60_000,
  initializeSpace: 60_000,
  restoreSpace: 60_000,
  cancelJob: 60_000,
  weighLocks: 10_000,
  probe: 20_000,
  follow: 10_000,
  status: 10_000,
  stop: 10_000,
};

export function createRecorderSupervisor(
  options: WatchedPorts & { config: (startReason: RecorderConfig['startReason']) => RecorderConfig },
): RecorderSupervisor {
  const { config, ...rest } = options;
  return new Supervisor<RecorderRequest, RecorderReply, RecorderStatus>({
    ...rest,
    protocol: { name: 'recorder', requestSchema, messageSchema, timeoutMs },
    configuration: (restarted) => ({
      method: 'configure',
      config: config(restarted ? 'recorder-restarted' : 'agent-down'),
    }),
    stopCall: { method: 'stop' },
    stateOf,
  });
}

/** What makes a watcher want the status at once. */
function stateOf(status: RecorderStatus): string {
  const spaces = status.spaces.map((space) => `${space.id}:${space.state}`);
  const pools = status.pools.map((pool) => `${pool.id}:${pool.status}`);
  const cameras = status.cameras.map((camera) => `${camera.id}:${camera.connection}:${camera.recording}`);
  return [...spaces, ...pools, ...cameras].join();
}
