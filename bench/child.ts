/** Child processes of a benchmark: started, waited for by what they say, and ended by their process id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** The first line of its output that matches. Rejects when it ends before, or after `timeoutMs`. */
  line(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  end(): Promise<void>;
}

export function startChild(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Child {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const seen: string[] = [];
  const listeners = new Set<(line: string) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    seen.push(line);
    for (const listener of listeners) listener(line);
  });
  if (child.pid === undefined) throw new Error(`cannot start ${command}`);
  return {
    pid: child.pid,
    process: child,
    line: (pattern, timeoutMs = 30_000) =>
      new Promise((resolve, reject) => {
        const finish = (settle: () => void) => {
          clearTimeout(timer);
          listeners.delete(listen);
          settle();
        };
        const listen = (line: string) => {
          const match = pattern.exec(line);
          if (match) finish(() => resolve(match));
        };
        const timer = setTimeout(
          () => finish(() => reject(new Error(`${command} did not say ${pattern} in ${timeoutMs} ms`))),
          timeoutMs,
        );
        child.once('exit', (code) => finish(() => reject(new Error(`${command} ended with ${code}`))));
        for (const line of [...seen]) listen(line);
        listeners.add(listen);
      }),
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await gone;
      clearTimeout(hard);
    },
  };
}
