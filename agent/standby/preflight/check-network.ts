/** Preflight of the network between the two: cards, segments, addresses, pings, ports. */
import type { NodeFacts, PairConfig } from '../../../src/contract/index.ts';
import { isInSegment, isSameAddress, parseAddress, parsePrefixed } from '../../../src/model/ip-segment.ts';
import { outerAddresses, segmentOf } from '../../../src/model/pair-suggest.ts';
import { fail, type PairView, pass, sidesOf, skip, type Verdict, warn } from './verdict.ts';

const notConfigured = 'the pair is not configured yet';

/** Cards that lead out: up, with an address. */
export function checkCards(self: NodeFacts): Verdict {
  const up = [...new Set(outerAddresses(self).map((placed) => placed.interface))];
  const down = self.interfaces.filter((each) => !each.loopback && !each.up).map(({ name }) => name);
  const idle = down.length === 0 ? '' : `; without link: ${down.slice(0, 6).join(', ')}`;
  if (up.length >= 2) return pass(`${up.slice(0, 6).join(', ')} are up${idle}`);
  const fix =
    'Connect a second network card, if possible by a cable from node to node, and give it an address.';
  if (up.length === 1)
    return warn(`only ${up[0]} is up${idle}: its failure cuts service and heartbeat at once`, fix);
  return fail(`no network card is up with an address${idle}`, fix);
}

const captureAdapter = /npcap.*loopback|loopback.*npcap|ms-?loopback|km-?test loopback/i;

export function checkCaptureAdapter(self: NodeFacts): Verdict {
  if (self.platform !== 'win32') return skip('only asked on Windows');
  const found = self.interfaces.find(({ name, description }) =>
    captureAdapter.test(`${name} ${description ?? ''}`),
  );
  if (!found) return pass('there is no capture loopback adapter');
  return fail(
    `${found.name}${found.description === null ? '' : ` (${found.description})`} is installed`,
    'Remove it in the device manager, or install Npcap again without its loopback adapter: it takes addresses that are not its own.',
  );
}

interface ServiceAddresses {
  resourceId: string;
  /** Without prefix length. */
  virtual: string;
  prefix: number;
  /** What each node holds in the segment of the virtual address; null when it holds none there. */
  own: (string | null)[];
  interfaces: (string | null)[];
}

/** Each virtual address with the addresses that the nodes hold on the interfaces configured for it. */
function serviceAddresses({ a, b }: PairView, config: PairConfig): ServiceAddresses[] {
  return config.resources.flatMap((resource) => {
    if (resource.kind !== 'ip') return [];
    const segment = parsePrefixed(resource.address);
    const virtual = resource.address.split('/')[0] ?? '';
    if (segment === null) return [];
    const named = [a, b].map(({ nodeId }) => resource.interfaces[nodeId] ?? resource.interfaces['*'] ?? null);
    const own = [a, b].map((facts, at) => {
      const mine = outerAddresses(facts).filter((placed) => placed.interface === named[at]);
      const inside = mine.filter(({ address }) => {
        const parsed = parseAddress(address);
        return parsed !== null && isInSegment(parsed, segment) && !isSameAddress(address, virtual);
      });
      return inside[0]?.address ?? null;
    });
    return [{ resourceId: resource.id, virtual, prefix: segment.prefix, own, interfaces: named }];
  });
}

/** The two service addresses and the virtual one: three different ones of one segment, the virtual one unused elsewhere. */
export function checkServiceSegment(view: PairView): Verdict {
  const { a, b, config } = view;
  if (config === null) return skip(notConfigured);
  const services = serviceAddresses(view, config);
  if (services.length === 0) return warn('no virtual address is configured', 'Add a resource of kind ip.');
  const problems = services.flatMap(({ virtual, prefix, own, interfaces }) =>
    [a, b].flatMap((facts, at) => {
      const name = interfaces[at];
      if (name === null || name === undefined)
        return [`no interface of ${facts.name} is named for ${virtual}`];
      const card = facts.interfaces.find((each) => each.name === name);
      if (!card) return [`${facts.name} has no interface ${name}`];
      if (!card.up) return [`${name} of ${facts.name} is down`];
      if (own[at] === null)
        return [`${name} of ${facts.name} has no address of its own in ${virtual}/${prefix}`];
      return [];
    }),
  );
  const same = services.filter(({ own }) => own[0] && own[1] && isSameAddress(own[0], own[1]));
  problems.push(...same.map(({ own }) => `both nodes hold ${own[0]}`));
  if (problems.length > 0) {
    return fail(
      problems.join('; '),
      'Take three unused addresses of one segment: one for each node, one virtual.',
    );
  }
  return pass(
    services
      .map(({ own, virtual, prefix }) => `${own[0]}, ${own[1]} and ${virtual} in one /${prefix}`)
      .join('; '),
  );
}

