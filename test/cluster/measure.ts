/** What the client and the watchers of the lab saw, as numbers: how long nobody answered, and whether two held the address. */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Host, Lab } from './lab.ts';

export interface Answer {
  readonly atMs: number;
  /** What the server that answered calls itself. */
  readonly from: string;
}

export interface Holding {
  readonly fromMs: number;
  /** Infinity while it lasts. */
  readonly toMs: number;
}

export interface Witness {
  readonly answers: readonly Answer[];
  holdings(host: 'a' | 'b'): Holding[];
  /** Resolves with the first answer from a host, or from any of several, after now. Rejects after `timeoutMs`. */
  answerFrom(host: string | readonly string[], timeoutMs: number): Promise<Answer>;
  /** The watchers, which are no part of the hosts they look at. */
  readonly pids: readonly number[];
}

/** Starts the client and a watcher on each node. */
export function witness(lab: Lab, port = 80): Witness {
  const script = (name: string) => new URL(`./${name}`, import.meta.url).pathname;
  const node = [process.execPath, '--no-warnings'];
  const answers: Answer[] = [];
  const waiting = new Set<(answer: Answer) => void>();
  const client = lab.start('client', [...node, script('ask-address.ts'), lab.virtualAddress, String(port)]);
  onLine(client, (line) => {
    const [atMs = '0', from = ''] = line.split(' ');
    const answer = { atMs: Number(atMs), from };
    answers.push(answer);
    for (const tell of waiting) tell(answer);
  });
  const changes = { a: [] as [number, boolean][], b: [] as [number, boolean][] };
  const watchers = (['a', 'b'] as const).map((host) => {
    const watcher = lab.start(host, [...node, script('watch-address.ts'), lab.virtualAddress]);
    onLine(watcher, (line) => {
      const [atMs, what] = line.split(' ');
      changes[host].push([Number(atMs), what === 'holds']);
    });
    return watcher;
  });
  return {
    answers,
    holdings: (host) => toHoldings(changes[host]),
    answerFrom: (host, timeoutMs) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(tell);
          reject(new Error(`no answer from ${host} in ${timeoutMs} ms`));
        }, timeoutMs);
        const tell = (answer: Answer) => {
          if (![host].flat().includes(answer.from)) return;
          clearTimeout(timer);
          waiting.delete(tell);
          resolve(answer);
        };
        waiting.add(tell);
      }),
    pids: watchers.map(({ pid }) => pid ?? 0),
  };
}

function onLine(child: ChildProcess, listener: (line: string) => void): void {
  if (child.stdout) createInterface({ input: child.stdout }).on('line', listener);
}

function toHoldings(changes: readonly [number, boolean][]): Holding[] {
  const holdings: Holding[] = [];
  let fromMs: number | null = null;
  for (const [atMs, holds] of changes) {
    if (holds) fromMs ??= atMs;
    else if (fromMs !== null) {
      holdings.push({ fromMs, toMs: atMs });
      fromMs = null;
    }
  }
  if (fromMs !== null) holdings.push({ fromMs, toMs: Number.POSITIVE_INFINITY });
  return holdings;
}

/** The longest time without an answer that touches [fromMs, toMs], in ms. */
export function longestOutageMs(answers: readonly Answer[], fromMs: number, toMs: number): number {
  const times = answers.map((answer) => answer.atMs);
  const before = times.filter((atMs) => atMs <= fromMs).at(-1) ?? fromMs;
  const stops = [before, ...times.filter((atMs) => atMs > fromMs && atMs < toMs), toMs];
  return stops.slice(1).reduce((longest, atMs, index) => Math.max(longest, atMs - (stops[index] ?? atMs)), 0);
}

/** How long two held the address at once, ms. */
export function overlapMs(a: readonly Holding[], b: readonly Holding[], nowMs: number): number {
  let sum = 0;
  for (const one of a) {
    for (const other of b) {
      sum += Math.max(0, Math.min(one.toMs, other.toMs, nowMs) - Math.max(one.fromMs, other.fromMs));
    }
  }
  return sum;
}

/** A real nginx on a host of the lab that answers every request with the host's name. */
export function nginxConfig(host: Host, dir: string, port = 80): string {
  return [
    'daemon off; master_process off; worker_processes 1;',
    `pid ${dir}/nginx-${host}.pid; error_log ${dir}/nginx-${host}.log;`,
    'events { worker_connections 256; }',
    `http { access_log off; server { listen ${port}; listen [::]:${port}; location / { default_type text/plain; return 200 "${host}\\n"; } } }`,
  ].join('\n');
}
