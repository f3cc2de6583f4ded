/** The words members say of themselves: writing our own, judging the others' by whether they change, finding a second of our id. */
import type { Presence, Roster } from '../types.ts';
import { handOver } from './right.ts';
import { decide, isAlive, placeOf, type Turn, tell } from './turn.ts';
import type { Facts, GroupEvent, GroupState, MemberView } from './types.ts';

/** A word of an earlier run that has not changed for so many intervals is left over. */
const leftOverIntervals = 2.5;
/** One late write of an ended run may still come; a second machine goes on. */
const secondMoves = 2;
/** A second of our id that is quiet for so long is gone. */
const strangerGoneMs = 10_000;

type Outcome<Type extends GroupEvent['type']> = Extract<
  GroupEvent,
  { type: Type; outcome: unknown }
>['outcome'];

/** Looks at roster and members, and says its own word, whenever it is time. */
export function tendMembers(turn: Turn): void {
  const { s, now } = turn;
  if (s.ended) return;
  if (now.monotonicMs - s.lastLookMs >= s.timing.presenceMs) {
    s.lastLookMs = now.monotonicMs;
    turn.actions.push({ type: 'readRoster' });
    for (const { id } of s.roster?.members ?? []) {
      if (id !== s.selfId) turn.actions.push({ type: 'readPresence', memberId: id });
    }
    if (placeOf(s, s.selfId) >= 0 && (s.stranger || !s.presence.known)) readOwn(turn);
  }
  sayOwn(turn);
}

function readOwn({ s, now, actions }: Turn): void {
  if (s.presence.busySinceMs !== null) return;
  s.presence = { ...s.presence, busySinceMs: now.monotonicMs };
  actions.push({ type: 'readPresence', memberId: s.selfId });
}

function sayOwn({ s, now, actions }: Turn): void {
  const own = s.presence;
  if (own.busySinceMs !== null && now.monotonicMs - own.busySinceMs >= 2 * s.timing.rpcTimeoutMs) {
    s.presence = { ...own, busySinceMs: null, known: false };
    return;
  }
  if (!own.known || own.busySinceMs !== null || s.stranger || placeOf(s, s.selfId) < 0) return;
  const presence = presenceOf(s, now.monotonicMs);
  const said = urgentOf(presence);
  if (said === own.said && now.monotonicMs - own.saidMs < s.timing.presenceMs) return;
  s.presence = { ...own, seq: presence.seq, said, saidMs: now.monotonicMs, busySinceMs: now.monotonicMs };
  actions.push({ type: 'writePresence', expected: own.revision, presence });
}

function presenceOf(s: GroupState, nowMs: number): Presence {
  const { ready, problem, unshared, backup } = s.facts;
  return {
    memberId: s.selfId,
    boot: s.boot,
    seq: s.presence.seq + 1,
    version: s.version,
    working: s.phase === 'working',
    ready,
    wants: s.wants,
    holdSeconds: holdSeconds(s, nowMs),
    epoch: s.epoch,
    backup,
    unshared,
    problem,
  };
}

function holdSeconds(s: GroupState, nowMs: number): number {
  if (s.wish) return s.wish.holdSeconds;
  return Math.max(0, Math.ceil((s.holdUntilMs - nowMs) / 1000)) || 0;
}

/** What others act on: it is said at once, the rest with the next word. */
function urgentOf({ working, ready, wants, holdSeconds: hold, backup }: Presence): string {
  return `${working} ${ready} ${wants} ${hold > 0} ${backup.version} ${backup.state} ${backup.publishedMs}`;
}

export function onPresenceRead(turn: Turn, memberId: string, outcome: Outcome<'presenceRead'>): void {
  if (memberId === turn.s.selfId) onOwnRead(turn, outcome);
  else if (outcome.kind === 'ok' && outcome.presence) onMember(turn, memberId, outcome.presence);
}

function onMember({ s, now }: Turn, memberId: string, presence: Presence): void {
  const before = s.members[memberId];
  const same = before?.presence.boot === presence.boot;
  // Two looks may be answered in the wrong order.
  if (same && presence.seq < before.presence.seq) return;
  const moved = before !== undefined && !(same && presence.seq === before.presence.seq);
  const unreadySinceMs = presence.ready ? null : (before?.unreadySinceMs ?? now.monotonicMs);
  const view: MemberView = {
    presence,
    movedMs: moved || !before ? now.monotonicMs : before.movedMs,
    moves: moved || before?.moves === true,
    unreadySinceMs,
  };
  s.members = { ...s.members, [memberId]: view };
}

