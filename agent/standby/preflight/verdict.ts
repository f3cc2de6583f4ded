/** How a check of the preflight is said: one verdict with its evidence, and what to do unless all is well. */
import type { NodeFacts, PairConfig, PreflightCheck } from '../../../src/contract/index.ts';

/** How far the peer's clock is ahead of this node's, and how wrong that can be. */
export interface ClockOffset {
  offsetMs: number;
  uncertaintyMs: number;
}

/** What the checks look at; the config is null before the pair is configured. */
export interface PairView {
  a: NodeFacts;
  b: NodeFacts;
  config: PairConfig | null;
  clock: ClockOffset | null;
}

export interface Verdict {
  result: PreflightCheck['result'];
  evidence: string;
  fix: string | null;
}

export const pass = (evidence: string): Verdict => ({ result: 'pass', evidence, fix: null });
export const warn = (evidence: string, fix: string): Verdict => ({ result: 'warn', evidence, fix });
export const fail = (evidence: string, fix: string): Verdict => ({ result: 'fail', evidence, fix });
export const skip = (evidence: string): Verdict => ({ result: 'skip', evidence, fix: null });

/** The nodes of a view with their peer. */
export function sidesOf({ a, b }: PairView): { self: NodeFacts; peer: NodeFacts }[] {
  return [
    { self: a, peer: b },
    { self: b, peer: a },
  ];
}
