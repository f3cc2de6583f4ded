/** Gaining and losing the right to be active: rules 1 and 2, and the way down to `stopped`. */
import { stoppedAfterMs } from '../timing-plan.ts';
import {
  become,
  decide,
  fired,
  hasArbiter,
  isOccupied,
  learnEpoch,
  nodeName,
  persist,
  type Turn,
  tell,
} from './turn.ts';
import type { DecisionInputs, GuardState, GuardWrite, NextRole } from './types.ts';

/** Starts that may fail on a node, one after the other, before it gives up and says why. */
export const failuresMax = 3;
const backoffMinMs = 2_000;
const backoffMaxMs = 60_000;
/** After this long as the active, earlier failures no longer count. */
const soundMs = 60_000;
const resetRepeatMs = 1_000;

/** Until when this node may work: its lease, or the peer's promise. Without an arbiter nothing runs out. */
export function authorityUntilMs(s: GuardState): number {
  return hasArbiter(s) ? Math.max(s.validUntilMs, s.promisedUntilMs) : Number.POSITIVE_INFINITY;
}

/** Rule 1: a success is worth D from before it was sent, however late its answer comes. */
export function extendLease(turn: Turn, sentAtMs: number): void {
  const { s } = turn;
  const beforeMs = authorityUntilMs(s);
  s.validUntilMs = Math.max(s.validUntilMs, sentAtMs + s.timing.leaseMs);
  armWatchdog(turn, beforeMs);
}

/** Rule 6: the peer's promise counts from this node's own clock at the heartbeat it answers, never from its receipt. */
export function extendPromise(turn: Turn, echoOfMs: number, promiseForMs: number): void {
  const { s } = turn;
  const beforeMs = authorityUntilMs(s);
  const untilMs = echoOfMs + Math.min(promiseForMs, s.timing.leaseMs);
  s.promisedUntilMs = Math.max(s.promisedUntilMs, untilMs);
  armWatchdog(turn, beforeMs);
}

function armWatchdog(turn: Turn, beforeMs: number): void {
  const untilMs = authorityUntilMs(turn.s);
  if (untilMs === beforeMs) return;
  turn.actions.push({ type: 'armWatchdog', deadlineMs: untilMs + turn.s.timing.stopMs });
}

interface Activation {
  readonly epoch: number;
  readonly rule: string;
  readonly inputs: DecisionInputs;
  readonly handedOver: boolean;
}

/** The lease is taken (or, without an arbiter, the decision made): start under the new epoch. */
export function activate(turn: Turn, { epoch, rule, inputs, handedOver }: Activation): void {
  const { s } = turn;
  s.epoch = epoch;
  learnEpoch(turn, epoch);
  s.resourcesMayRun = true;
  persist(turn);
  s.expired = false;
  s.resetAtMs = Number.POSITIVE_INFINITY;
  s.resources = 'starting';
  s.releaseDue = false;
  s.successor = null;
  s.campaign = null;
  s.yieldWantedUntilMs = Number.NEGATIVE_INFINITY;
  s.resourceFailedAtMs = Number.NEGATIVE_INFINITY;
  s.problem = null;
  become(turn, 'activating');
  decide(turn, rule, `takes over under epoch ${epoch}`, inputs);
  tell(turn, 'info', 'activating', `${nodeName(s, s.nodeId)} becomes active under epoch ${epoch}`);
  turn.actions.push({ type: 'startResources', epoch, handedOver });
}

/** A take that the store confirmed, answered or read back; worthless once its time is over. */
export function taken(turn: Turn, write: GuardWrite): void {
  const { s, now } = turn;
  if (s.role !== 'candidate' || now.monotonicMs >= write.sentAtMs + s.timing.leaseMs) return;
  s.validUntilMs = Number.NEGATIVE_INFINITY;
  s.promisedUntilMs = Number.NEGATIVE_INFINITY;
  extendLease(turn, write.sentAtMs);
  const tookMs = Math.round(now.monotonicMs - write.sentAtMs);
  const inputs = { epoch: write.epoch, tookMs };
  activate(turn, { epoch: write.epoch, rule: 'lease-taken', inputs, handedOver: write.handedOver });
}

export interface WayDown {
  readonly rule: string;
  readonly why: string;
  readonly next: NextRole;
  /** Whom the release names; null leaves the application brought out. */
  readonly successor: string | null;
  readonly inputs?: DecisionInputs;
}

/** An orderly way down: the lease is kept and renewed until everything has stopped, then released. */
export function stepDown(turn: Turn, way: WayDown): void {
  const { s } = turn;
  s.next = way.next;
  s.successor = way.successor;
  s.releaseDue = true;
  s.drainUntilMs = 0;
  decide(turn, way.rule, way.why, { epoch: s.epoch, ...way.inputs });
  if (s.role === 'deactivating') return;
  s.resources = 'stopping';
  become(turn, 'deactivating');
  turn.actions.push({ type: 'stopResources' });
}