function onOwnRead(turn: Turn, outcome: Outcome<'presenceRead'>): void {
  const { s, now } = turn;
  s.presence = { ...s.presence, busySinceMs: null };
  if (outcome.kind !== 'ok') return;
  const { presence, revision } = outcome;
  s.presence = { ...s.presence, revision };
  if (presence === null || presence.boot === s.boot) {
    s.presence = { ...s.presence, known: true };
    s.stranger = null;
    return;
  }
  const { boot, seq } = presence;
  const known = s.stranger;
  if (known?.boot === boot && known.seq === seq) return;
  const moves = known ? known.moves + 1 : 0;
  s.stranger = { boot, seq, sinceMs: now.monotonicMs, moves };
  if (moves !== secondMoves) return;
  const why = `another machine uses the id ${s.selfId}: is its data folder a copy of this one?`;
  decide(turn, 'same-id', why);
  tell(turn, 'error', 'same-id', why);
}

/** Another machine uses this one's id, and runs. */
export function hasSecond(s: GroupState): boolean {
  return (s.stranger?.moves ?? 0) >= secondMoves;
}

/** An earlier run's word lies still; a second machine's moves, and then this one takes no part. */
export function watchStranger(turn: Turn): void {
  const { s, now } = turn;
  if (!s.stranger) return;
  const quietMs = now.monotonicMs - s.stranger.sinceMs;
  const limitMs = hasSecond(s) ? strangerGoneMs : leftOverIntervals * s.timing.presenceMs;
  if (quietMs >= limitMs && s.storeLostSinceMs === null) {
    s.stranger = null;
    s.presence = { ...s.presence, known: true };
  } else if (hasSecond(s)) handOver(turn, null, 'same-id', 'lets go: another machine uses its id');
}

export function onPresenceWritten({ s }: Turn, outcome: Outcome<'presenceWritten'>): void {
  const revision = outcome.kind === 'ok' ? outcome.revision : s.presence.revision;
  s.presence = { ...s.presence, revision, known: outcome.kind === 'ok', busySinceMs: null };
}

export function onRoster(turn: Turn, outcome: Outcome<'rosterRead'>): void {
  const { s } = turn;
  if (outcome.kind !== 'ok') return;
  s.rosterReadMs = turn.now.monotonicMs;
  s.rosterGone = outcome.roster === null && s.roster !== null;
  if (outcome.roster === null) return;
  const before = s.roster;
  s.roster = outcome.roster;
  if (before === outcome.roster || JSON.stringify(before) === JSON.stringify(outcome.roster)) return;
  noticeOrder(turn, outcome.roster);
  if (placeOf(s, s.selfId) >= 0) return;
  const next = bestOther(s, turn.now.monotonicMs);
  handOver(turn, next, 'not-member', 'lets go: it is no member of the group any more');
}

function noticeOrder(turn: Turn, roster: Roster): void {
  const order = roster.members.map(({ name }) => name).join(', ') || 'nobody';
  decide(turn, 'order', `the order is ${order}`);
  const ids = new Set(roster.members.map(({ id }) => id));
  turn.s.members = Object.fromEntries(Object.entries(turn.s.members).filter(([id]) => ids.has(id)));
}

export function onFacts(turn: Turn, facts: Facts): void {
  const { s } = turn;
  if (s.facts.ready !== facts.ready) {
    decide(
      turn,
      facts.ready ? 'ready' : 'not-ready',
      facts.ready ? 'can forward' : `cannot forward: ${facts.problem}`,
    );
  }
  s.facts = facts;
}

/** Has taken over the newest backup that anyone is known to have published. The host's own is the newest. */
export function isCurrent(s: GroupState): boolean {
  const host = s.roster?.members[0]?.id;
  if (host === undefined || host === s.selfId) return true;
  return s.facts.backup.version >= (s.members[host]?.presence.backup.version ?? 0);
}

/** Alive and able to forward, by priority: to whom a member that ends hands over. */
export function bestOther(s: GroupState, nowMs: number): string | null {
  for (const { id } of s.roster?.members ?? []) {
    const view = s.members[id];
    if (id !== s.selfId && isAlive(s, view, nowMs) && view.presence.ready) return id;
  }
  return null;
}
