/** Failback and hand-over by hand: a member asks, and only the working one gives, when it has finished what is under way. */
import { hasSecond, isCurrent } from './members.ts';
import { handOver } from './right.ts';
import { decide, holderOf, isAlive, memberName, placeOf, type Turn, tell } from './turn.ts';
import type { GroupState, MemberView } from './types.ts';

/** So long at least a hand-over by hand lasts: it must be seen by all before anyone asks back. */
const holdSecondsMin = 10;
const handOverPauseMaxMs = 60_000;

/** Keeps `fitSinceMs` and `wants` as they should be now. */
export function considerAsking(turn: Turn): void {
  const { s, now } = turn;
  const fit =
    s.facts.ready &&
    isCurrent(s) &&
    placeOf(s, s.selfId) >= 0 &&
    !hasSecond(s) &&
    s.storeLostSinceMs === null &&
    !s.ending;
  s.fitSinceMs = fit ? (s.fitSinceMs ?? now.monotonicMs) : null;
  if (s.wish && now.monotonicMs >= s.wish.untilMs) {
    s.wish = null;
    decide(turn, 'wish-not-met', 'the working one did not hand over in time');
    tell(turn, 'warning', 'hand-over-failed', `${memberName(s, holderOf(s))} did not hand over in time`);
  }
  const wants = s.phase === 'resting' && !s.ending && (s.wish !== null || asksBack(s, now.monotonicMs));
  if (wants && !s.wants) decide(turn, 'asks', `asks ${memberName(s, holderOf(s))} to hand over`);
  s.wants = wants;
}

/** Higher in priority, or able where the working one is not; fit for a while; and nobody holds by hand. */
function asksBack(s: GroupState, nowMs: number): boolean {
  const holder = holderOf(s);
  if (holder === null || holder === s.selfId) return false;
  const working = s.members[holder];
  if (!isAlive(s, working, nowMs) || s.fitSinceMs === null || nowMs - s.fitSinceMs < s.timing.stableMs)
    return false;
  const unable = working.unreadySinceMs !== null && nowMs - working.unreadySinceMs >= s.timing.stableMs;
  if (isOutranked(s, nowMs)) return false;
  if (unable) return true;
  return placeOf(s, s.selfId) < placeOf(s, holder) && !isHeld(s, nowMs);
}

/** One that goes before this asks already. */
function isOutranked(s: GroupState, nowMs: number): boolean {
  const before = (s.roster?.members ?? []).slice(0, placeOf(s, s.selfId));
  return before.some(({ id }) => {
    const view = s.members[id];
    return isAlive(s, view, nowMs) && view.presence.wants;
  });
}

function isHeld(s: GroupState, nowMs: number): boolean {
  if (nowMs < s.holdUntilMs) return true;
  return Object.values(s.members).some((view) => isAlive(s, view, nowMs) && view.presence.holdSeconds > 0);
}

/** The working one gives to who asked by hand, then to the highest that asks and goes before it. */
export function considerGiving(turn: Turn): void {
  const { s, now } = turn;
  if (s.phase !== 'working') return;
  const asking = (s.roster?.members ?? []).flatMap(({ id }) => {
    const view = s.members[id];
    return id !== s.selfId && isAlive(s, view, now.monotonicMs) && mayHave(s, id, view, now.monotonicMs)
      ? [{ id, byHand: view.presence.holdSeconds > 0 }]
      : [];
  });
  const next = asking.find(({ byHand }) => byHand) ?? asking[0];
  if (!next) return;
  const why = next.byHand ? 'an operator asked for it' : 'it goes before this one and asks';
  handOver(
    turn,
    next.id,
    next.byHand ? 'hand-over' : 'failback',
    `hands over to ${memberName(s, next.id)}: ${why}`,
  );
}

function mayHave(s: GroupState, id: string, { presence }: MemberView, nowMs: number): boolean {
  if (!presence.wants || !presence.ready) return false;
  if (presence.holdSeconds > 0) return true;
  return !failedLately(s, id, nowMs) && (placeOf(s, id) < placeOf(s, s.selfId) || !s.facts.ready);
}

/** It was handed over to and did not take it: each time it is given longer to mend. */
function failedLately(s: GroupState, id: string, nowMs: number): boolean {
  if (s.handedOver?.to !== id) return false;
  const pauseMs = Math.min(handOverPauseMaxMs, s.timing.handOverPauseMs * 2 ** (s.handedOver.times - 1));
  return nowMs - s.handedOver.atMs < pauseMs;
}

/** An operator's wish, as `refusal` has let it through. */
export function onHandOver(turn: Turn, to: string, wanted: number): void {
  const { s, now } = turn;
  const holdSeconds = Math.max(holdSecondsMin, wanted);
  if (handOverRefusal(s, to, now.monotonicMs) !== null) return;
  if (to === s.selfId) {
    s.wish = { untilMs: now.monotonicMs + s.timing.wishMs, holdSeconds };
    return;
  }
  s.holdUntilMs = now.monotonicMs + holdSeconds * 1000;
  handOver(turn, to, 'hand-over', `hands over to ${memberName(s, to)}: an operator asked for it`);
}

/** Why this member cannot do what the operator asks; null when it can. */
export function handOverRefusal(s: GroupState, to: string, nowMs: number): string | null {
  if (placeOf(s, to) < 0) return `${to} is no member of the group`;
  if (to === s.selfId) {
    if (s.phase === 'working') return `${memberName(s, to)} works already`;
    if (!s.facts.ready) return `${memberName(s, to)} cannot forward: ${s.facts.problem ?? 'it is not ready'}`;
    return s.storeLostSinceMs === null ? null : "the group's store is out of reach";
  }
  if (s.phase !== 'working') {
    return `only the working receiver can hand over to another one, and that is ${holderOf(s) === null ? 'nobody now' : memberName(s, holderOf(s))}`;
  }
  const view = s.members[to];
  if (!isAlive(s, view, nowMs)) return `${memberName(s, to)} is offline`;
  return view.presence.ready
    ? null
    : `${memberName(s, to)} cannot forward: ${view.presence.problem ?? 'it is not ready'}`;
}
