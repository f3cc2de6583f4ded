/** Runs a command as a shell would, with streams of the test's own, and gives back what it said and its exit code. */
import { Readable } from 'node:stream';
import type { CliIo } from '../../../src/cli/io.ts';
import { run } from '../../../src/cli/program.ts';

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CliInput {
  stdin?: string;
  /** Pretends that standard output and error are a terminal. */
  terminal?: boolean;
  env?: NodeJS.ProcessEnv;
  nowMs?: number;
}

export async function cli(args: readonly string[], input: CliInput = {}): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  const isTTY = input.terminal ?? false;
  const io: CliIo = {
    stdin: Readable.from(input.stdin === undefined ? [] : [Buffer.from(input.stdin)]),
    stdout: { write: (text) => (stdout += text), isTTY, columns: 100 },
    stderr: { write: (text) => (stderr += text), isTTY, columns: 100 },
    env: input.env ?? {},
    nowMs: () => input.nowMs ?? Date.now(),
    onStop: () => () => {},
  };
  const code = await run(args, io);
  return { code, stdout, stderr };
}