export function checkVirtualAddresses(self: NodeFacts, { config, a, b }: PairView): Verdict {
  if (config === null) return skip(notConfigured);
  if (self.virtualAddresses.length === 0) return skip('no virtual address to ask for');
  const peer = self.nodeId === a.nodeId ? b : a;
  const heldByPeer = (address: string) =>
    peer.virtualAddresses.some((each) => each.state === 'own' && isSameAddress(each.address, address));
  const taken = self.virtualAddresses.filter(
    ({ state, address }) => state === 'taken' && !heldByPeer(address),
  );
  if (taken.length > 0) {
    return fail(
      taken.map(({ address, evidence }) => `${address} is in use: ${evidence}`).join('; '),
      'Take an address that nobody holds, or free this one, before bringing the pair in.',
    );
  }
  const unknown = self.virtualAddresses.filter(({ state }) => state === 'unknown');
  const words = self.virtualAddresses.map(({ address, state, evidence }) =>
    heldByPeer(address)
      ? `${address} is held by ${peer.name}`
      : `${address}: ${state === 'own' ? 'held here' : evidence}`,
  );
  if (unknown.length > 0)
    return warn(words.join('; '), 'See to it that the interface is up and holds an address of that segment.');
  return pass(words.join('; '));
}

interface LinkEnds {
  id: string;
  ends: (string | null)[];
}

function linkEnds({ a, b }: PairView, config: PairConfig): LinkEnds[] {
  return config.links.map(({ id, addresses }) => ({
    id,
    ends: [a, b].map(({ nodeId }) => addresses[nodeId] ?? null),
  }));
}

/** Both ends of each link in one segment, and a link that does not share the service's segment. */
export function checkLinkSegments(view: PairView): Verdict {
  const { a, b, config } = view;
  if (config === null) return skip(notConfigured);
  const links = linkEnds(view, config);
  const problems = links.flatMap(({ id, ends }) => linkProblems(id, ends, [a, b]));
  if (problems.length > 0) {
    return fail(
      problems.join('; '),
      'Give both ends of a link addresses of one segment, each on its own node.',
    );
  }
  const services = serviceAddresses(view, config);
  const separate = links.filter(({ ends }) => {
    const end = parseAddress(ends[0] ?? '');
    return !services.some(({ virtual, prefix }) => {
      const address = parseAddress(virtual);
      return end !== null && address !== null && isInSegment(end, { address, prefix });
    });
  });
  const evidence = links.map(({ id, ends }) => `${id}: ${ends[0]} - ${ends[1]}`).join('; ');
  if (separate.length > 0)
    return pass(`${evidence}; apart from the service: ${separate.map(({ id }) => id).join(', ')}`);
  return warn(
    `${evidence}; all in the segment of the service`,
    'Add a link of its own segment, best a cable from node to node: one switch then cannot cut service and heartbeat at once.',
  );
}

function linkProblems(id: string, ends: readonly (string | null)[], nodes: readonly NodeFacts[]): string[] {
  const problems: string[] = [];
  const segments = nodes.map((facts, at) => {
    const end = ends[at] ?? null;
    if (end === null) {
      problems.push(`${id} names no address of ${facts.name}`);
      return null;
    }
    const segment = segmentOf(facts, end);
    if (segment === null) problems.push(`${facts.name} does not hold ${end} (${id})`);
    return segment;
  });
  const [first, second] = segments;
  if (first && second && !isInSegment(second.address, first)) {
    problems.push(`${id}: ${ends[0]} and ${ends[1]} are in different segments`);
  }
  if (ends[0] && ends[1] && isSameAddress(ends[0], ends[1])) problems.push(`${id}: both ends are ${ends[0]}`);
  return problems;
}

export function checkPings(self: NodeFacts, { config }: PairView): Verdict {
  if (config === null) return skip(notConfigured);
  if (self.pings.length === 0) return skip('no link to ping over');
  const failed = self.pings.filter(({ ok }) => !ok);
  const words = self.pings.map(({ linkId, to, ok, roundTripMs, problem }) =>
    ok
      ? `${linkId} ${to}${roundTripMs === null ? '' : ` in ${roundTripMs.toFixed(1)} ms`}`
      : `${linkId} ${to}: ${problem ?? 'no answer'}`,
  );
  if (failed.length === 0) return pass(words.join('; '));
  return fail(
    words.join('; '),
    'Look at cable, switch and firewall: ICMP and the UDP port of the link must pass both ways.',
  );
}

export function checkPorts(self: NodeFacts, { config }: PairView): Verdict {
  if (config === null) return skip(notConfigured);
  const words = self.ports.map(({ address, port, state, problem }) => {
    const word = {
      free: 'free',
      own: 'held by the guard',
      taken: 'in use',
      'no-address': 'no such address',
      unknown: 'not known',
    };
    return `${address}:${port} ${word[state]}${problem === null ? '' : ` (${problem})`}`;
  });
  if (self.ports.length === 0) return skip('no port to try');
  const bad = self.ports.filter(({ state }) => state === 'taken' || state === 'no-address');
  if (bad.length > 0) {
    return fail(
      words.join('; '),
      'End the program that holds the port (ss -ulpn shows it), or give the link another one.',
    );
  }
  if (self.ports.some(({ state }) => state === 'unknown'))
    return warn(words.join('; '), 'Run the preflight again.');
  return pass(words.join('; '));
}

/** Both nodes name each other: neither is a third one. */
export function checkIdentity(view: PairView): Verdict {
  const { config } = view;
  if (config === null) return skip(notConfigured);
  const strangers = sidesOf(view).filter(({ self }) => !config.nodes.some(({ id }) => id === self.nodeId));
  if (strangers.length === 0)
    return pass(config.nodes.map(({ name, id }) => `${name} (${id})`).join(' and '));
  return fail(
    strangers
      .map(({ self }) => `${self.name} (${self.nodeId}) is not one of the two that the settings name`)
      .join('; '),
    'Pair the two nodes again: holdfast standby pair code, and on the other holdfast standby pair join ADDRESS CODE.',
  );
}
