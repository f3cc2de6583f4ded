/**
 * A site in network namespaces: two nodes, an arbiter and a client on a service network, and a heartbeat network between
 * the nodes. Each network is a bridge in a namespace of its own, so nothing touches the machine's own network. Needs root.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';

export type Host = 'a' | 'b' | 'arbiter' | 'client';
export type Network = 'service' | 'heartbeat';

const hosts: readonly Host[] = ['a', 'b', 'arbiter', 'client'];
/** RFC 5737 and RFC 3849 documentation addresses: nobody's. */
const addresses: Readonly<Record<Network, Partial<Record<Host, string>>>> = {
  service: { a: '192.0.2.1', b: '192.0.2.2', arbiter: '192.0.2.3', client: '192.0.2.9' },
  heartbeat: { a: '198.51.100.1', b: '198.51.100.2' },
};

export interface Lab {
  readonly virtualAddress: string;
  address(host: Host, network?: Network): string;
  interfaceName(network: Network): string;
  /** Prefix that runs a command on a host. */
  on(host: Host): string[];
  run(host: Host, command: readonly string[]): string;
  start(host: Host, command: readonly string[], options?: { env?: Record<string, string> }): ChildProcess;
  /** Pulls the cable of a host on a network: its end and the switch's go down, as with a real one. */
  cut(host: Host, network: Network): void;
  mend(host: Host, network: Network): void;
  /** What the host sends on the network is lost; what it is sent arrives. */
  mute(host: Host, network: Network): void;
  unmute(host: Host, network: Network): void;
  /** What the host sends to another on the service network is lost, as with a wrong rule in a firewall. */
  deny(host: Host, other: Host): void;
  allow(host: Host): void;
  /** Every process that runs on the host. */
  pids(host: Host): number[];
  /** Ends every process and removes every namespace; happens by itself when this process exits. */
  remove(): Promise<void>;
}

let built = 0;

export function isLabPossible(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('ip', ['netns', 'list'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export function buildLab(): Lab {
  sweep();
  built += 1;
  const prefix = `hf${process.pid}.${built}`;
  const children = new Set<ChildProcess>();
  const namespace = (name: string) => `${prefix}-${name}`;
  const ip = (...args: string[]) =>
    execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
  const inside = (name: string, ...args: string[]) => ip('-n', namespace(name), ...args);
  const nic = (network: Network) => (network === 'service' ? 'svc0' : 'hb0');
  const port = (host: Host) => `p-${host}`;

  const build = () => {
    for (const network of Object.keys(addresses) as Network[]) {
      const bridge = `sw-${network}`;
      ip('netns', 'add', namespace(bridge));
      inside(bridge, 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0');
      inside(bridge, 'link', 'set', 'br0', 'up');
    }
    for (const host of hosts) {
      ip('netns', 'add', namespace(host));
      inside(host, 'link', 'set', 'lo', 'up');
      for (const network of Object.keys(addresses) as Network[]) join(host, network);
    }
  };
  const join = (host: Host, network: Network) => {
    const address = addresses[network][host];
    if (address === undefined) return;
    const bridge = `sw-${network}`;
    const peer = ['peer', 'name', port(host), 'netns', namespace(bridge)];
    ip('link', 'add', nic(network), 'netns', namespace(host), 'type', 'veth', ...peer);
    inside(bridge, 'link', 'set', port(host), 'master', 'br0', 'up');
    inside(host, 'address', 'add', `${address}/24`, 'dev', nic(network));
    inside(host, 'link', 'set', nic(network), 'up');
  };
  const setPort = (host: Host, network: Network, state: 'up' | 'down') =>
    inside(`sw-${network}`, 'link', 'set', port(host), state);
  const nft = (host: Host, rules: string) => {
    execFileSync('ip', ['netns', 'exec', namespace(host), 'nft', rules], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  };
  /** On the way out of the card, below ARP and IP: the host hears everything and is heard by nobody. */
  const muteRules = (network: Network) => {
    const hook = `type filter hook egress device ${nic(network)} priority 0; policy drop;`;
    return `add table netdev ${network}; add chain netdev ${network} out { ${hook} }`;
  };
  const denyRules = (address: string) =>
    `add table ip deny; add chain ip deny out { type filter hook output priority 0; }; add rule ip deny out ip daddr ${address} drop`;
  const removeNow = () => {
    process.off('exit', removeNow);
    for (const name of [...hosts, 'sw-service', 'sw-heartbeat']) removeNamespace(namespace(name));
  };
  const remove = async () => {
    const gone = [...children].map((child) => once(child, 'exit'));
    removeNow();
    await Promise.all(gone);
  };

  process.on('exit', removeNow);
  try {
    build();
  } catch (error) {
    removeNow();
    throw error;
  }
  const on = (host: Host) => ['ip', 'netns', 'exec', namespace(host)];
  return {
    virtualAddress: '192.0.2.100',
    address: (host, network = 'service') => addresses[network][host] ?? '',
    interfaceName: nic,
    on,
    run(host, command) {
      const [program = '', ...args] = [...on(host), ...command];
      return execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
    },
    start(host, command, options = {}) {
      const [program = '', ...args] = [...on(host), ...command];
      const child = spawn(program, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...options.env },
      });
      child.stderr?.resume();
      children.add(child);
      child.once('exit', () => children.delete(child));
      return child;
    },
    cut: (host, network) => void setPort(host, network, 'down'),
    mend: (host, network) => void setPort(host, network, 'up'),
    mute: (host, network) => nft(host, muteRules(network)),
    unmute: (host, network) => nft(host, `delete table netdev ${network}`),
    deny: (host, other) => nft(host, denyRules(addresses.service[other] ?? '')),
    allow: (host) => nft(host, 'delete table ip deny'),
    pids: (host) => pidsIn(namespace(host)),
    remove,
  };
}

/** Nothing of a lab may stay behind, whatever state it is in: a frozen process would not hear a polite word. */
function removeNamespace(name: string): void {
  for (let tries = 0; tries < 5; tries += 1) {
    for (const pid of pidsIn(name)) killNow(pid);
  }
  try {
    execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
  } catch {
    // Never made, when the building failed half-way.
  }
}

/** Labs whose maker was killed before it could remove them. */
function sweep(): void {
  const names = execFileSync('ip', ['netns', 'list']).toString().split('\n');
  for (const line of names) {
    const [name, pid] = /^hf(\d+)\.\d+-\S+/.exec(line) ?? [];
    if (name !== undefined && !existsSync(`/proc/${pid}`)) removeNamespace(name);
  }
}

function pidsIn(namespace: string): number[] {
  try {
    const text = execFileSync('ip', ['netns', 'pids', namespace], { stdio: ['ignore', 'pipe', 'ignore'] });
    return text.toString().split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

export function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended already.
  }
}
