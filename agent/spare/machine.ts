/** The role machine: events in, actions out, no clock and no socket; never two members forward at once (I7). See DESIGN.md. */
import { considerAsking, considerGiving, onHandOver } from './machine/hand-over.ts';
import { expireRequest, onRead, onWentBack, onWrite, tendLease, write } from './machine/lease-io.ts';
import {
  bestOther,
  onFacts,
  onPresenceRead,
  onPresenceWritten,
  onRoster,
  tendMembers,
  watchStranger,
} from './machine/members.ts';
import { checkRight, closeDown, handOver, noticeEnd, rested } from './machine/right.ts';
import { decide, type Turn } from './machine/turn.ts';
import type { GroupEvent, GroupState, GroupStep, Now } from './machine/types.ts';
import { type StayRule, verdictOf } from './machine/verdict.ts';

/** When the queue knows a later epoch than the lease does, the lease's store went back: by so much the next one is higher. */
const epochLeap = 1_000;

/** Neither reads a clock nor changes what it is given. `now` is read before the event is handed in. */
export function step(state: GroupState, event: GroupEvent, now: Now): GroupStep {
  const turn: Turn = { s: { ...state }, now, actions: [] };
  turn.s.startedAtMs ??= now.monotonicMs;
  checkRight(turn);
  expireRequest(turn);
  handle(turn, event);
  checkRight(turn);
  settle(turn);
  return { state: turn.s, actions: turn.actions };
}

function handle(turn: Turn, event: GroupEvent) {
  const { s } = turn;
  switch (event.type) {
    case 'tick':
      return;
    case 'leaseRead':
      return onRead(turn, event.requestId, event.outcome);
    case 'leaseWrite':
      return onWrite(turn, event.requestId, event.outcome);
    case 'presenceRead':
      return onPresenceRead(turn, event.memberId, event.outcome);
    case 'presenceWritten':
      return onPresenceWritten(turn, event.outcome);
    case 'rosterRead':
      return onRoster(turn, event.outcome);
    case 'wentBack':
      return onWentBack(turn, event.problem);
    case 'drained':
      s.drained = s.phase === 'draining' || s.drained;
      return;
    case 'rested':
      return rested(turn);
    case 'outdated':
      return onOutdated(turn, event.epoch, event.problem);
    case 'facts':
      return onFacts(turn, event.facts);
    case 'handOver':
      return onHandOver(turn, event.to, event.holdSeconds);
    case 'end':
      return onEnd(turn, event.why);
  }
}

/** Either another has taken over and this one does not know yet, or the lease's store went back behind the queue. */
function onOutdated(turn: Turn, epoch: number, problem: string): void {
  const { s } = turn;
  if (epoch !== s.epoch || s.phase !== 'working') return;
  s.highestEpoch = Math.max(s.highestEpoch, epoch + epochLeap);
  handOver(turn, null, 'outdated', `lets go: ${problem}`);
}

function onEnd(turn: Turn, why: string): void {
  const { s, now } = turn;
  if (s.ending) return;
  s.ending = true;
  s.phaseSinceMs = s.phase === 'resting' ? now.monotonicMs : s.phaseSinceMs;
  decide(turn, 'ends', why);
  handOver(turn, bestOther(s, now.monotonicMs), 'ends', `hands over: ${why}`);
}

function settle(turn: Turn): void {
  const { s } = turn;
  watchStranger(turn);
  considerAsking(turn);
  considerGiving(turn);
  closeDown(turn);
  if (s.phase === 'resting' && !s.release && !s.request) campaign(turn);
  tendLease(turn);
  tendMembers(turn);
  noticeEnd(turn);
}

function campaign(turn: Turn): void {
  const { s, now } = turn;
  const verdict = verdictOf(s, now.monotonicMs);
  if (!verdict.take) {
    noticeStay(turn, verdict.rule);
    return;
  }
  const epoch = Math.max(s.highestEpoch, s.lease?.stored?.record.epoch ?? 0) + 1;
  decide(turn, verdict.rule, `takes the lease under epoch ${epoch}`);
  write(turn, 'take', epoch);
}

const quietRules: readonly StayRule[] = ['lease-renewed', 'store-back', 'ending', 'roster-unknown'];

/** Why it stays as it is, once for each reason. */
function noticeStay(turn: Turn, rule: StayRule): void {
  const { s } = turn;
  if (s.lastStay === rule) return;
  s.lastStay = rule;
  if (!quietRules.includes(rule)) decide(turn, rule, 'rests');
}
