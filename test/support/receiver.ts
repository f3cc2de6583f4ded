/** A node with its alarm receiver for tests: real processes, a port of its own, and a small ARC beside it. */

import type { Arc } from './arc.ts';
import { freePort, startNode, type TestNode } from './node.ts';
import { descendants } from './processes.ts';

export interface TestReceiver {
  readonly node: TestNode;
  readonly port: number;
}

export async function startReceiver(name: string): Promise<TestReceiver> {
  const node = await startNode({ name });
  const port = await freePort();
  await node.client.alarm.configure({ enabled: true, listenHost: '127.0.0.1', port });
  await until(`${name} listens`, async () => (await node.client.alarm.status()).listen !== null);
  return { node, port };
}

/** Polls until it holds; what is thrown meanwhile counts as not yet. */
export async function until(what: string, done: () => Promise<boolean>, limitMs = 30_000): Promise<void> {
  const deadlineMs = Date.now() + limitMs;
  let last: unknown = null;
  while (Date.now() < deadlineMs) {
    try {
      if (await done()) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not in ${limitMs} ms: ${what}${last === null ? '' : `; ${String(last)}`}`);
}

/** The output that leads to it. */
export const toArc = (arc: Arc) => ({
  kind: 'dc09' as const,
  id: 'arc',
  name: 'ARC',
  host: '127.0.0.1',
  port: arc.port,
  responseTimeoutMs: 1_000,
});

/** Ends the receiver process under an agent without a word. */
export function killReceiver({ node }: TestReceiver): void {
  const found = descendants(node.pid()).filter(({ command }) => command.includes('alarms/main.ts'));
  if (found.length !== 1) throw new Error(`${found.length} receivers under the agent`);
  for (const { pid } of found) process.kill(pid, 'SIGKILL');
}
