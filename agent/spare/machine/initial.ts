/** The role machine's first state: it knows nothing, forwards nothing, and has heard nobody. */
import { unreadLease } from '../../standby/lease/machine.ts';
import { checkGroupTiming, type GroupTiming } from '../timing-plan.ts';
import type { GroupState } from './types.ts';

export interface GroupStart {
  readonly selfId: string;
  /** Names this run; another one of the same id is found by it. */
  readonly boot: string;
  readonly version: string;
  readonly leaseId: string;
  /** A random whole number below 2^40: no write of an earlier run is mistaken for one of this. */
  readonly firstSeq: number;
  readonly timing: GroupTiming;
}

/** @throws AppError `invalid_input` when the times are not safe. */
export function initialGroup({ firstSeq, timing, ...names }: GroupStart): GroupState {
  const never = Number.NEGATIVE_INFINITY;
  return {
    ...names,
    ...unreadLease(firstSeq),
    timing: checkGroupTiming(timing),
    startedAtMs: null,
    phase: 'resting',
    phaseSinceMs: never,
    facts: {
      ready: false,
      problem: null,
      unshared: 0,
      backup: { version: 0, state: 'none', publishedMs: null },
    },
    roster: null,
    rosterGone: false,
    rosterReadMs: never,
    epoch: 0,
    highestEpoch: 0,
    rightUntilMs: never,
    lastRequestMs: never,
    lastRenewMs: never,
    storeBackMs: never,
    roundTripMs: null,
    release: null,
    drained: false,
    handedOver: null,
    members: {},
    lastLookMs: never,
    presence: {
      revision: null,
      seq: 0,
      busySinceMs: null,
      said: '',
      saidMs: never,
      known: false,
    },
    stranger: null,
    fitSinceMs: null,
    wants: false,
    wish: null,
    holdUntilMs: never,
    ending: false,
    ended: false,
    lastStay: null,
  };
}
