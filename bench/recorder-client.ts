/** Drives a recorder process directly over its socket, as control would: configure, wait for a status, stop. */
import { connect } from 'node:net';
import { join } from 'node:path';
import { createLineSplitter } from '../agent/adapters/line-splitter.ts';
import {
  messageSchema,
  type RecorderConfig,
  type RecorderRequest,
  type RecorderStatus,
} from '../agent/recorder/protocol/schema.ts';
import { type Child, startChild } from './child.ts';

type Ask = RecorderRequest extends infer R ? (R extends { id: number } ? Omit<R, 'id'> : never) : never;

export interface DrivenRecorder {
  readonly child: Child;
  ask(request: Ask): Promise<void>;
  status(): RecorderStatus | null;
  /** The first status for which `wanted` holds. Rejects after `timeoutMs`. */
  until(wanted: (status: RecorderStatus) => boolean, timeoutMs: number): Promise<RecorderStatus>;
}

export async function startRecorder(dataDir: string): Promise<DrivenRecorder> {
  const socketPath = join(dataDir, 'recorder.sock');
  const entry = new URL('../agent/recorder/main.ts', import.meta.url).pathname;
  const child = startChild(
    process.execPath,
    ['--no-warnings', entry, '--socket', socketPath, '--data', dataDir],
    {
      UV_THREADPOOL_SIZE: '32',
    },
  );
  const socket = await connectWhenThere(socketPath, child);
  let status: RecorderStatus | null = null;
  let nextId = 1;
  const replies = new Map<number, (error: string | null) => void>();
  const watchers = new Set<(status: RecorderStatus) => void>();
  const split = createLineSplitter((line) => {
    const message = messageSchema.parse(JSON.parse(line));
    if (message.kind === 'reply') replies.get(message.id)?.(message.error?.message ?? null);
    if (message.kind !== 'status') return;
    status = message.status;
    for (const watcher of watchers) watcher(message.status);
  });
  socket.on('data', split);
  return {
    child,
    status: () => status,
    ask: (request) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        replies.set(id, (error) => (error === null ? resolve() : reject(new Error(error))));
        socket.write(`${JSON.stringify({ id, ...request })}\n`);
      }),
    until: (wanted, timeoutMs) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          watchers.delete(watch);
          reject(new Error(`the recorder did not get there in ${timeoutMs} ms`));
        }, timeoutMs);
        const watch = (seen: RecorderStatus) => {
          if (!wanted(seen)) return;
          clearTimeout(timer);
          watchers.delete(watch);
          resolve(seen);
        };
        watchers.add(watch);
        if (status) watch(status);
      }),
  };
}

async function connectWhenThere(path: string, child: Child) {
  const deadlineMs = Date.now() + 20_000;
  for (;;) {
    const socket = connect(path);
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (connected) return socket;
    if (Date.now() > deadlineMs || child.process.exitCode !== null)
      throw new Error('the recorder did not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A configuration with one space, one pool and the given cameras. */
export function configOf(options: {
  dataDir: string;
  spaceDir: string;
  quotaBytes: number;
  blockBytes: number;
  urls: readonly string[];
}): RecorderConfig {
  const { dataDir, spaceDir, quotaBytes, blockBytes } = options;
  return {
    nodeId: 'bench',
    epoch: 1,
    timeZone: 'UTC',
    dataDir,
    startReason: 'agent-down',
    spaces: [{ id: 's1', name: 's1', path: spaceDir, quotaBytes, blockBytes }],
    pools: [
      {
        id: 'p1',
        name: 'p1',
        strategy: 'capacity',
        cycleDays: null,
        maxLockedPercent: 20,
        syncIntervalMs: 1_000,
        shares: [{ spaceId: 's1', bytes: quotaBytes }],
      },
    ],
    cameras: options.urls.map((url, at) => ({
      id: `c${at + 1}`,
      name: `camera ${at + 1}`,
      url,
      user: null,
      password: null,
      transport: 'tcp',
      allowBasicAuth: false,
      poolId: 'p1',
      plan: 'always',
      enabled: true,
    })),
  };
}
