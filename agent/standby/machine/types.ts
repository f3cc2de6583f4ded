/** What the guard's machine knows, hears and asks for: the whole vocabulary between the pure core and its driver. */
import type { Decision, LeaseTiming, PairConfig, PairRole } from '../../../src/contract/standby.ts';
import type { LeaseAction, LeaseState, LeaseWrite } from '../lease/machine.ts';
import type { HeartbeatPayload, StoredLease } from '../types.ts';

/** `monotonicMs` decides, `utcMs` is only shown. Both are read before the event is handed in. */
export interface Now {
  readonly monotonicMs: number;
  readonly utcMs: number;
}

export type Trouble = 'network' | 'process' | 'storage';
export type Operation =
  | 'bring-in'
  | 'bring-out'
  | 'switch'
  | 'take-over'
  | 'hand-over'
  | 'maintenance-on'
  | 'maintenance-off'
  | 'standalone-on'
  | 'standalone-off';

/** `unknown`: may or may not have been written. `unauthorized` is treated as out of reach and told. */
export type WriteOutcome =
  | { readonly kind: 'ok'; readonly stored: StoredLease }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unknown' | 'unauthorized'; readonly problem: string };

export type ReadOutcome =
  | { readonly kind: 'ok'; readonly stored: StoredLease | null }
  | { readonly kind: 'unavailable' | 'unauthorized'; readonly problem: string };

/**
 * Everything the driver reports. Each request's outcome is reported once, under its `requestId`, at the latest when its
 * time-out (`timing.rpcTimeoutMs`) is over. `tick` comes at least every 50 ms: lateness beyond `delta` is the watchdog's.
 */
export type GuardEvent =
  | { readonly type: 'tick' }
  | { readonly type: 'leaseRead'; readonly requestId: number; readonly outcome: ReadOutcome }
  | { readonly type: 'leaseWrite'; readonly requestId: number; readonly outcome: WriteOutcome }
  /** Authentic, of this pair, not replayed: the link has checked. */
  | { readonly type: 'heartbeat'; readonly linkId: string; readonly payload: HeartbeatPayload }
  | { readonly type: 'link'; readonly linkId: string; readonly up: boolean }
  | { readonly type: 'resourcesStarted' }
  /** Rolled back as far as possible; the machine asks for a stop in any case. */
  | { readonly type: 'startFailed'; readonly problem: string }
  | { readonly type: 'resourcesStopped' }
  | { readonly type: 'stopFailed'; readonly problem: string }
  /** A monitor failed more often than its restart tries. */
  | { readonly type: 'resourceFailed'; readonly id: string; readonly problem: string }
  /**
   * `network`: the service NIC is down or no isolation address answers. `process`: one of our own cannot be kept up.
   * `storage`: lost. `problem` null: it is over. Report changes only.
   */
  | { readonly type: 'trouble'; readonly cause: Trouble; readonly problem: string | null }
  /** How far the data here is behind the active's. Without replication nothing is ever reported: lag zero. */
  | { readonly type: 'data'; readonly lagBytes: number; readonly consistent: boolean }
  /** `confirm` is the peer's node id or name where an operation asks for it. */
  | { readonly type: 'operator'; readonly operation: Operation; readonly confirm?: string }
  /** Monotonic clock and uptime disagree: the machine slept this long. Report it before anything else after waking. */
  | { readonly type: 'suspended'; readonly forMs: number }
  | { readonly type: 'configChanged'; readonly config: PairConfig }
  | {
      readonly type: 'fenceResult';
      readonly requestId: number;
      readonly peerIsOff: boolean;
      readonly problem: string | null;
    }
  /** The agent ends in order: hand over and stop. */
  | { readonly type: 'shutdown' };

/** What outlives the guard's process; kept by the driver, which need not wait for the disk. */
export interface GuardMemory {
  readonly wanted: 'in' | 'out';
  readonly highestEpoch: number;
  readonly maintenance: boolean;
  readonly standalone: boolean;
  /** Resources were started and not all known to have stopped: only then is a machine reset that cannot stop them. */
  readonly mayRun: boolean;
}

/** A decision before the journal gives it its id. */
export type NewDecision = Omit<Decision, 'id'>;
export type DecisionInputs = Decision['inputs'];

