/** A first draft of a pair from what both nodes say of themselves: names, links in common segments, the service interface. */
import type { NodeFacts } from '../contract/standby-facts.ts';
import { isInSegment, parseAddress, type Segment } from './ip-segment.ts';

export interface PlacedAddress {
  interface: string;
  address: string;
  prefix: number;
}

export interface CommonSegment {
  here: PlacedAddress;
  there: PlacedAddress;
}

const segmentsMax = 4;

/** Addresses of interfaces that are up and lead out of the node; those of one link only (fe80::) are left out. */
export function outerAddresses(facts: NodeFacts): PlacedAddress[] {
  return facts.interfaces
    .filter(({ up, loopback }) => up && !loopback)
    .flatMap(({ name, addresses }) =>
      addresses.map(({ address, prefix }) => ({ interface: name, address, prefix })),
    )
    .filter(({ address }) => !/^fe[89ab]/i.test(address));
}

/** The segment of an address that a node holds; null for one that it does not hold. */
export function segmentOf(facts: NodeFacts, address: string): Segment | null {
  const wanted = parseAddress(address);
  if (wanted === null) return null;
  for (const placed of facts.interfaces.flatMap(({ addresses }) => addresses)) {
    const own = parseAddress(placed.address);
    if (own?.family === wanted.family && own.value === wanted.value) {
      return { address: own, prefix: placed.prefix };
    }
  }
  return null;
}

/** Pairs of addresses by which the two can reach each other, IPv4 first; each address once. */
export function commonSegments(here: NodeFacts, there: NodeFacts): CommonSegment[] {
  const found: CommonSegment[] = [];
  const used = new Set<string>();
  const others = outerAddresses(there);
  for (const own of outerAddresses(here).sort(byFamily)) {
    const address = parseAddress(own.address);
    if (address === null || used.has(own.interface)) continue;
    const twin = others.find((other) => {
      const parsed = parseAddress(other.address);
      if (parsed === null || parsed.value === address.value || other.prefix !== own.prefix) return false;
      return isInSegment(parsed, { address, prefix: own.prefix });
    });
    if (!twin) continue;
    used.add(own.interface);
    found.push({ here: own, there: twin });
  }
  return found.slice(0, segmentsMax);
}

function byFamily(a: PlacedAddress, b: PlacedAddress): number {
  return Number(a.address.includes(':')) - Number(b.address.includes(':'));
}

/** The segment the service lives in, rather than a cable between the two: the one the node is managed by, else the first. */
export function serviceSegment(segments: readonly CommonSegment[], there: NodeFacts): CommonSegment | null {
  const managed = segments.find(({ there: { address } }) => there.peerAddress?.includes(address) === true);
  return managed ?? segments[0] ?? null;
}
