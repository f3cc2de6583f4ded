/** What the role machine knows, hears and asks for: the whole vocabulary between the pure core and its driver. */
import type { GroupDecision } from '../../../src/contract/index.ts';
import type { LeaseAction, LeaseState, LeaseWrite } from '../../standby/lease/machine.ts';
import type { StoredLease } from '../../standby/types.ts';
import type { GroupTiming } from '../timing-plan.ts';
import type { Presence, Roster } from '../types.ts';

/** `monotonicMs` decides, and goes on while the machine sleeps; `utcMs` is only shown. Both are read before the event is handed in. */
export interface Now {
  readonly monotonicMs: number;
  readonly utcMs: number;
}

export type Failure = { readonly kind: 'failed'; readonly problem: string };

export type LeaseReadOutcome = { readonly kind: 'ok'; readonly stored: StoredLease | null } | Failure;

/** `failed`: unknown whether it was written. */
export type LeaseWriteOutcome =
  | { readonly kind: 'ok'; readonly stored: StoredLease }
  | { readonly kind: 'conflict' }
  | Failure;

/** What the receiver says of itself; anything in it may change at any time. */
export interface Facts {
  /** Configured and able to forward. */
  readonly ready: boolean;
  readonly problem: string | null;
  readonly unshared: number;
  readonly backup: Presence['backup'];
}

/**
 * Everything the driver reports. A request's outcome is reported once, at the latest when its time-out is over. `tick`
 * comes at least every 100 ms.
 */
export type GroupEvent =
  | { readonly type: 'tick' }
  | { readonly type: 'leaseRead'; readonly requestId: number; readonly outcome: LeaseReadOutcome }
  | { readonly type: 'leaseWrite'; readonly requestId: number; readonly outcome: LeaseWriteOutcome }
  | {
      readonly type: 'presenceRead';
      readonly memberId: string;
      readonly outcome:
        | { readonly kind: 'ok'; readonly presence: Presence | null; readonly revision: string | null }
        | Failure;
    }
  | {
      readonly type: 'presenceWritten';
      readonly outcome:
        | { readonly kind: 'ok'; readonly revision: string }
        | { readonly kind: 'conflict' }
        | Failure;
    }
  /** `roster` null: the store has none. */
  | {
      readonly type: 'rosterRead';
      readonly outcome: { readonly kind: 'ok'; readonly roster: Roster | null } | Failure;
    }
  /** The store holds less than it had confirmed, and was opened anew. */
  | { readonly type: 'wentBack'; readonly problem: string }
  /** Nothing is under way any more, and what was acknowledged is settled. */
  | { readonly type: 'drained' }
  /** Nothing is sent any more, whatever comes. */
  | { readonly type: 'rested' }
  /** The queue refused the epoch: a later one has opened it. */
  | { readonly type: 'outdated'; readonly epoch: number; readonly problem: string }
  | { readonly type: 'facts'; readonly facts: Facts }
  /** An operator's wish. `to` is a member's id. */
  | { readonly type: 'handOver'; readonly to: string; readonly holdSeconds: number }
  /** The receiver ends, or leaves the group: hand over and rest. `state.ended` tells when that is done. */
  | { readonly type: 'end'; readonly why: string };

/** What the driver is to do, in this order. */
export type GroupAction =
  | LeaseAction
  | { readonly type: 'readRoster' }
  | { readonly type: 'readPresence'; readonly memberId: string }
  | { readonly type: 'writePresence'; readonly expected: string | null; readonly presence: Presence }
  /** Forward under `epoch`, but begin nothing at or after `rightUntilMs` (monotonic) unless it is extended. */
  | { readonly type: 'work'; readonly epoch: number; readonly rightUntilMs: number }
  | { readonly type: 'extend'; readonly rightUntilMs: number }
  /** Begin nothing more, finish what is under way within `limitMs`; then say `drained`. */
  | { readonly type: 'drain'; readonly limitMs: number }
  /** Stop at once and say `rested`. */
  | { readonly type: 'rest' }
  | { readonly type: 'record'; readonly decision: GroupDecision }
  | {
      readonly type: 'tell';
      readonly level: 'info' | 'warning' | 'error';
      readonly event: string;
      readonly text: string;
    };

/**
 * `resting`: forwards nothing. `working`: forwards. `draining`: begins nothing more, and keeps the lease. `closing`: waits
 * until nothing is sent any more.
 */
export type Phase = 'resting' | 'working' | 'draining' | 'closing';

/** Another member, as its words show it; ages count on our clock. */
export interface MemberView {
  readonly presence: Presence;
  /** When its word last changed. */
  readonly movedMs: number;
  /** Its word was seen to change: the first sight of it may be of long ago. */
  readonly moves: boolean;
  /** Since when it has not been ready; null while it is. */
  readonly unreadySinceMs: number | null;
}

/** All of the machine's state; plain data, replaced by each step. */
export interface GroupState extends LeaseState<LeaseWrite> {
  readonly selfId: string;
  readonly boot: string;
  readonly version: string;
  readonly leaseId: string;
  readonly timing: GroupTiming;
  readonly startedAtMs: number | null;

  readonly phase: Phase;
  readonly phaseSinceMs: number;
  readonly facts: Facts;
  /** Null: not read yet. Kept while the store has none any more. */
  readonly roster: Roster | null;
  readonly rosterGone: boolean;
  /** When it was last read. */
  readonly rosterReadMs: number;

  /** Epoch under which this run works or last worked; 0 before, and after the store went back. */
  readonly epoch: number;
  /** None at or below is ever used again. */
  readonly highestEpoch: number;
  /** Exclusive end of the right to forward. */
  readonly rightUntilMs: number;

  readonly lastRequestMs: number;
  readonly lastRenewMs: number;
  readonly storeBackMs: number;
  readonly roundTripMs: number | null;

  /** Release to be written once nothing is sent any more, and to whom. */
  readonly release: { readonly successor: string | null } | null;
  readonly drained: boolean;
  /** To whom this one handed over, when, and how often in a row in vain: it is not tried again too soon. */
  readonly handedOver: { readonly to: string; readonly atMs: number; readonly times: number } | null;

  readonly members: Readonly<Record<string, MemberView>>;
  readonly lastLookMs: number;
  /** This member's own register. */
  readonly presence: {
    readonly revision: string | null;
    readonly seq: number;
    /** Since when a read or a write is under way; null when none is. */
    readonly busySinceMs: number | null;
    /** What was last said that others act on. */
    readonly said: string;
    readonly saidMs: number;
    /** `revision` is the stored one as far as we know. */
    readonly known: boolean;
  };
  /** Another run that uses this member's id; `moves` counts how often its word was seen to change. */
  readonly stranger: {
    readonly boot: string;
    readonly seq: number;
    readonly sinceMs: number;
    readonly moves: number;
  } | null;

  /** Since when this one has been ready, current and in touch; null while it is not. */
  readonly fitSinceMs: number | null;
  readonly wants: boolean;
  /** An operator asked that this member works: until when the wish stands, and what it holds for. */
  readonly wish: { readonly untilMs: number; readonly holdSeconds: number } | null;
  /** After a hand-over by hand nobody asks back until then. */
  readonly holdUntilMs: number;

  readonly ending: boolean;
  /** Handed over and at rest; nothing more is asked of the store. */
  readonly ended: boolean;
  readonly lastStay: string | null;
}

export interface GroupStep {
  readonly state: GroupState;
  readonly actions: readonly GroupAction[];
}
