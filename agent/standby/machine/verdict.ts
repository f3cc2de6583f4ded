/** May this standby become the active now, and if not, why: one rule at a time, in the order of their weight (rule 3). */

import { isMember } from './lease-io.ts';
import { peerIsHeard } from './turn.ts';
import type { GuardState } from './types.ts';

export const stayRules = [
  'still-stopping',
  'arbiter-unknown',
  'arbiter-unreachable',
  'foreign-holder',
  'arbiter-went-back',
  'promise',
  'lease-renewed',
  'lease-waiting',
  'handed-over',
  'brought-out',
  'maintenance',
  'peer-maintenance',
  'trigger-off',
  'wait-after-start',
  'backoff',
  'not-fit',
  'data-behind',
  'failback-possible',
  'peer-active',
  'peer-first',
  'needs-operator',
  'shutting-down',
] as const;
export type StayRule = (typeof stayRules)[number];
export type TakeRule =
  | 'released-to-us'
  | 'lease-free'
  | 'lease-not-renewed'
  | 'operator'
  | 'arbiter-restored';
export type Verdict =
  | { readonly take: true; readonly rule: TakeRule }
  | { readonly take: false; readonly rule: StayRule };

const stay = (rule: StayRule): Verdict => ({ take: false, rule });

export function leaseAgeMs(s: GuardState, nowMs: number): number {
  return s.lease ? nowMs - s.lease.receivedAtMs : 0;
}

/** The store shows less than what is known: restored from a backup, or emptied. */
export function wentBack(s: GuardState): boolean {
  const epoch = s.lease?.stored?.record.epoch ?? 0;
  return s.lease !== null && epoch < s.highestEpoch && s.lastAnswerMs >= s.highestEpochSinceMs;
}

export function verdictOf(s: GuardState, nowMs: number): Verdict {
  if (s.resources !== 'stopped') return stay('still-stopping');
  if (s.lease === null) return stay('arbiter-unknown');
  const record = s.lease.stored?.record ?? null;
  if (record && (record.pairId !== s.config.pairId || !isMember(s, record.holder))) {
    return stay('foreign-holder');
  }
  const restored = wentBack(s);
  if (restored && !s.campaign?.confirmed) return stay('arbiter-went-back');
  const ageMs = leaseAgeMs(s, nowMs);
  const released = s.lease.witnessedRelease && record !== null && record.successor !== s.peerId;
  if (!released) {
    if (ageMs < s.timing.takeOverAfterMs) return stay(waitRule(s, ageMs));
    if (nowMs < s.promiseHeldUntilMs) return stay('promise');
  }
  if (s.storeLostSinceMs !== null) return stay('arbiter-unreachable');
  if (s.campaign) return { take: true, rule: restored ? 'arbiter-restored' : 'operator' };
  if (record !== null && record.holder === null && record.successor === null) return stay('brought-out');
  const obstacle = policyObstacle(s, nowMs, {
    released,
    ownLease: record?.holder === s.nodeId,
    peerLost: !released && record !== null && record.holder !== s.nodeId,
  });
  if (obstacle) return stay(obstacle);
  return { take: true, rule: released ? 'released-to-us' : record ? 'lease-not-renewed' : 'lease-free' };
}

function waitRule(s: GuardState, ageMs: number): StayRule {
  const record = s.lease?.stored?.record ?? null;
  if (record?.holder === null && record.successor === s.peerId) return 'handed-over';
  return record?.holder === s.peerId && ageMs < s.timing.leaseMs ? 'lease-renewed' : 'lease-waiting';
}

interface Circumstances {
  /** Handed over, and seen to be. */
  readonly released: boolean;
  readonly ownLease: boolean;
  /** It would be taken from a peer that is no longer there. */
  readonly peerLost: boolean;
}

/** What keeps a guard from acting by itself; an operator may pass over all of it, never over the lease. */
export function policyObstacle(
  s: GuardState,
  nowMs: number,
  { released, ownLease, peerLost }: Circumstances,
): StayRule | null {
  if (nowMs < s.notBeforeMs) return s.notBeforeMs === Number.POSITIVE_INFINITY ? 'shutting-down' : 'backoff';
  if (s.maintenance && !ownLease) return 'maintenance';
  if (s.peer?.payload.maintenance && !ownLease) return 'peer-maintenance';
  if (peerLost && !s.config.triggers.peerLost) return 'trigger-off';
  if (!released && !ownLease && nowMs < (s.startedAtMs ?? nowMs) + s.config.waitAfterStartSeconds * 1000) {
    return 'wait-after-start';
  }
  if (unfit(s)) return 'not-fit';
  return dataAllows(s) ? null : 'data-behind';
}

/** Without its network it would serve nobody; any other trouble is better than nobody at all. */
function unfit({ config, troubles }: GuardState): boolean {
  return config.triggers.network && troubles.network !== undefined;
}

/** So long a node is unwell on which a resource failed: the application cannot bounce, and one that was mended is used again. */
export const failureCountsMs = 60_000;

export function failedLately(s: GuardState, nowMs: number): boolean {
  return nowMs - s.resourceFailedAtMs < failureCountsMs;
}

/** A peer that is well does better. */
export function ailing({ config: { triggers }, troubles }: GuardState): boolean {
  return (['network', 'process', 'storage'] as const).some(
    (cause) => triggers[cause] && troubles[cause] !== undefined,
  );
}

export function dataAllows(s: GuardState): boolean {
  if (s.config.consistency === 'unconditional') return true;
  return s.config.consistency === 'complete' ? s.data.lagBytes === 0 : s.data.consistent;
}

/** The default node, back and well for long enough, may ask for the application (rule 8: it asks, it never grabs). */
export function failbackPossible(s: GuardState, nowMs: number): boolean {
  const stableMs = Math.max(10, s.config.waitAfterStartSeconds) * 1000;
  return (
    s.role === 'standby' &&
    s.config.failback !== 'never' &&
    s.config.defaultNodeId === s.nodeId &&
    nowMs - s.roleSinceMs >= stableMs &&
    s.failures === 0 &&
    !s.maintenance &&
    !ailing(s) &&
    s.data.lagBytes === 0 &&
    peerIsHeard(s, nowMs) &&
    s.peer?.payload.role === 'active' &&
    !s.peer.payload.maintenance
  );
}
