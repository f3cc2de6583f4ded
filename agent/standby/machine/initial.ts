/** The guard's first state: it knows nothing of the lease and stops whatever an earlier process may have left running. */
import type { PairConfig } from '../../../src/contract/standby.ts';
import { AppError } from '../../../src/errors.ts';
import { unreadLease } from '../lease/machine.ts';
import { timingOf } from '../timing-plan.ts';
import type { GuardMemory, GuardState } from './types.ts';

export interface GuardStart {
  readonly nodeId: string;
  readonly memory: GuardMemory;
  /** False when the machine has booted since, so that nothing of an earlier run is left. */
  readonly resourcesMayRun: boolean;
  /** A random whole number below 2^40: no write of an earlier process is mistaken for one of this. */
  readonly firstSeq: number;
}

/** What a node remembers before it was ever brought in. */
export const freshMemory: GuardMemory = {
  wanted: 'out',
  highestEpoch: 0,
  maintenance: false,
  standalone: false,
  mayRun: false,
};

/** Throws `invalid_input` when the node is not of the pair or the times are not safe. */
export function initialGuard(config: PairConfig, start: GuardStart): GuardState {
  const peer = config.nodes.find((node) => node.id !== start.nodeId);
  if (!peer || !config.nodes.some((node) => node.id === start.nodeId)) {
    throw new AppError('invalid_input', `node ${start.nodeId} does not belong to pair ${config.pairId}`);
  }
  const never = Number.NEGATIVE_INFINITY;
  const { mayRun, ...remembered } = start.memory;
  return {
    ...remembered,
    ...unreadLease(start.firstSeq),
    nodeId: start.nodeId,
    peerId: peer.id,
    config,
    timing: timingOf(config.profile, config.arbiter.kind, config.timing),
    role: 'deactivating',
    roleSinceMs: 0,
    problem: null,
    highestEpochSinceMs: never,
    epoch: 0,
    validUntilMs: never,
    promisedUntilMs: never,
    promiseHeldUntilMs: never,
    promiseBasis: null,
    lastReadMs: never,
    lastWriteMs: never,
    resources: 'unknown',
    resourcesMayRun: start.resourcesMayRun && mayRun,
    expired: true,
    resetAtMs: Number.POSITIVE_INFINITY,
    resetAskedMs: never,
    next: start.memory.wanted === 'in' ? 'standby' : 'out',
    successor: null,
    releaseDue: false,
    drainUntilMs: 0,
    offerUntilMs: never,
    startedAtMs: null,
    lastStepMs: never,
    listensSinceMs: never,
    campaign: null,
    yieldWantedUntilMs: never,
    failures: 0,
    notBeforeMs: never,
    troubles: {},
    stayedWith: null,
    resourceFailedAtMs: never,
    data: { lagBytes: 0, consistent: true },
    peer: null,
    links: {},
    fence: null,
    stayReason: null,
    firedAtMs: {},
  };
}
