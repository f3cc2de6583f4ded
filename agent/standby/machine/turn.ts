/** One step in the making: a draft of the next state, the actions so far, and the few ways to add to them. */
import type { PairConfig, PairRole } from '../../../src/contract/standby.ts';
import { keepsLease } from '../timing-plan.ts';
import type { DecisionInputs, GuardAction, GuardState, Now } from './types.ts';

export interface Turn {
  readonly s: { -readonly [Key in keyof GuardState]: GuardState[Key] };
  readonly now: Now;
  readonly actions: GuardAction[];
}

export function hasArbiter(state: GuardState): boolean {
  return keepsLease(state.config.arbiter.kind);
}

/** From activating until everything has stopped: this node may hold the address and run resources. */
export function isOccupied(role: PairRole): boolean {
  return role === 'activating' || role === 'active' || role === 'deactivating';
}

export function decide(turn: Turn, rule: string, outcome: string, inputs: DecisionInputs = {}): void {
  const { s, now } = turn;
  turn.actions.push({
    type: 'record',
    decision: { timeMs: now.utcMs, nodeId: s.nodeId, rule, outcome, inputs },
  });
}

export function tell(turn: Turn, level: 'info' | 'warning' | 'error', event: string, text: string): void {
  turn.actions.push({ type: 'tell', level, event: `standby.${event}`, text });
}

export function become(turn: Turn, role: PairRole): void {
  const { s, now } = turn;
  if (s.role === role) return;
  s.role = role;
  s.roleSinceMs = now.monotonicMs;
  s.stayReason = null;
  turn.actions.push({ type: 'sendHeartbeats' });
}

export function persist(turn: Turn): void {
  const { wanted, highestEpoch, maintenance, standalone, resourcesMayRun: mayRun } = turn.s;
  const memory = { wanted, highestEpoch, maintenance, standalone, mayRun };
  turn.actions.push({ type: 'persist', memory });
}

/** None lower than this is ever used again on this node. */
export function learnEpoch(turn: Turn, epoch: number): void {
  if (epoch <= turn.s.highestEpoch) return;
  turn.s.highestEpoch = epoch;
  turn.s.highestEpochSinceMs = turn.now.monotonicMs;
  persist(turn);
}

/** The name operators know a node by. */
export function nodeName(state: GuardState, id: string | null): string {
  return state.config.nodes.find((node) => node.id === id)?.name ?? id ?? 'nobody';
}

/** Silence of this length on every link means that the peer is not heard. */
function lostAfterMs(state: GuardState): number {
  let longestMs = 0;
  for (const link of state.config.links) {
    longestMs = Math.max(longestMs, link.intervalMs * (link.lostPacketsMax + 1));
  }
  return longestMs;
}

export function peerIsHeard(state: GuardState, nowMs: number): boolean {
  return state.peer !== null && nowMs - state.peer.receivedAtMs < lostAfterMs(state);
}

/** A guard that has just started, or was held up, cannot tell a silent peer from one it has not heard yet. */
export function hasListened(state: GuardState, nowMs: number): boolean {
  return nowMs - state.listensSinceMs >= lostAfterMs(state);
}

export function fired(turn: Turn, trigger: keyof PairConfig['triggers']): void {
  turn.s.firedAtMs = { ...turn.s.firedAtMs, [trigger]: turn.now.utcMs };
}
