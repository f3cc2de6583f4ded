/** Gathers the facts of this node for the preflight, all questions at once, within a few seconds. */
import { hostname, release } from 'node:os';
import type { NetworkInterface, NodeFacts, PairConfig } from '../../../src/contract/index.ts';
import { isInSegment, isSameAddress, parseAddress, parsePrefixed } from '../../../src/model/ip-segment.ts';
import { deviceTimeoutMs } from '../guard/watchdog.ts';
import { askWhoHolds, ping, type RunProgram, tryUdpPort } from './probes.ts';
import { findPrograms } from './programs.ts';
import { readAntivirus, readInterfaces, readOsName } from './system.ts';

export type NodeIdentity = Pick<
  NodeFacts,
  | 'nodeId'
  | 'name'
  | 'version'
  | 'installPath'
  | 'apiVersion'
  | 'fingerprint'
  | 'peerAddress'
  | 'pairId'
  | 'timeZone'
>;

export interface CollectOptions {
  identity: NodeIdentity;
  /** Null before the pair is configured: links, addresses and programs are then not tried. */
  config: PairConfig | null;
  processes: NodeFacts['processes'];
  /** Data folder, spaces, installation: what a virus scanner should leave alone. */
  busyPaths: readonly string[];
  /** The watchdog device that the guard of this node is told to use. */
  watchdogDevice: string | null;
  /** UDP ports that this node's guard holds now. */
  ownPorts: readonly number[];
  run: RunProgram;
  /** Tries the pair's lease store; never rejects. */
  inspectArbiter: (arbiter: PairConfig['arbiter']) => Promise<NodeFacts['arbiter']>;
  /** Wall clock. */
  nowMs: () => number;
}

export async function collectFacts(options: CollectOptions): Promise<NodeFacts> {
  const { identity, config, run } = options;
  const interfaces = await readInterfaces(run);
  const [osName, ports, pings, virtualAddresses, programs, arbiter, watchdog, antivirus] = await Promise.all([
    readOsName(),
    tryPorts(options),
    pingPeer(options),
    askVirtual(options, interfaces),
    config === null ? [] : findPrograms(config, run),
    config === null ? [] : options.inspectArbiter(config.arbiter),
    readWatchdog(options.watchdogDevice),
    readAntivirus(run),
  ]);
  return {
    ...identity,
    hostName: hostname(),
    platform: process.platform,
    osName: osName.slice(0, 256),
    osRelease: release(),
    timeMs: options.nowMs(),
    interfaces,
    processes: options.processes,
    ports,
    pings,
    virtualAddresses,
    programs,
    arbiter,
    watchdog,
    antivirus,
    busyPaths: [...options.busyPaths],
  };
}

async function readWatchdog(path: string | null): Promise<NodeFacts['watchdog']> {
  return path === null ? null : { path, timeoutMs: await deviceTimeoutMs(path) };
}

function tryPorts({ config, identity, ownPorts }: CollectOptions): Promise<NodeFacts['ports']> {
  const ends = (config?.links ?? []).flatMap(({ addresses, port }) => {
    const address = addresses[identity.nodeId];
    return address === undefined ? [] : [{ address, port }];
  });
  return Promise.all(
    ends.map(({ address, port }) =>
      ownPorts.includes(port)
        ? Promise.resolve({ address, port, state: 'own' as const, problem: null })
        : tryUdpPort(address, port),
    ),
  );
}

function pingPeer({ config, identity, run }: CollectOptions): Promise<NodeFacts['pings']> {
  const links = (config?.links ?? []).flatMap(({ id, addresses }) => {
    const from = addresses[identity.nodeId];
    const to = Object.entries(addresses).find(([nodeId]) => nodeId !== identity.nodeId)?.[1];
    return from === undefined || to === undefined ? [] : [{ linkId: id, from, to }];
  });
  return Promise.all(links.map(async (link) => ({ ...link, ...(await ping(run, link.from, link.to)) })));
}

function askVirtual(
  { config, run }: CollectOptions,
  interfaces: readonly NetworkInterface[],
): Promise<NodeFacts['virtualAddresses']> {
  const wanted = (config?.resources ?? []).flatMap((resource) =>
    resource.kind === 'ip' ? [resource.address.split('/')[0] ?? ''] : [],
  );
  return Promise.all(wanted.map((address) => whoHolds(address, interfaces, run)));
}

async function whoHolds(
  address: string,
  interfaces: readonly NetworkInterface[],
  run: RunProgram,
): Promise<NodeFacts['virtualAddresses'][number]> {
  const parsed = parseAddress(address);
  const own = interfaces.flatMap(({ addresses }) => addresses);
  if (own.some((each) => isSameAddress(each.address, address))) {
    return { address, state: 'own', evidence: 'this node holds it' };
  }
  const near = own.some((each) => {
    const segment = parsePrefixed(`${each.address}/${each.prefix}`);
    return parsed !== null && segment !== null && isInSegment(parsed, segment);
  });
  if (!near) return { address, state: 'unknown', evidence: 'no interface of this node is in its segment' };
  const { taken, evidence } = await askWhoHolds(run, address);
  return { address, state: taken ? 'taken' : 'unused', evidence };
}
