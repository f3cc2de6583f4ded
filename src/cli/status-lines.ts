/** The node's state as lines for a log: one at first, one when something changes, and one every half minute. */
import type { Connection } from '../client/connect.ts';
import type { NodeStatus } from '../contract/index.ts';
import { formatSize } from '../model/size.ts';
import { formatTime } from './time.ts';
import { pause } from './watch.ts';

export const quietMs = 30_000;
const retryMs = 1_000;

/** One line that answers the three questions. */
export function statusLine(status: NodeStatus): string {
  const { counts, capacity, recorder } = status;
  const trouble = status.concerns.filter(({ level }) => level !== 'ok').map(({ text }) => text);
  const services = status.services.filter(({ state }) => state !== 'running');
  const parts = [
    formatTime(status.timeMs),
    `recording ${counts.recording} of ${counts.cameras} cameras`,
    `${(recorder.bitsPerSecond / 1e6).toFixed(1)} Mbit/s`,
    `${formatSize(capacity.usedBytes)} of ${formatSize(capacity.totalBytes)} used`,
    services.length === 0
      ? 'all services run'
      : services.map(({ name, state }) => `${name} ${state}`).join(', '),
    ...trouble.slice(0, 3),
  ];
  return parts.join('  ');
}

/** What makes a change worth a line: states, not figures. */
function stateDigest(status: NodeStatus): string {
  return JSON.stringify([
    status.services.map(({ name, state }) => [name, state]),
    status.spaces.map(({ id, state }) => [id, state]),
    status.pools.map(({ id, status: state }) => [id, state]),
    status.cameras.map(({ id, connection, recording }) => [id, connection, recording]),
    status.concerns.map(({ level, question }) => [level, question]),
    status.setup,
  ]);
}

export interface StatusLinesOptions {
  connection: Connection;
  write(line: string): void;
  nowMs(): number;
  signal: AbortSignal;
}

/** Follows the node until the signal; a node that is away is a line too, and it is followed again when it is back. */
export async function printStatusLines({
  connection,
  write,
  nowMs,
  signal,
}: StatusLinesOptions): Promise<void> {
  let digest = '';
  let writtenAtMs = 0;
  while (!signal.aborted) {
    try {
      for await (const status of await connection.client.node.watch({ intervalMs: 1_000 }, { signal })) {
        const next = stateDigest(status);
        if (next === digest && nowMs() - writtenAtMs < quietMs) continue;
        digest = next;
        writtenAtMs = nowMs();
        write(statusLine(status));
      }
    } catch {
      if (signal.aborted) return;
      if (digest !== '') write(`${formatTime(nowMs())}  the agent does not answer`);
      digest = '';
    }
    await Promise.race([pause(retryMs), aborted(signal)]);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
