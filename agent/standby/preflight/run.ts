/** One preflight of both nodes: gathers here and there at once, measures the clocks over the peer link, judges. */
import {
  type NodeFacts,
  nodeFactsSchema,
  type PairConfig,
  type PreflightCheck,
} from '../../../src/contract/index.ts';
import { toAppError } from '../../../src/errors.ts';
import { checkAlone, checkPair } from './check-pair.ts';
import type { ClockOffset } from './verdict.ts';

/** What the preflight asks of the peer, over the peer link; both reject with an AppError when it does not answer. */
export interface PreflightPeer {
  /** The peer's own facts, as it gathered them now; not yet checked. */
  facts(): Promise<unknown>;
  /** The peer's wall clock in milliseconds. */
  timeMs(): Promise<number>;
}

export interface PreflightOptions {
  collect(): Promise<NodeFacts>;
  /** Null while there is no peer. */
  peer: PreflightPeer | null;
  clock: { monotonicMs(): number; wallMs(): number };
  config: PairConfig | null;
}

const clockRounds = 5;

export async function runPreflight(options: PreflightOptions): Promise<PreflightCheck[]> {
  const { peer, config } = options;
  if (peer === null) return checkAlone(await options.collect(), config, 'this node has no peer yet');
  const clock = await measureClock(peer, options.clock);
  const [self, other] = await Promise.allSettled([options.collect(), peerFacts(peer)]);
  if (self.status === 'rejected') throw toAppError(self.reason);
  if (other.status === 'rejected') return checkAlone(self.value, config, toAppError(other.reason).message);
  return checkPair(self.value, other.value, config, clock);
}

/** This node's facts, and the peer's after them when it answers. */
export async function gatherFacts({
  collect,
  peer,
}: Pick<PreflightOptions, 'collect' | 'peer'>): Promise<NodeFacts[]> {
  const theirs = peer === null ? Promise.resolve(null) : peerFacts(peer).catch(() => null);
  const [self, other] = await Promise.all([collect(), theirs]);
  return other === null ? [self] : [self, other];
}

async function peerFacts(peer: PreflightPeer): Promise<NodeFacts> {
  return nodeFactsSchema.parse(await peer.facts());
}

/** The best of a few rounds: the shortest round trip leaves the least doubt (as NTP does). Null when none came back. */
async function measureClock(
  peer: PreflightPeer,
  clock: PreflightOptions['clock'],
): Promise<ClockOffset | null> {
  let best: ClockOffset | null = null;
  for (let round = 0; round < clockRounds; round += 1) {
    const sentMs = clock.monotonicMs();
    const sentWallMs = clock.wallMs();
    try {
      const theirsMs = await peer.timeMs();
      const roundTripMs = clock.monotonicMs() - sentMs;
      const uncertaintyMs = roundTripMs / 2;
      if (best === null || uncertaintyMs < best.uncertaintyMs) {
        best = { offsetMs: theirsMs - (sentWallMs + uncertaintyMs), uncertaintyMs };
      }
    } catch {
      return best;
    }
  }
  return best;
}
