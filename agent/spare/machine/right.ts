/** Gaining and losing the right to forward, and the way down to rest: at most one member has it at a time (I7). */
import type { LeaseWrite } from '../../standby/lease/machine.ts';
import { become, decide, hasRight, memberName, seconds, type Turn, tell } from './turn.ts';

/** The forwarder ends a drain by itself; when it does not say so, nobody waits longer than this for it. */
const drainGraceMs = 250;
/** How long a release is tried when this member ends. */
const releaseTriesMs = 3_000;

/** A take that the store confirmed, answered or read back. It is worth `holdMs` from before it was sent, however late. */
export function taken(turn: Turn, write: LeaseWrite): void {
  const { s, now } = turn;
  s.epoch = write.epoch;
  s.highestEpoch = Math.max(s.highestEpoch, write.epoch);
  s.lastRenewMs = write.sentAtMs;
  if (s.phase !== 'resting') return;
  if (s.ending) {
    s.release = { successor: null };
    return;
  }
  const untilMs = write.sentAtMs + s.timing.holdMs;
  if (now.monotonicMs >= untilMs) {
    decide(
      turn,
      'taken-too-late',
      `the answer came ${seconds(now.monotonicMs - write.sentAtMs)} after it was asked`,
    );
    return;
  }
  s.rightUntilMs = untilMs;
  s.release = null;
  s.drained = false;
  s.wants = false;
  if (s.wish) s.holdUntilMs = now.monotonicMs + s.wish.holdSeconds * 1000;
  s.wish = null;
  become(turn, 'working');
  decide(turn, 'works', `works under epoch ${write.epoch}`);
  tell(
    turn,
    'info',
    'works',
    `${memberName(s, s.selfId)} forwards the group's alarms (epoch ${write.epoch})`,
  );
  turn.actions.push({ type: 'work', epoch: write.epoch, rightUntilMs: untilMs });
}

/** A confirmed renewal counts from before it was sent. */
export function extendRight(turn: Turn, write: LeaseWrite): void {
  const { s } = turn;
  const untilMs = write.sentAtMs + s.timing.holdMs;
  if (write.epoch !== s.epoch || untilMs <= s.rightUntilMs) return;
  s.rightUntilMs = untilMs;
  if (hasRight(s)) turn.actions.push({ type: 'extend', rightUntilMs: untilMs });
}

/** No right any more: rests at once, and leaves the lease to run out. */
export function loseRight(turn: Turn, rule: string, why: string): void {
  const { s } = turn;
  s.release = null;
  if (!hasRight(s)) return;
  become(turn, 'closing');
  decide(turn, rule, `rests: ${why}`);
  tell(turn, 'warning', rule, `${memberName(s, s.selfId)} stops forwarding: ${why}`);
  turn.actions.push({ type: 'rest' });
}

/** Looked at before anything else is believed: a late member must not act on an old right. */
export function checkRight(turn: Turn): void {
  const { s, now } = turn;
  if (!hasRight(s) || now.monotonicMs < s.rightUntilMs) return;
  const store =
    s.storeLostSinceMs === null
      ? 'the lease was not renewed in time'
      : `the group's store has not answered for ${seconds(now.monotonicMs - s.storeLostSinceMs)}`;
  loseRight(turn, 'lease-ran-out', store);
}

/** In order: what is under way is finished, then the lease goes to `successor`. */
export function handOver(turn: Turn, successor: string | null, rule: string, why: string): void {
  const { s } = turn;
  if (s.phase !== 'working') return;
  s.release = { successor };
  s.drained = false;
  become(turn, 'draining');
  decide(turn, rule, why);
  turn.actions.push({ type: 'drain', limitMs: s.timing.drainMs });
}

/** Drained, or given up: from the end of `closing` on nothing is sent, and only then the lease is let go. */
export function closeDown(turn: Turn): void {
  const { s, now } = turn;
  if (s.phase !== 'draining') return;
  if (!s.drained && now.monotonicMs - s.phaseSinceMs < s.timing.drainMs + drainGraceMs) return;
  if (!s.drained) decide(turn, 'drain-given-up', 'what was not acknowledged stays in the queue');
  become(turn, 'closing');
  turn.actions.push({ type: 'rest' });
}

export function rested(turn: Turn): void {
  const { s } = turn;
  if (s.phase !== 'closing') return;
  become(turn, 'resting');
}

/** The release came through: from now on the successor may work. */
export function released(turn: Turn): void {
  const { s, now } = turn;
  const successor = s.release?.successor ?? null;
  s.release = null;
  if (successor !== null) {
    const again = s.handedOver?.to === successor ? s.handedOver.times : 0;
    s.handedOver = { to: successor, atMs: now.monotonicMs, times: again + 1 };
  }
  const to = successor === null ? 'whoever is next' : memberName(s, successor);
  decide(turn, 'released', `hands over to ${to}`);
  tell(turn, 'info', 'handed-over', `${memberName(s, s.selfId)} handed over to ${to}`);
}

/** Whether an ending member has nothing left to do: at rest, and the lease let go or its release given up. */
export function noticeEnd(turn: Turn): void {
  const { s, now } = turn;
  if (!s.ending || s.ended || s.phase !== 'resting') return;
  const takes = s.request?.write?.kind === 'take';
  if ((s.release || takes) && now.monotonicMs - s.phaseSinceMs < releaseTriesMs) return;
  s.ended = true;
}
