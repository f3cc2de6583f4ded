/** One guard on the desk: hands it events at chosen times and keeps what it asked for. */

import { freshMemory, initialGuard } from '../../../agent/standby/machine/initial.ts';
import type {
  GuardAction,
  GuardEvent,
  GuardMemory,
  GuardState,
  WriteOutcome,
} from '../../../agent/standby/machine/types.ts';
import { step } from '../../../agent/standby/machine.ts';
import type { HeartbeatPayload, LeaseRecord, StoredLease } from '../../../agent/standby/types.ts';
import { type PairConfig, pairConfigSchema } from '../../../src/contract/standby.ts';
import { quiet } from './heartbeat/quiet.ts';

const base = {
  pairId: 'pair-0001',
  version: 1,
  application: 'video',
  nodes: [
    { id: 'a', name: 'Anna', address: 'a', fingerprint: 'a' },
    { id: 'b', name: 'Bert', address: 'b', fingerprint: 'b' },
  ],
  links: [{ id: 'direct', addresses: {} }],
  arbiter: { kind: 'hub', url: 'tls://hub', account: 'pair', key: 'k', fingerprint: 'f' },
  resources: [],
  waitAfterStartSeconds: 0,
};

export function configWith(changes: Record<string, unknown> = {}): PairConfig {
  return pairConfigSchema.parse({ ...base, ...changes });
}

export class Desk {
  state: GuardState;
  /** Of the last step. */
  actions: readonly GuardAction[] = [];
  readonly all: GuardAction[] = [];
  nowMs = 1_000;

  constructor(changes: Record<string, unknown> = {}, memory: Partial<GuardMemory> = {}) {
    this.state = initialGuard(configWith(changes), {
      nodeId: 'a',
      memory: { ...freshMemory, wanted: 'in', ...memory },
      resourcesMayRun: false,
      firstSeq: 100,
    });
  }

  tell(event: GuardEvent, atMs = this.nowMs): this {
    this.nowMs = atMs;
    const result = step(this.state, event, { monotonicMs: atMs, utcMs: 1_700_000_000_000 + atMs });
    this.state = result.state;
    this.actions = result.actions;
    this.all.push(...result.actions);
    return this;
  }

  tick(atMs: number): this {
    return this.tell({ type: 'tick' }, atMs);
  }

  /** Ticks as a driver would, until then. */
  idle(untilMs: number): this {
    while (this.nowMs < untilMs) this.tick(Math.min(untilMs, this.nowMs + 200));
    return this;
  }

  /** The request under way, which must be of this kind. */
  #requestId(kind: 'read' | 'write'): number {
    const { request } = this.state;
    if (!request || (kind === 'write') !== (request.write !== null)) throw new Error(`no ${kind} under way`);
    return request.id;
  }

  reads(stored: StoredLease | null, atMs = this.nowMs): this {
    return this.tell(
      { type: 'leaseRead', requestId: this.#requestId('read'), outcome: { kind: 'ok', stored } },
      atMs,
    );
  }

  /** A tick, and the answer to the read it may ask for. */
  look(stored: StoredLease | null, atMs: number): this {
    this.tick(atMs);
    return this.state.request && !this.state.request.write ? this.reads(stored, atMs) : this;
  }

  writes(outcome: WriteOutcome, atMs = this.nowMs): this {
    return this.tell({ type: 'leaseWrite', requestId: this.#requestId('write'), outcome }, atMs);
  }

  /** What was asked to be written last. */
  get written(): Extract<GuardAction, { type: 'writeLease' }> {
    const last = this.all.findLast((action) => action.type === 'writeLease');
    if (last?.type !== 'writeLease') throw new Error('nothing was written');
    return last;
  }

  /** The store takes the write under way. */
  accepts(revision: string, atMs = this.nowMs): this {
    return this.writes({ kind: 'ok', stored: { record: this.written.record, revision } }, atMs);
  }

  /** From nothing to active under epoch 1 at `nowMs`, with the lease sent at 3 600 ms. */
  becomeActive(): this {
    this.tick(1_000).tell({ type: 'resourcesStopped' }, 1_100);
    this.reads(null, 1_150).look(null, 3_600);
    return this.accepts('1', 3_620).tell({ type: 'resourcesStarted' }, 3_700);
  }

  /** A standby that has known the other's lease since 2 000 ms. */
  becomeStandby(record: Partial<LeaseRecord> = {}): this {
    this.tick(1_500).tell({ type: 'resourcesStopped' }, 1_600);
    return this.reads(lease({ holder: 'b', ...record }, '7'), 2_000);
  }

  types(): string[] {
    return this.actions.map(({ type }) => type);
  }

  rules(): string[] {
    return this.all.flatMap((action) => (action.type === 'record' ? [action.decision.rule] : []));
  }
}

export function lease(record: Partial<LeaseRecord>, revision: string): StoredLease {
  return {
    revision,
    record: { pairId: 'pair-0001', holder: 'b', epoch: 1, seq: 1, successor: null, ...record },
  };
}

export function heartbeat(changes: Partial<HeartbeatPayload>): GuardEvent {
  const payload: HeartbeatPayload = {
    nodeId: 'b',
    pairId: 'pair-0001',
    bootId: 'boot-b',
    seq: 1,
    sentAtMs: 50,
    echoOfMs: null,
    ...quiet,
    ...changes,
  };
  return { type: 'heartbeat', linkId: 'direct', payload };
}