/** What the driver is to do, in this order. Actions are requests: their outcome comes back as an event. */
export type GuardAction =
  | LeaseAction
  /** `handedOver`: the peer has said that it stopped everything, so its address is free. */
  | { readonly type: 'startResources'; readonly epoch: number; readonly handedOver: boolean }
  | { readonly type: 'stopResources' }
  /** Rule 2: at once, without order, without waiting for services. */
  | { readonly type: 'dropAddresses' }
  /** Writers of this node stop; they start again with `startResources`. */
  | { readonly type: 'freeze' }
  /** Send `heartbeatOf(state, now)` on every link now, besides each link's own interval. */
  | { readonly type: 'sendHeartbeats' }
  | { readonly type: 'fence'; readonly requestId: number }
  /** At `deadlineMs` (monotonic) the machine is reset unless a later arm or a disarm came; must hold without this process. */
  | { readonly type: 'armWatchdog'; readonly deadlineMs: number }
  | { readonly type: 'disarmWatchdog' }
  | { readonly type: 'resetMachine'; readonly reason: string }
  | { readonly type: 'persist'; readonly memory: GuardMemory }
  | { readonly type: 'record'; readonly decision: NewDecision }
  | {
      readonly type: 'tell';
      readonly level: 'info' | 'warning' | 'error';
      readonly event: string;
      readonly text: string;
    };

/** Validity counts from its sending (rule 1). */
export interface GuardWrite extends LeaseWrite {
  /** A take of what the peer released to this node. */
  readonly handedOver: boolean;
}

export interface PeerView {
  readonly payload: HeartbeatPayload;
  readonly linkId: string;
  readonly receivedAtMs: number;
}

export type NextRole = 'standby' | 'out' | 'fault';

/** All of the guard's state; plain data, replaced by each step. T counts from the receipt of the lease (rule 3). */
export interface GuardState extends LeaseState<GuardWrite> {
  readonly nodeId: string;
  readonly peerId: string;
  readonly config: PairConfig;
  readonly timing: LeaseTiming;
  readonly role: PairRole;
  readonly roleSinceMs: number;
  readonly wanted: 'in' | 'out';
  readonly maintenance: boolean;
  readonly standalone: boolean;
  /** Why the role is `fault`, or why the last try failed. */
  readonly problem: string | null;

  /** Highest epoch known from store and peer; none lower is ever used. */
  readonly highestEpoch: number;
  readonly highestEpochSinceMs: number;
  /** Epoch under which this node works; 0 when it does not. */
  readonly epoch: number;
  readonly validUntilMs: number;
  /** The peer's promise to this holder (rule 6). */
  readonly promisedUntilMs: number;
  /** Until when this node keeps its own promise not to campaign (rule 6). */
  readonly promiseHeldUntilMs: number;
  /** The holder's heartbeat on which that promise rests. */
  readonly promiseBasis: {
    readonly bootId: string;
    readonly sentAtMs: number;
    readonly epoch: number;
  } | null;

  /** When the last read and the last write were sent. */
  readonly lastReadMs: number;
  readonly lastWriteMs: number;

  readonly resources: 'unknown' | 'stopped' | 'starting' | 'running' | 'stopping';
  readonly resourcesMayRun: boolean;
  /** Authority is gone: address dropped, everything must stop by `resetAtMs`. */
  readonly expired: boolean;
  readonly resetAtMs: number;
  readonly resetAskedMs: number;
  readonly next: NextRole;
  readonly successor: string | null;
  /** Release still to be written once everything has stopped. */
  readonly releaseDue: boolean;
  /** A switch waits for the standby's data until then; 0 when none does. */
  readonly drainUntilMs: number;
  /** Without an arbiter: this node offers the application to its peer until then. */
  readonly offerUntilMs: number;

  readonly startedAtMs: number | null;
  readonly lastStepMs: number;
  /** Since when this guard has been awake without a break, and so can tell that a peer is silent. */
  readonly listensSinceMs: number;
  /** An operator asked this node to become active; until when the wish stands. */
  readonly campaign: {
    readonly operation: 'bring-in' | 'take-over';
    readonly confirmed: boolean;
    readonly untilMs: number;
  } | null;
  /** An operator asked this standby to get the application from the active. */
  readonly yieldWantedUntilMs: number;
  readonly failures: number;
  readonly notBeforeMs: number;
  readonly troubles: Readonly<Partial<Record<Trouble, string>>>;
  /** The last reason for staying active in spite of a trouble that was recorded. */
  readonly stayedWith: string | null;
  /** When a resource last failed for good under this node, which counts as unwell for a while after. */
  readonly resourceFailedAtMs: number;
  readonly data: { readonly lagBytes: number; readonly consistent: boolean };

  readonly peer: PeerView | null;
  readonly links: Readonly<Record<string, boolean>>;
  readonly fence: { readonly id: number; readonly sentAtMs: number } | null;
  /** The last reason for staying standby that was recorded, so that it is recorded once. */
  readonly stayReason: string | null;
  /** When each trigger (by its name in the settings) last fired, UTC. */
  readonly firedAtMs: Readonly<Partial<Record<keyof PairConfig['triggers'], number>>>;
}

export interface GuardStep {
  readonly state: GuardState;
  readonly actions: readonly GuardAction[];
}
