/** The queue of a receiver alone: the events that wait in `alarms.db`, handed out in order and settled there. */
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import {
  type AlarmEvent,
  type AlarmQueue,
  appendEventsMax,
  pullEventsMax,
  type QueuedEvent,
} from '../types.ts';
import type { SettledRow } from './messages.ts';

export interface QueueStore {
  record(event: AlarmEvent): Promise<{ readonly duplicate: boolean }>;
  /** `event` null: its record is damaged. */
  waiting(after: number, limit: number): Promise<readonly { number: number; event: AlarmEvent | null }[]>;
  settle(rows: readonly SettledRow[]): Promise<void>;
  counts(): { readonly waiting: number; readonly oldestMs: number | null };
}

export interface LocalQueue extends AlarmQueue {
  /** Something was added. */
  wake(): void;
}

export function createLocalQueue(store: QueueStore, clock: Clock): LocalQueue {
  let epochOpen = -1;
  let cursor = 0;
  let closed = false;
  let added = 0;
  let pulling: Promise<unknown> = Promise.resolve();
  const sleepers = new Set<() => void>();

  const wake = () => {
    added += 1;
    for (const sleeper of [...sleepers]) sleeper();
  };
  const check = (epoch: number) => {
    if (closed) throw new AppError('unavailable', 'the queue is closed', { hint: 'Try again in a moment.' });
    if (epoch === epochOpen) return;
    throw new AppError('not_active', `the queue is open for epoch ${epochOpen}, not ${epoch}`, {
      hint: 'Another receiver works now.',
    });
  };
  /** Until something is added after `seen`, at most `waitMs`. */
  const sleep = (seen: number, waitMs: number) =>
    new Promise<void>((resolve) => {
      if (added !== seen) return resolve();
      const done = () => {
        cancel();
        sleepers.delete(done);
        resolve();
      };
      const cancel = clock.after(waitMs, done);
      sleepers.add(done);
    });

  async function next(epoch: number, limit: number): Promise<QueuedEvent[]> {
    for (;;) {
      check(epoch);
      const rows = await store.waiting(cursor, Math.min(limit, pullEventsMax));
      check(epoch);
      cursor = rows.at(-1)?.number ?? cursor;
      // A damaged one stays and is counted; those behind it do not wait for it.
      const found = rows.flatMap(({ number, event }) =>
        event === null ? [] : [{ position: number, event }],
      );
      if (found.length > 0 || rows.length === 0) return found;
    }
  }

  async function pull(epoch: number, limit: number, waitMs: number): Promise<QueuedEvent[]> {
    const untilMs = clock.monotonicMs() + waitMs;
    for (;;) {
      const seen = added;
      const found = await next(epoch, limit);
      const leftMs = untilMs - clock.monotonicMs();
      if (found.length > 0 || leftMs <= 0) return found;
      await sleep(seen, leftMs);
    }
  }

  return {
    wake,
    async append(events) {
      if (events.length > appendEventsMax) {
        throw new AppError('invalid_input', `at most ${appendEventsMax} events at once`);
      }
      const results = await Promise.all(events.map((event) => store.record(event)));
      return results.map(({ duplicate }) => ({ duplicate }));
    },
    async open(epoch) {
      if (epoch < epochOpen) check(epoch);
      epochOpen = epoch;
      cursor = 0;
      wake();
    },
    pull(epoch, limit, waitMs) {
      // One after the other: each event is handed out once.
      const mine = pulling.then(() => pull(epoch, limit, waitMs));
      pulling = mine.catch(() => undefined);
      return mine;
    },
    async settle(epoch, settlements) {
      check(epoch);
      await store.settle(settlements.map(({ position, ...settled }) => ({ ...settled, number: position })));
    },
    counts: async () => store.counts(),
    async close() {
      closed = true;
      wake();
    },
  };
}
