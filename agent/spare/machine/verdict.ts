/** May this member take the lease now, and if not, by which rule: waiting, priority, and what makes waiting unnecessary. */
import { unfitSteps } from '../timing-plan.ts';
import { holdsStill } from './lease-io.ts';
import { hasSecond, isCurrent } from './members.ts';
import { placeOf } from './turn.ts';
import type { GroupState } from './types.ts';

export type StayRule =
  | 'ending'
  | 'same-id'
  | 'roster-unknown'
  | 'not-member'
  | 'store-away'
  | 'lease-unread'
  | 'lease-renewed'
  | 'lease-waiting'
  | 'handed-over'
  | 'released-waiting'
  | 'store-back';

export type TakeRule = 'handed-over-to-us' | 'own-lease' | 'lease-released' | 'lease-not-renewed';

export type Verdict =
  | { readonly take: true; readonly rule: TakeRule }
  /** `leftMs`: until it may, as things are; null when that depends on something else. */
  | { readonly take: false; readonly rule: StayRule; readonly leftMs: number | null };

/** How far down a member is: its place, and more steps while it is not ready or not current. */
export function stepsOf(s: GroupState): number {
  return placeOf(s, s.selfId) + (s.facts.ready && isCurrent(s) ? 0 : unfitSteps);
}

export function verdictOf(s: GroupState, nowMs: number): Verdict {
  const barred = barredBy(s, nowMs);
  if (barred) return { take: false, rule: barred, leftMs: null };
  const { lease, timing } = s;
  const record = lease?.stored?.record ?? null;
  if (lease?.witnessedRelease && record?.successor === s.selfId)
    return { take: true, rule: 'handed-over-to-us' };
  // It ran out while the store was away, and this member has rested: nobody else can have a right by it.
  if (holdsStill(s) && s.facts.ready) return { take: true, rule: 'own-lease' };
  // A host that ends the group lets go too, and its list says so.
  if (lease?.witnessedRelease && s.rosterReadMs < lease.receivedAtMs) {
    return { take: false, rule: 'roster-unknown', leftMs: null };
  }
  const stepsMs = stepsOf(s) * timing.stepMs;
  const successorMs = record?.successor == null ? 0 : timing.successorMs;
  const waitMs = (lease?.witnessedRelease ? successorMs : timing.takeOverAfterMs) + stepsMs;
  const leaseLeftMs = (lease?.receivedAtMs ?? nowMs) + waitMs - nowMs;
  // Who held it goes first when the store is back, and then the others in their order.
  const backLeftMs = s.storeBackMs + timing.pollMs + stepsMs - nowMs;
  if (leaseLeftMs > 0) return { take: false, rule: waitRule(s), leftMs: leaseLeftMs };
  if (backLeftMs > 0) return { take: false, rule: 'store-back', leftMs: backLeftMs };
  return { take: true, rule: lease?.witnessedRelease ? 'lease-released' : 'lease-not-renewed' };
}

function barredBy(s: GroupState, nowMs: number): StayRule | null {
  if (s.ending) return 'ending';
  if (hasSecond(s)) return 'same-id';
  if (s.roster === null) return s.storeLostSinceMs === null ? 'roster-unknown' : 'store-away';
  if (placeOf(s, s.selfId) < 0) return 'not-member';
  const looked = nowMs - s.lastAnswerMs < 2 * s.timing.pollMs + s.timing.rpcTimeoutMs;
  if (s.storeLostSinceMs !== null) return 'store-away';
  return s.readDue || !s.lease || !looked ? 'lease-unread' : null;
}

function waitRule(s: GroupState): StayRule {
  const { lease, timing } = s;
  if (lease?.witnessedRelease)
    return lease.stored?.record.successor == null ? 'released-waiting' : 'handed-over';
  const ageMs = s.lastAnswerMs - (lease?.receivedAtMs ?? 0);
  return ageMs < 2 * timing.renewMs ? 'lease-renewed' : 'lease-waiting';
}
