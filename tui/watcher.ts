/** Follows a node's status: the event stream while it works, polling when it does not; never two at a time. */
import type { NodeStatus } from '../src/contract/index.ts';
import { toAppError } from '../src/errors.ts';
import type { ApiClient } from './api.ts';

export interface WatcherOptions {
  client: ApiClient;
  intervalMs: number;
  onStatus(status: NodeStatus): void;
  /** The session is missing or over; the watcher has stopped. */
  onUnauthorized(): void;
}

const failuresBeforePolling = 3;

/** Starts at once; the answer stops it. */
export function watchStatus(options: WatcherOptions): () => void {
  const abort = new AbortController();
  void follow(options, abort.signal);
  return () => abort.abort();
}

async function follow(options: WatcherOptions, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      if (failures < failuresBeforePolling) await stream(options, signal);
      else await poll(options, signal);
      failures = failures < failuresBeforePolling ? 0 : failures;
    } catch (thrown) {
      if (signal.aborted) return;
      if (toAppError(thrown).code === 'unauthorized') return options.onUnauthorized();
      failures += 1;
    }
    await pause(options.intervalMs, signal);
  }
}

async function stream({ client, intervalMs, onStatus }: WatcherOptions, signal: AbortSignal): Promise<void> {
  const events = await client.node.watch({ intervalMs }, { signal });
  for await (const status of events) {
    if (signal.aborted) return;
    onStatus(status);
  }
}

async function poll({ client, onStatus }: WatcherOptions, signal: AbortSignal): Promise<void> {
  const status = await client.node.status(undefined, { signal });
  if (!signal.aborted) onStatus(status);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

/** What a person must see at once rather than at the next refresh: states, not figures. */
export function stateDigest(status: NodeStatus): string {
  return JSON.stringify([
    status.node.name,
    status.node.role,
    status.setup,
    status.services.map(({ state }) => state),
    status.alarms,
    status.concerns.map(({ level, question }) => [level, question]),
    status.spaces.map(({ id, state }) => [id, state]),
    status.pools.map(({ id, status: state }) => [id, state]),
    status.cameras.map(({ id, connection, recording, enabled }) => [id, connection, recording, enabled]),
  ]);
}
