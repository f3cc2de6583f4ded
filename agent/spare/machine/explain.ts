/** Who works and why, who would be next and when: the machine's state in sentences a person can check. */
import { groupRoles } from '../../../src/contract/index.ts';
import { unfitSteps } from '../timing-plan.ts';
import { isCurrent } from './members.ts';
import { holderOf, isAlive, memberName, placeOf, seconds } from './turn.ts';
import type { GroupState } from './types.ts';
import { type StayRule, verdictOf } from './verdict.ts';

/** One sentence: what this receiver does, and on which ground. */
export function summaryOf(s: GroupState, nowMs: number): string {
  const self = memberName(s, s.selfId);
  switch (s.phase) {
    case 'working':
      return `${self} forwards the alarms under epoch ${s.epoch}, for another ${seconds(s.rightUntilMs - nowMs)} unless it renews its lease.`;
    case 'draining':
      return `${self} finishes what is under way, to hand over to ${memberName(s, s.release?.successor ?? null)}.`;
    case 'closing':
      return `${self} stops forwarding.`;
    case 'resting': {
      const verdict = verdictOf(s, nowMs);
      if (verdict.take) return `${self} is about to take the lease.`;
      return `${self} does not forward: ${staySentence(s, verdict.rule, verdict.leftMs ?? 0, nowMs)}.`;
    }
  }
}

function staySentence(s: GroupState, rule: StayRule, leftMs: number, nowMs: number): string {
  const holder = memberName(s, holderOf(s));
  const ageMs = nowMs - (s.lease?.receivedAtMs ?? nowMs);
  switch (rule) {
    case 'ending':
      return 'it is leaving or ending';
    case 'same-id':
      return `another machine uses its id ${s.selfId}; one of them must get an id of its own`;
    case 'roster-unknown':
      return 'it has not read the list of receivers since';
    case 'not-member':
      return 'it is not in the list of receivers';
    case 'store-away':
      return `the group's store has not answered it for ${seconds(nowMs - (s.storeLostSinceMs ?? nowMs))} (${s.storeProblem})`;
    case 'lease-unread':
      return 'it has not read the lease since';
    case 'lease-renewed':
      return `${holder} holds the lease and renewed it ${seconds(ageMs)} ago`;
    case 'lease-waiting':
      return `the lease of ${holder} has not been renewed for ${seconds(ageMs)}; it may take it in ${seconds(leftMs)}`;
    case 'handed-over':
      return `the lease was handed over to ${memberName(s, s.lease?.stored?.record.successor ?? null)}, which has ${seconds(leftMs)} before this one takes it`;
    case 'released-waiting':
      return `the lease was let go, and this one may take it in ${seconds(leftMs)} unless one before it does`;
    case 'store-back':
      return `the store is back, and those before it have ${seconds(leftMs)} to go on`;
  }
}

/** Grounds in lines: the store, the lease, each member as it is seen from here. */
export function groundsOf(s: GroupState, nowMs: number): string[] {
  const members = (s.roster?.members ?? []).map(({ id }) => memberLine(s, id, nowMs));
  return [storeLine(s, nowMs), leaseLine(s, nowMs), ...members, forecastOf(s, nowMs)];
}

function storeLine(s: GroupState, nowMs: number): string {
  if (s.storeLostSinceMs !== null) {
    return `The store has not answered for ${seconds(nowMs - s.storeLostSinceMs)}: ${s.storeProblem}. Events are kept and acknowledged here; nobody forwards without the store.`;
  }
  if (s.roundTripMs === null) return 'The store has not been asked yet.';
  return `The store answers within ${Math.round(s.roundTripMs)} ms.`;
}

function leaseLine(s: GroupState, nowMs: number): string {
  const record = s.lease?.stored?.record;
  if (!s.lease) return 'The lease is not known.';
  if (!record) return 'Nobody has held the lease yet.';
  const ageMs = nowMs - s.lease.receivedAtMs;
  if (record.holder === null)
    return `The lease was let go (epoch ${record.epoch}), seen ${seconds(ageMs)} ago.`;
  return `The lease is of ${memberName(s, record.holder)} (epoch ${record.epoch}), last change seen ${seconds(ageMs)} ago.`;
}

function memberLine(s: GroupState, id: string, nowMs: number): string {
  const place = placeOf(s, id);
  const name = `${memberName(s, id)} (${groupRoles[place] ?? 'member'})`;
  if (id === s.selfId) {
    const fit = s.facts.ready ? 'can forward' : `cannot forward: ${s.facts.problem ?? 'not ready'}`;
    return `${name} is this receiver; it ${fit}${isCurrent(s) ? '' : ', and its copy is not the newest'}.`;
  }
  const view = s.members[id];
  const heard = view?.moves ? `, last heard ${seconds(nowMs - view.movedMs)} ago` : '';
  if (!isAlive(s, view, nowMs)) return `${name} is offline${heard}.`;
  const { presence } = view;
  const fit = presence.ready ? 'can forward' : `cannot forward: ${presence.problem ?? 'not ready'}`;
  const holds = presence.holdSeconds > 0 ? `; by hand, for another ${presence.holdSeconds} s` : '';
  const asks = presence.wants ? '; asks to work' : '';
  return `${name} is there and ${fit}${presence.working ? '; works' : ''}${asks}${holds}.`;
}

/** Who would take over if the working one died now, and after how long. */
export function forecastOf(s: GroupState, nowMs: number): string {
  const holder = holderOf(s);
  const others = (s.roster?.members ?? []).flatMap(({ id }, place) => {
    if (id === holder) return [];
    const steps = stepsOfMember(s, id, place, nowMs);
    return steps === null ? [] : [{ id, waitMs: s.timing.takeOverAfterMs + steps * s.timing.stepMs }];
  });
  const first = others.sort((a, b) => a.waitMs - b.waitMs)[0];
  if (holder === null) return `Nobody works now${first ? `; ${memberName(s, first.id)} is next` : ''}.`;
  const name = memberName(s, holder);
  if (!first && isSilent(s, holder, nowMs))
    return `${name} is silent, and nobody takes over: no other receiver is there.`;
  if (!first) return `If ${name} died now, nobody would take over: no other receiver is there.`;
  const next = memberName(s, first.id);
  if (isSilent(s, holder, nowMs))
    return `${name} is silent; ${next} takes over ${seconds(first.waitMs)} after its last renewal.`;
  return `If ${name} died now, ${next} would take over ${seconds(first.waitMs)} after its last renewal.`;
}

function isSilent(s: GroupState, id: string, nowMs: number): boolean {
  return id !== s.selfId && s.storeLostSinceMs === null && !isAlive(s, s.members[id], nowMs);
}

function stepsOfMember(s: GroupState, id: string, place: number, nowMs: number): number | null {
  if (id === s.selfId) return place + (s.facts.ready && isCurrent(s) ? 0 : unfitSteps);
  const view = s.members[id];
  return isAlive(s, view, nowMs) ? place + (view.presence.ready ? 0 : unfitSteps) : null;
}