/** Rule 2: no right to work any more. Everything must be gone S after the authority ran out, or the machine is reset. */
export function loseAuthority(turn: Turn, rule: string, why: string, inputs: DecisionInputs = {}): void {
  const { s, now } = turn;
  if (s.expired) return;
  s.expired = true;
  s.resetAtMs = Math.min(authorityUntilMs(s), now.monotonicMs) + s.timing.stopMs;
  turn.actions.push({ type: 'freeze' }, { type: 'dropAddresses' });
  tell(turn, 'error', rule, `${nodeName(s, s.nodeId)} stops: ${why}`);
  if (s.role === 'deactivating') {
    decide(turn, rule, why, { epoch: s.epoch, ...inputs });
    return;
  }
  stepDown(turn, { rule, why, next: s.wanted === 'in' ? 'standby' : 'out', successor: s.peerId, inputs });
  // In maintenance nobody is to take over: the lease stays with this node, which takes it again.
  if (s.maintenance) s.releaseDue = false;
}

/** Looks at the clock before anything else is believed: a late guard must not act on an old right. */
export function checkAuthority(turn: Turn): void {
  const { s, now } = turn;
  if (!isOccupied(s.role)) return;
  const untilMs = authorityUntilMs(s);
  if (!s.expired && now.monotonicMs >= untilMs) {
    loseAuthority(turn, 'lease-ran-out', 'the lease could not be renewed in time', {
      lateMs: Math.round(now.monotonicMs - untilMs),
      storeLostMs: s.storeLostSinceMs === null ? null : Math.round(now.monotonicMs - s.storeLostSinceMs),
    });
  }
  if (now.monotonicMs >= s.resetAtMs) reset(turn, 'resources still run after the lease has run out');
}

export function reset(turn: Turn, reason: string): void {
  const { s, now } = turn;
  if (now.monotonicMs - s.resetAskedMs < resetRepeatMs) return;
  s.resetAskedMs = now.monotonicMs;
  decide(turn, 'reset-machine', reason, { epoch: s.epoch });
  tell(turn, 'error', 'reset', `${nodeName(s, s.nodeId)} is reset: ${reason}`);
  turn.actions.push({ type: 'resetMachine', reason });
}

/** A try that failed counts; after the last the node gives up, so that a pair does not play ping-pong. */
export function failed(turn: Turn, rule: string, problem: string, inputs: DecisionInputs = {}): void {
  const { s, now } = turn;
  s.failures += 1;
  s.problem = problem;
  const waitMs = Math.min(backoffMaxMs, backoffMinMs * 2 ** s.failures) + s.timing.takeOverAfterMs;
  s.notBeforeMs = now.monotonicMs + waitMs;
  if (rule === 'resource-failed') fired(turn, 'resource');
  const givesUp = s.failures >= failuresMax;
  stepDown(turn, {
    rule,
    why: givesUp ? `${problem}; gives up after ${s.failures} failures` : problem,
    next: givesUp ? 'fault' : 'standby',
    successor: s.standalone ? s.nodeId : s.peerId,
    inputs: { ...inputs, failures: s.failures, failuresMax },
  });
  tell(turn, 'error', rule, `${nodeName(s, s.nodeId)}: ${problem}`);
}

/** Everything has stopped: only now is the address free for the peer. */
export function stopped(turn: Turn): void {
  const { s, now } = turn;
  s.resources = 'stopped';
  if (s.resourcesMayRun) {
    s.resourcesMayRun = false;
    persist(turn);
  }
  if (s.role !== 'deactivating') return;
  const hadEpoch = s.epoch;
  s.epoch = 0;
  s.expired = false;
  s.resetAtMs = Number.POSITIVE_INFINITY;
  s.validUntilMs = Number.NEGATIVE_INFINITY;
  s.promisedUntilMs = Number.NEGATIVE_INFINITY;
  turn.actions.push({ type: 'disarmWatchdog' });
  if (!hasArbiter(s)) {
    const offers = s.releaseDue && s.successor === s.peerId;
    if (offers) s.offerUntilMs = now.monotonicMs + stoppedAfterMs(s.timing) * 2;
    s.releaseDue = false;
  }
  become(turn, s.next);
  if (hadEpoch > 0) tell(turn, 'info', 'stopped', `everything of epoch ${hadEpoch} has stopped`);
}

export function forgetOldFailures(turn: Turn): void {
  const { s, now } = turn;
  if (s.failures > 0 && now.monotonicMs - s.roleSinceMs >= soundMs) s.failures = 0;
}
