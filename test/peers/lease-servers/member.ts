/** One server process of a lease store under test: started, killed, frozen and thawed by its pid, and its data folder copied. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';

export interface MemberOptions {
  name: string;
  command: string;
  args: readonly string[];
  dataDir: string;
}

export class Member {
  readonly name: string;
  readonly dataDir: string;
  readonly #options: MemberOptions;
  #child: ChildProcess | null = null;
  #output = '';

  constructor(options: MemberOptions) {
    this.name = options.name;
    this.dataDir = options.dataDir;
    this.#options = options;
  }

  /** What it printed, for the message of a failing test. */
  get output(): string {
    return this.#output.slice(-4_000);
  }

  get running(): boolean {
    return this.#child !== null;
  }

  start(): void {
    const child = spawn(this.#options.command, this.#options.args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const hear = (bytes: Buffer) => {
      this.#output = (this.#output + bytes.toString()).slice(-64_000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => {
      if (this.#child === child) this.#child = null;
    });
    this.#child = child;
  }

  /** Resolves when every thread of it stands still. */
  async freeze(): Promise<void> {
    const pid = this.#child?.pid;
    this.#child?.kill('SIGSTOP');
    await until(`${this.name} stands still`, 5_000, async () =>
      /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')),
    );
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Resolves when it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    // A frozen process takes only SIGKILL.
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(timer);
  }

  async copyTo(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true });
    await cp(this.dataDir, folder, { recursive: true, preserveTimestamps: true });
  }

  async putBack(folder: string): Promise<void> {
    await rm(this.dataDir, { recursive: true, force: true });
    await cp(folder, this.dataDir, { recursive: true, preserveTimestamps: true });
  }
}

/** Ports that nothing listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer();
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return address !== null && typeof address !== 'string' ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export function installed(command: string): boolean {
  return spawnSync('sh', ['-c', 'command -v -- "$0"', command]).status === 0;
}

/** Asks again until it is true. */
export async function until(what: string, timeoutMs: number, ask: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await ask().catch(() => false))) {
    if (performance.now() > endMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
