/** What a command may touch of the outside: its streams, environment and clock, so that tests can hand in others. */
import type { Readable } from 'node:stream';
import type { ReadStream } from 'node:tty';

export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface CliIo {
  stdin: Readable & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;
  stdout: OutputStream;
  stderr: OutputStream;
  env: NodeJS.ProcessEnv;
  nowMs(): number;
  /** Runs `stop` once when the process is told to end (Ctrl-C, SIGTERM, SIGHUP); returns the way to unhook it. */
  onStop(stop: () => void): () => void;
}

export const processIo: CliIo = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  nowMs: Date.now,
  onStop: (stop) => {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    for (const signal of signals) process.on(signal, stop);
    return () => {
      for (const signal of signals) process.off(signal, stop);
    };
  },
};

/** Colour only for people: a terminal, and neither NO_COLOR nor a dumb terminal. */
export function wantsColour(io: CliIo): boolean {
  return io.stdout.isTTY === true && !io.env.NO_COLOR && io.env.TERM !== 'dumb';
}
