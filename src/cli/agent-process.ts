/** The agent of a data folder as `up` and `agent` run it: started once, supervised, awaited until it answers. */

import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { openConnection } from '../client/connect.ts';
import { AppError } from '../errors.ts';
import { builtProgram } from './installation.ts';
import type { CliIo } from './io.ts';
import { describeExit, launchProgram, type Supervised, supervise } from './supervise.ts';
import { pause } from './watch.ts';

/** Whether an agent answers on the local console of a data folder. */
export async function agentAnswers(dataDir: string): Promise<boolean> {
  const connection = openConnection(
    { kind: 'local', dataDir },
    { reconnect: false, connectTimeoutMs: 1_000 },
  );
  try {
    await connection.client.node.hello();
    return true;
  } catch {
    return false;
  } finally {
    connection.close();
  }
}

export interface AgentOptions {
  io: CliIo;
  args: readonly string[];
  /** Each line that the agent prints, and of each restart; null lets them go to the terminal as they are. */
  onLine: ((line: string) => void) | null;
}

/** Starts the agent program under supervision. */
export function startAgent({ io, args, onLine }: AgentOptions): Supervised {
  const path = builtProgram('agent/main');
  return supervise({
    launch: () => {
      const output = onLine === null ? 'inherit' : 'pipe';
      const child = launchProgram(path, args, ['ignore', output, output]);
      if (onLine !== null) readLines(child, onLine);
      return child;
    },
    nowMs: () => performance.now(),
    onRestart: (exit, delayMs) => {
      const again = delayMs === 0 ? 'at once' : `in ${delayMs} ms`;
      const text = `the agent ${describeExit(exit)}; it starts again ${again}`;
      if (onLine === null) io.stderr.write(`${text}\n`);
      else onLine(text);
    },
  });
}

function readLines(child: ChildProcess, onLine: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', onLine);
  }
}

const readyPollMs = 100;
const readyTimeoutMs = 60_000;

/** Resolves when the agent answers; rejects when it ended before, or does not answer in time. */
export async function waitUntilReady(dataDir: string, agent: Supervised, nowMs: () => number): Promise<void> {
  const deadlineMs = nowMs() + readyTimeoutMs;
  const ended = agent.ended.then((code) => {
    throw new AppError('unavailable', `the agent ended with code ${code} before it was ready`, {
      hint: `its messages are above, and in ${dataDir}/agent.log`,
    });
  });
  ended.catch(() => {});
  while (!(await Promise.race([agentAnswers(dataDir), ended]))) {
    if (nowMs() > deadlineMs) {
      throw new AppError('timeout', `the agent does not answer after ${readyTimeoutMs / 1_000} s`, {
        hint: `look into ${dataDir}/agent.log`,
      });
    }
    await Promise.race([pause(readyPollMs), ended]);
  }
}
