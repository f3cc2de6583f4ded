/**
 * A site in network namespaces: two nodes, an arbiter and a client on a service network, and a heartbeat network between
 * the nodes. Each network is a bridge in a namespace of its own, so nothing touches the machine's own network. Needs root.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

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
  /** Ends every process and removes every namespace. */
  remove(): Promise<void>;
}

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
  const prefix = `hf${process.pid % 100_000}`;
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
  const remove = async () => {
    await Promise.all([...children].map(endChild));
    for (const name of [...hosts, 'sw-service', 'sw-heartbeat']) {
      try {
        ip('netns', 'del', namespace(name));
      } catch {
        // Never made, when the building failed half-way.
      }
    }
  };

  try {
    build();
  } catch (error) {
    void remove();
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
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, ...options.env },
      });
      children.add(child);
      child.once('exit', () => children.delete(child));
      return child;
    },
    cut: (host, network) => void setPort(host, network, 'down'),
    mend: (host, network) => void setPort(host, network, 'up'),
    mute: (host, network) => nft(host, muteRules(network)),
    unmute: (host, network) => nft(host, `delete table netdev ${network}`),
    remove,
  };
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(hard);
}
