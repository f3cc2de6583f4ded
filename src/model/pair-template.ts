/** The commented example of a pair file, filled with what is known of both nodes; it is itself a valid pair file. */
import { stringify } from 'yaml';
import type { NodeFacts } from '../contract/standby-facts.ts';
import { nodesOf } from './pair-file.ts';
import { type CommonSegment, commonSegments, outerAddresses, serviceSegment } from './pair-suggest.ts';

/** What stands where nothing is known yet: addresses reserved for documentation. */
const exampleSegment: CommonSegment = {
  here: { interface: 'eth0', address: '192.0.2.1', prefix: 24 },
  there: { interface: 'eth0', address: '192.0.2.2', prefix: 24 },
};

/** Whole text of the file. `facts` holds this node, and its peer once both are paired. */
export function pairTemplate(facts: readonly NodeFacts[]): string {
  const [here, there] = facts;
  const segments = here && there ? commonSegments(here, there) : [];
  const service = (there && serviceSegment(segments, there)) ?? exampleSegment;
  const links = segments.length === 0 ? [exampleSegment] : segments;
  const ids = [here?.nodeId ?? 'n-here', there?.nodeId ?? 'n-there'] as const;
  return [
    head(facts),
    'application: video                # what the pair runs; you type this name to confirm a take-over',
    'profile: default                  # default | fast (half the time, needs a quiet network) | custom (with timing:)',
    nodeText(facts),
    '',
    '# One to four heartbeat links. One of them best by a cable from node to node, apart from the service.',
    block({ links: links.map((segment, at) => linkOf(segment, at, service, ids)) }),
    '# Who decides when the two cannot hear each other. Others:',
    '#   kind: hub, url: https://hub:6070, account: site-1, key: …, fingerprint: …',
    '#   kind: etcd, endpoints: [https://etcd1:2379]        kind: nats, servers: [nats://nats1:4222]',
    '#   kind: fence-agent, command: [/usr/local/sbin/power-off-peer]',
    '#   kind: availability-first      UNSAFE: both can become active when the links are cut',
    'arbiter:',
    '  kind: manual                    # a person confirms each take-over',
    '',
    '# What the pair runs, each after those it names. Kinds: ip, volume, service, process, script, ocf, recording.',
    'resources:',
    '  - id: address',
    '    name: service address',
    '    kind: ip',
    `    address: ${virtualOf(service)}       # unused, in the segment of both nodes: please check`,
    `    interfaces: ${interfacesOf(service, ids)}`,
    '  - id: recording',
    '    name: recording',
    '    kind: recording               # the cameras of the pair, where it is active',
    '#  - id: web',
    '#    name: web server',
    '#    kind: service',
    '#    unit: nginx.service',
    '#    after: [address]',
    '#    startTimeoutSeconds: 20',
    '#    restartTriesMax: 1',
    '',
    'consistency: complete             # complete | logic | unconditional: what may be lost at a take-over',
    `isolationAddresses: []            # answer from outside (gateway): the active gives up when none does`,
    'failback: never                   # never | ask | when-stable',
    'waitAfterStartSeconds: 60         # after a host start, before it may become active',
    'triggers: { peerLost: true, network: true, resource: true, process: true, storage: true }',
    '',
  ].join('\n');
}

function head(facts: readonly NodeFacts[]): string {
  const known = facts.flatMap((each) => [
    `# ${each.name} (${each.nodeId}), ${each.osName}, Holdfast ${each.version}`,
    ...outerAddresses(each).map(
      (placed) => `#   ${placed.interface.padEnd(8)} ${placed.address}/${placed.prefix}`,
    ),
  ]);
  const unpaired = [
    '# This node has no peer yet: holdfast standby pair code here, and on the other node',
    '# holdfast standby pair join ADDRESS CODE. Then this template names both.',
  ];
  return [
    '# The settings of a pair. Try it: holdfast standby apply pair.yaml --dry-run',
    ...known,
    ...(facts.length === 2 ? [] : unpaired),
    '',
  ].join('\n');
}

function nodeText(facts: readonly NodeFacts[]): string {
  const nodes = nodesOf(facts);
  if (nodes === null) return '# nodes: filled in when the two are paired';
  return block({ nodes }).trimEnd();
}

function linkOf(
  segment: CommonSegment,
  at: number,
  service: CommonSegment,
  [here, there]: readonly [string, string],
) {
  const shared = segment.here.address === service.here.address;
  return {
    id: shared ? 'service' : at === 0 ? 'cable' : `link-${at + 1}`,
    addresses: { [here]: segment.here.address, [there]: segment.there.address },
    port: 7340,
    intervalMs: 250,
    lostPacketsMax: 4,
  };
}

/** An address of the segment that neither node holds: a proposal, which the preflight then checks. */
export function virtualOf({ here, there }: CommonSegment): string {
  const ipv6 = here.address.includes(':');
  const separator = ipv6 ? ':' : '.';
  const stem = here.address.slice(0, here.address.lastIndexOf(separator) + 1);
  const taken = [here.address, there.address];
  const last = ['10', '11', '12'].find((each) => !taken.includes(stem + each)) ?? '10';
  return `${stem}${last}/${here.prefix}`;
}

function interfacesOf({ here, there }: CommonSegment, [own, other]: readonly [string, string]): string {
  const map =
    here.interface === there.interface
      ? { '*': here.interface }
      : { [own]: here.interface, [other]: there.interface };
  return JSON.stringify(map);
}

function block(value: unknown): string {
  return stringify(value, { lineWidth: 110 });
}
