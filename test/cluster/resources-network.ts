/** Two hosts on one wire, each a network namespace that the test made: removed at the end, also after a failure. */
import { execFileSync } from 'node:child_process';

let made = 0;

export class TwoHosts {
  readonly here: string;
  readonly there: string;

  /** With `askFirst` each host's kernel first asks for two seconds whether its link-local address is free. */
  constructor({ askFirst = false } = {}) {
    made += 1;
    const tag = `hfr${process.pid}${made}`;
    this.here = `${tag}a`;
    this.there = `${tag}b`;
    for (const name of [this.here, this.there]) ip('netns', 'add', name);
    ip(
      'link',
      'add',
      'eth0',
      'netns',
      this.here,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      this.there,
    );
    for (const [name, last] of [
      [this.here, 1],
      [this.there, 2],
    ] as const) {
      if (!askFirst) this.run(name, 'sysctl', '-q', '-w', 'net/ipv6/conf/eth0/accept_dad=0');
      this.in(name, 'link', 'set', 'lo', 'up');
      this.in(name, 'link', 'set', 'eth0', 'up');
      this.in(name, 'address', 'add', `10.77.0.${last}/24`, 'dev', 'eth0');
      this.in(name, '-6', 'address', 'add', `fd77::${last}/64`, 'dev', 'eth0', 'nodad');
    }
  }

  get prefix(): string[] {
    return ['ip', 'netns', 'exec', this.here];
  }

  in(namespace: string, ...args: string[]): string {
    return ip('-n', namespace, ...args);
  }

  run(namespace: string, ...command: string[]): string {
    return execFileSync('ip', ['netns', 'exec', namespace, ...command], { encoding: 'utf8' });
  }

  mac(namespace: string, link = 'eth0'): string {
    return firstOf(this.in(namespace, '-j', 'link', 'show', 'dev', link))?.address ?? '';
  }

  /** What the other host believes to be the hardware address of `host`. */
  believed(host: string): string | undefined {
    return firstOf(this.in(this.there, '-j', 'neighbour', 'show', 'to', host, 'dev', 'eth0'))?.lladdr;
  }

  /** The other host remembers another machine at `host`, as after a take-over. */
  mislead(host: string): void {
    this.in(
      this.there,
      'neighbour',
      'replace',
      host,
      'lladdr',
      '02:00:00:00:00:99',
      'dev',
      'eth0',
      'nud',
      'stale',
    );
  }

  has(namespace: string, host: string): boolean {
    return this.in(namespace, 'address', 'show').includes(` ${host}/`);
  }

  hasLinkLocal(): boolean {
    return this.in(this.here, '-6', 'address', 'show', 'dev', 'eth0').includes('fe80');
  }

  reaches(host: string): boolean {
    try {
      this.run(this.there, 'ping', '-n', '-c', '1', '-W', '1', host);
      return true;
    } catch {
      return false;
    }
  }

  end(): void {
    for (const name of [this.here, this.there]) {
      try {
        ip('netns', 'delete', name);
      } catch {
        // It was never made, or is gone.
      }
    }
  }
}

interface Shown {
  readonly address?: string;
  readonly lladdr?: string;
}

function firstOf(json: string): Shown | undefined {
  const list: Shown[] = json.trim() === '' ? [] : JSON.parse(json);
  return list[0];
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
