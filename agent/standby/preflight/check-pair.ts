/** Preflight: every condition for two nodes to form a pair, judged from what both say of themselves; pure, so that recorded facts test it. */
import type { NodeFacts, PairConfig, PreflightCheck } from '../../../src/contract/index.ts';
import {
  checkAgentVersion,
  checkAntivirus,
  checkClock,
  checkHostNames,
  checkProcesses,
  checkPrograms,
  checkSystem,
  checkTimeZone,
  checkVersion,
} from './check-machines.ts';
import {
  checkCaptureAdapter,
  checkCards,
  checkIdentity,
  checkLinkSegments,
  checkPings,
  checkPorts,
  checkServiceSegment,
  checkVirtualAddresses,
} from './check-network.ts';
import { checkFailover, checkIsolation, checkStopTimes } from './check-timing.ts';
import { type ClockOffset, type PairView, sidesOf, type Verdict } from './verdict.ts';

type OfPair = readonly [id: string, title: string, check: (view: PairView) => Verdict];
type OfNode = readonly [id: string, title: string, check: (self: NodeFacts, view: PairView) => Verdict];

const ofPair: readonly OfPair[] = [
  ['system', 'same operating system', checkSystem],
  ['host-names', 'different host names', checkHostNames],
  ['identity', 'the two nodes of the settings', checkIdentity],
  ['time-zone', 'same time zone', checkTimeZone],
  ['clock', 'clocks agree', checkClock],
  ['version', 'same version and path of Holdfast', checkVersion],
  ['agent-version', 'same agent version', checkAgentVersion],
  ['application', 'same application on both', checkPrograms],
  ['service-segment', 'three addresses of one segment', checkServiceSegment],
  ['link-segments', 'heartbeat apart from the service', checkLinkSegments],
  ['isolation', 'a cable that carries one way is noticed', checkIsolation],
  ['stop-times', 'what the pair runs stops in time', checkStopTimes],
  ['arbiter-failover', "the pair outlives the arbiter's failover", checkFailover],
];

const ofNode: readonly OfNode[] = [
  ['network-cards', 'two network cards up', checkCards],
  ['capture-adapter', 'no Npcap loopback adapter', checkCaptureAdapter],
  ['virtual-address', 'virtual address unused', checkVirtualAddresses],
  ['ping', 'the peer answers on every link', checkPings],
  ['ports', 'ports of the links free', checkPorts],
  ['processes', 'processes of the agent run', checkProcesses],
  ['antivirus', 'virus scanner leaves recordings alone', checkAntivirus],
];

/** What `node` of a check says when it is about both. */
export const bothNodes = 'both';

/**
 * All checks of two nodes, each once per node or once for both. `config` is null before the pair is configured: what needs
 * it is then skipped. `clock` is the peer's offset as measured over the peer link.
 */
export function checkPair(
  a: NodeFacts,
  b: NodeFacts,
  config: PairConfig | null,
  clock: ClockOffset | null = null,
): PreflightCheck[] {
  const view: PairView = { a, b, config, clock };
  return [
    ...ofPair.map(([id, title, check]) => ({ id, title, node: bothNodes, ...check(view) })),
    ...ofNode.flatMap(([id, title, check]) =>
      sidesOf(view).map(({ self }) => ({ id, title, node: self.name, ...check(self, view) })),
    ),
    ...[a, b].flatMap(ofArbiter),
  ];
}

/** What can be said while the peer cannot be asked: that it did not answer, and this node's own half. */
export function checkAlone(
  self: NodeFacts,
  config: PairConfig | null,
  peerProblem: string,
): PreflightCheck[] {
  const view: PairView = { a: self, b: self, config, clock: null };
  return [
    {
      id: 'peer',
      title: 'the peer answers over the peer link',
      node: bothNodes,
      result: 'fail',
      evidence: peerProblem,
      fix: 'Start the agent of the other node, and see that its port is reachable; pair the two if they are not yet.',
    },
    ...ofNode.map(([id, title, check]) => ({ id, title, node: self.name, ...check(self, view) })),
    ...ofArbiter(self),
  ];
}

/** Judged where it was found: each node has its own way to the arbiter. */
function ofArbiter({ arbiter, name }: NodeFacts): PreflightCheck[] {
  return arbiter.map((finding) => ({ ...finding, node: name }));
}
