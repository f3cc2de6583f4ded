/** One fault as the client saw it, and several rounds of it as a figure. */
import { longestOutageMs, overlapMs, type Witness } from '../test/cluster/measure.ts';

type NodeName = 'a' | 'b';

/** A second outage, when the first answer was not the last word, would come within this time. */
export const settleMs = 1_500;
const patienceMs = 30_000;

export interface FailoverCase {
  readonly name: string;
  /** Median of the rounds. */
  readonly outageMs: number;
  readonly worstMs: number;
  /** Whether both nodes held the address at once, in any round. */
  readonly twoHolders: boolean;
  readonly targetMs?: number;
}

export interface Round {
  readonly outageMs: number;
  readonly twoHoldersMs: number;
}

/** Waits until one of the nodes answers after a break, and a while longer. */
export async function measure(
  { answers, answerFrom, holdings }: Witness,
  fromMs: number,
  nodes: readonly NodeName[],
): Promise<Round> {
  await answerFrom(nodes, patienceMs);
  // A node that dies slowly still answers at first.
  await pause(nodes.length > 1 ? 2 * settleMs + 3_000 : settleMs);
  const nowMs = Date.now();
  return {
    outageMs: longestOutageMs(answers, fromMs, nowMs),
    twoHoldersMs: overlapMs(sinceOf(holdings('a'), fromMs), sinceOf(holdings('b'), fromMs), nowMs),
  };
}

function sinceOf(holdings: ReturnType<Witness['holdings']>, fromMs: number): typeof holdings {
  return holdings.filter(({ toMs }) => toMs > fromMs);
}

export function caseOf(name: string, measured: readonly Round[], targetMs?: number): FailoverCase {
  const outages = measured.map(({ outageMs }) => outageMs).sort((one, other) => one - other);
  return {
    name,
    outageMs: outages[Math.floor(outages.length / 2)] ?? 0,
    worstMs: outages.at(-1) ?? 0,
    twoHolders: measured.some(({ twoHoldersMs }) => twoHoldersMs > 0),
    ...(targetMs === undefined ? {} : { targetMs }),
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
