/** The seams of hot standby: lease store, resource runner, heartbeat content; the guard's machine knows nothing else of the world. */
import type { PairConfig, PairRole, ResourceState } from '../../src/contract/standby.ts';

/** What the pair agrees on through its store. `epoch` rises by one with each new holder and never goes back. */
export interface LeaseRecord {
  readonly pairId: string;
  /** Node id; null after an explicit release. */
  readonly holder: string | null;
  readonly epoch: number;
  /** Counts the holder's renewals. */
  readonly seq: number;
  /** Whom a releasing holder hands over to; null when it just lets go. */
  readonly successor: string | null;
}

export interface StoredLease {
  readonly record: LeaseRecord;
  /** The store's own revision of this value; grows with every write. */
  readonly revision: string;
}

/**
 * A linearizable register per pair. `compareAndSet` writes only when the stored revision is `expected` (null: nothing is
 * stored). Errors are AppErrors: `conflict` when another write came first (definitely not written), `unavailable` or
 * `timeout` when it is unknown whether it was written, `unauthorized` for a wrong key.
 */
export interface LeaseStore {
  read(timeoutMs: number): Promise<StoredLease | null>;
  compareAndSet(expected: string | null, record: LeaseRecord, timeoutMs: number): Promise<StoredLease>;
  close(): Promise<void>;
}

/** What a heartbeat says; informs, never grants authority (rule 7). */
export interface HeartbeatPayload {
  readonly nodeId: string;
  readonly pairId: string;
  readonly bootId: string;
  readonly seq: number;
  readonly role: PairRole;
  readonly epoch: number;
  readonly leaseValidForMs: number;
  readonly configVersion: number;
  /** Sender's monotonic ms, echoed by the peer for the round trip. */
  readonly sentAtMs: number;
  readonly echoOfMs: number | null;
  /** The sender promises not to campaign: the receiver may go on without the store (rule 6) until `promiseEchoOfMs` plus this. */
  readonly promiseForMs: number;
  /** Receiver's own `sentAtMs` on which the promise rests, so that a delayed packet never counts for longer; null without promise. */
  readonly promiseEchoOfMs: number | null;
  readonly yieldRequest: boolean;
  /** Without an arbiter: the sender has stopped everything in a planned switch and offers the application to the receiver. */
  readonly offer: boolean;
  readonly maintenance: boolean;
  /** A trouble of its own (storage, process, network) counts as one. */
  readonly resourcesFailed: number;
}

/** Starts and stops the application in dependency order; at most one of `start` and `stop` runs, a stop overtakes a start. */
export interface ResourceRunner {
  configure(config: PairConfig, nodeId: string): void;
  /**
   * Resolves when all run; rejects with the first failure after rolling back what it had started. `handedOver`: the peer
   * has said that it stopped everything.
   */
  start(epoch: number, handedOver?: boolean): Promise<void>;
  /** Resolves when all are stopped; rejects when one could not be within its time-out: the caller must fence. */
  stop(): Promise<void>;
  /** Drops every address at once, without order and without waiting for services: the lease has run out. */
  dropAddresses(): Promise<void>;
  /**
   * The right to work was confirmed: the kernel is to keep the addresses for so long from now, and removes them by itself
   * unless this is called again. Not after `beforeMs` (monotonic). Returns at once.
   */
  renewAddresses(lifetimeSeconds: number, beforeMs: number): void;
  states(): readonly {
    id: string;
    state: ResourceState;
    problem: string | null;
    restarts: number;
    /** UTC. */
    sinceMs: number;
  }[];
  /** A monitor failed more often than its restart tries. */
  onFailed(listener: (failure: { id: string; problem: string }) => void): void;
}
