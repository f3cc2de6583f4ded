/** Runs the operator's fence agent: only exit code 0 says that the peer is off. */
import { execFile } from 'node:child_process';
import type { ArbiterConfig } from '../../../src/contract/standby.ts';

const fenceTimeoutMs = 30_000;
const outputBytesMax = 64 * 1024;

/** Why the peer may not be off; null when it is. */
export function runFence(arbiter: ArbiterConfig): Promise<string | null> {
  if (arbiter.kind !== 'fence-agent') return Promise.resolve('no fence agent is configured');
  const [program = '', ...rest] = arbiter.command;
  return new Promise((resolve) => {
    execFile(program, rest, { timeout: fenceTimeoutMs, maxBuffer: outputBytesMax }, (error, _out, stderr) => {
      if (!error) {
        resolve(null);
        return;
      }
      const last = stderr.trim().split('\n').at(-1) ?? '';
      const how = error.killed
        ? `it did not end within ${fenceTimeoutMs / 1000} s`
        : `it ended with ${error.code}`;
      resolve(`the fence agent ${program} failed: ${how}${last ? `: ${last.slice(0, 200)}` : ''}`);
    });
  });
}
