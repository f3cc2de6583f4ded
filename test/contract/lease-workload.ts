/** Clients that read and write one lease at the same time, and the history of what they saw. */

import { parseRevision } from '../../agent/standby/lease/revision.ts';
import type { LeaseStore, StoredLease } from '../../agent/standby/types.ts';
import { AppError } from '../../src/errors.ts';
import { createRandom } from '../support/random.ts';
import type { Operation } from './lease-checker.ts';

export interface Workload {
  readonly history: readonly Operation[];
  /** Confirmed writes since the start. */
  writes(): number;
  /** Resolves when all clients have ended. */
  stop(): Promise<void>;
}

export interface WorkloadOptions {
  clients: number;
  seed: number;
  pairId: string;
  open(): LeaseStore;
  timeoutMs: number;
  /** Mean pause between two operations of a client. */
  pauseMs: number;
}

export function startWorkload(options: WorkloadOptions): Workload {
  const history: Operation[] = [];
  let stopping = false;
  const names = Array.from({ length: options.clients }, (_, at) => `c${at + 1}`);
  const clients = names.map((name, at) =>
    runClient(name, options.seed * 100 + at, options, history, () => stopping),
  );
  return {
    history,
    writes: () => history.filter(({ kind, outcome }) => kind === 'write' && outcome === 'ok').length,
    stop: async () => {
      stopping = true;
      await Promise.all(clients);
    },
  };
}

async function runClient(
  client: string,
  seed: number,
  options: WorkloadOptions,
  history: Operation[],
  stopped: () => boolean,
): Promise<void> {
  const random = createRandom(seed);
  const store = options.open();
  let known: StoredLease | null = null;
  try {
    for (let seq = 1; !stopped(); seq += 1) {
      const isRead = random() < 0.5;
      const startMs = performance.now();
      const record = { pairId: options.pairId, holder: client, epoch: 1, seq, successor: null };
      const call: Promise<StoredLease | null> = isRead
        ? store.read(options.timeoutMs)
        : store.compareAndSet(known?.revision ?? null, record, options.timeoutMs);
      const base = { client, startMs, expected: isRead || known === null ? null : numberOf(known) };
      const written = isRead ? null : contentOf({ record, revision: '' });
      try {
        const found: StoredLease | null = await call;
        known = found;
        history.push({
          ...{ ...base, kind: isRead ? 'read' : 'write', endMs: performance.now(), outcome: 'ok' },
          ...{ content: found && contentOf(found), revision: found && numberOf(found) },
        });
      } catch (error) {
        if (!(error instanceof AppError) || error.code === 'data_loss') throw error;
        const outcome = error.code === 'conflict' ? 'refused' : 'unknown';
        history.push({
          ...{ ...base, kind: isRead ? 'read' : 'write', endMs: performance.now(), outcome },
          ...{ content: written, revision: null },
        });
        if (outcome === 'refused' || random() < 0.5)
          known = await store.read(options.timeoutMs).catch(() => known);
      }
      await new Promise((resolve) => setTimeout(resolve, random() * 2 * options.pauseMs));
    }
  } finally {
    await store.close();
  }
}

const contentOf = ({ record }: StoredLease) => `${record.holder}#${record.seq}`;
const numberOf = (lease: StoredLease) => parseRevision(lease.revision).number;
