/** What new settings of a pair change, and why they may not be taken: pure, so that a dry run and the deed say the same. */
import type { PairConfig, PairRole } from '../../../../src/contract/index.ts';
import { toAppError } from '../../../../src/errors.ts';
import { makeGraph } from '../../../standby/resources/graph/plan.ts';
import { timingOf } from '../../../standby/timing-plan.ts';

export interface PairMembers {
  readonly pairId: string;
  readonly self: { readonly nodeId: string; readonly fingerprint: string };
  readonly peer: { readonly nodeId: string; readonly fingerprint: string };
}

/** These change only while both nodes are out; everything else at any time. */
const whileOut = ['pairId', 'nodes', 'arbiter', 'profile', 'timing', 'resources'] as const;

/** One line for each difference, in words. */
export function pairChanges(present: PairConfig | null, next: PairConfig): string[] {
  if (!present) return newPair(next);
  const keys = Object.keys(next).filter((key): key is keyof PairConfig => key !== 'version');
  return keys.flatMap((key) => {
    if (same(present[key], next[key])) return [];
    if (key === 'resources') return listChanges('resource', present.resources, next.resources);
    if (key === 'links') return listChanges('link', present.links, next.links);
    if (key === 'arbiter') return [arbiterChange(present, next)];
    if (typeof next[key] === 'object' || typeof present[key] === 'object') return [`${key} changed`];
    return [`${key}: ${String(present[key])} -> ${String(next[key])}`];
  });
}

function newPair({ application, nodes, arbiter, links, resources }: PairConfig): string[] {
  return [
    `a pair for "${application}" with ${count(resources.length, 'resource')}`,
    `nodes: ${nodes.map(({ name }) => name).join(', ')}`,
    `arbiter: ${arbiter.kind}${arbiter.kind === 'hub' ? ` at ${arbiter.url}` : ''}`,
    `links: ${links.map(({ addresses }) => Object.values(addresses).join(' - ')).join(', ')}`,
    ...resources.map((each) => {
      const detail = each.kind === 'ip' ? ` ${each.address}` : '';
      return `runs ${each.name} (${each.kind}${detail})${each.after.length > 0 ? ` after ${each.after.join(', ')}` : ''}`;
    }),
  ];
}

/** Why they cannot be used at all; empty when they can. */
export function pairProblems(next: PairConfig, members: PairMembers): string[] {
  return [
    ...memberProblems(next, members),
    ...linkProblems(next, members),
    ...secretProblems(next),
    ...reason(() => timingOf(next.profile, next.arbiter.kind, next.timing)),
    ...reason(() => makeGraph(next.resources)),
  ];
}

/** Why they cannot be taken now, while the nodes are what they are. */
export function roleProblems(
  present: PairConfig | null,
  next: PairConfig,
  roles: readonly { name: string; role: PairRole | null }[],
): string[] {
  if (!present) return [];
  const fixed = whileOut.filter((key) => !same(fixedPart(present, key), fixedPart(next, key)));
  const busy = roles.filter(({ role }) => role !== null && role !== 'out' && role !== 'fault');
  if (fixed.length === 0 || busy.length === 0) return [];
  const who = busy.map(({ name, role }) => `${name} is ${role}`).join(', ');
  return [`${fixed.join(', ')} can change only while the pair is brought out; ${who}`];
}

/** An alias may change at any time. */
function fixedPart(config: PairConfig, key: (typeof whileOut)[number]): unknown {
  return key === 'nodes' ? config.nodes.map(({ alias: _, ...node }) => node) : config[key];
}

function memberProblems(next: PairConfig, members: PairMembers): string[] {
  const problems: string[] = [];
  if (next.pairId !== members.pairId) {
    problems.push(`these settings are of pair ${next.pairId}; this node was paired as ${members.pairId}`);
  }
  for (const { nodeId, fingerprint } of [members.self, members.peer]) {
    const node = next.nodes.find(({ id }) => id === nodeId);
    if (!node) problems.push(`node ${nodeId} is missing among the nodes`);
    else if (node.fingerprint !== fingerprint) {
      problems.push(`the certificate of ${node.name} is not the one that it was paired with`);
    }
  }
  const { defaultNodeId } = next;
  if (defaultNodeId !== null && !next.nodes.some(({ id }) => id === defaultNodeId)) {
    problems.push(`the default node ${defaultNodeId} is none of the two`);
  }
  return problems;
}

function linkProblems({ links }: PairConfig, { self, peer }: PairMembers): string[] {
  const twice = links.filter(({ id }, index) => links.findIndex((link) => link.id === id) !== index);
  const incomplete = links.filter(
    ({ addresses }) => addresses[self.nodeId] === undefined || addresses[peer.nodeId] === undefined,
  );
  return [
    ...twice.map(({ id }) => `there are two links ${id}`),
    ...incomplete.map(({ id }) => `link ${id} does not name an address of each node`),
  ];
}

/** A secret in a place of its own is sealed and masked; anywhere else every viewer of the settings would read it. */
function secretProblems({ arbiter, resources }: PairConfig): string[] {
  const addresses =
    arbiter.kind === 'hub'
      ? [arbiter.url]
      : arbiter.kind === 'etcd'
        ? arbiter.endpoints
        : arbiter.kind === 'nats'
          ? arbiter.servers
          : [];
  const volumes = resources.filter(
    (each) => each.kind === 'volume' && /(^|,)pass[a-z0-9]*=/i.test(each.options),
  );
  return [
    ...(addresses.some((address) => address.includes('@'))
      ? ["the arbiter's address holds a user or password: give them as user and password"]
      : []),
    ...volumes.map(({ id }) => `the options of volume ${id} hold a password: give it as password`),
  ];
}

function reason(check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (error) {
    return [toAppError(error).message];
  }
}

function arbiterChange(present: PairConfig, next: PairConfig): string {
  const [before, after] = [present.arbiter.kind, next.arbiter.kind];
  return before === after ? `arbiter ${after} changed` : `arbiter: ${before} -> ${after}`;
}

function listChanges(
  noun: string,
  before: readonly { readonly id: string }[],
  after: readonly { readonly id: string }[],
): string[] {
  const gone = before.filter(({ id }) => !after.some((each) => each.id === id));
  const lines = after.flatMap((each) => {
    const old = before.find(({ id }) => id === each.id);
    if (!old) return [`${noun} ${each.id} added`];
    return same(old, each) ? [] : [`${noun} ${each.id} changed`];
  });
  return [...lines, ...gone.map(({ id }) => `${noun} ${id} removed`)];
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
