/** One step in the making: a draft of the next state, the actions so far, and the few ways to add to them. */
import type { GroupAction, GroupState, MemberView, Now, Phase } from './types.ts';

export interface Turn {
  readonly s: { -readonly [Key in keyof GroupState]: GroupState[Key] };
  readonly now: Now;
  readonly actions: GroupAction[];
}

export function decide(turn: Turn, rule: string, outcome: string): void {
  turn.actions.push({ type: 'record', decision: { timeMs: turn.now.utcMs, rule, outcome } });
}

export function tell(turn: Turn, level: 'info' | 'warning' | 'error', event: string, text: string): void {
  turn.actions.push({ type: 'tell', level, event: `group.${event}`, text });
}

export function become(turn: Turn, phase: Phase): void {
  turn.s.phase = phase;
  turn.s.phaseSinceMs = turn.now.monotonicMs;
  turn.s.lastStay = null;
}

/** The name operators know a member by. */
export function memberName(s: GroupState, id: string | null): string {
  return s.roster?.members.find((member) => member.id === id)?.name ?? id ?? 'nobody';
}

/** Place in the order of priority, 0 for the host; -1 for who is no member. */
export function placeOf(s: GroupState, id: string): number {
  return s.roster?.members.findIndex((member) => member.id === id) ?? -1;
}

export function holderOf(s: GroupState): string | null {
  return s.lease?.stored?.record.holder ?? null;
}

/** Its word was seen to change, and not long ago: a word that only lies there proves nothing. */
export function isAlive(s: GroupState, member: MemberView | undefined, nowMs: number): member is MemberView {
  return member?.moves === true && nowMs - member.movedMs < s.timing.aliveMs;
}

export function hasRight(s: GroupState): boolean {
  return s.phase === 'working' || s.phase === 'draining';
}

export function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
}
