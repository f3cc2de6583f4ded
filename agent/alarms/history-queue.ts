/** The group's queue with a history of what passes: the working receiver shows every event of the group and how it went. */
import type { Clock } from '../adapters/clock.ts';
import type { Absorbed } from './store/types.ts';
import type { AlarmEvent, AlarmQueue, QueuedEvent } from './types.ts';

export interface HistoryQueueOptions {
  readonly queue: AlarmQueue;
  readonly clock: Clock;
  absorb(items: readonly Absorbed[]): Promise<unknown>;
  /** False: it is to be kept here, and not forwarded. */
  onPassing(event: AlarmEvent): boolean;
}

/** What came within it is written at once. */
const gatherMs = 50;
/** Beyond it the history has holes; what is forwarded has none. */
const waitingMax = 8_192;
const absorbMax = 512;
/** Events that were pulled and not settled yet. */
const passingMax = 32_768;

export function historyQueue({ queue, clock, absorb, onPassing }: HistoryQueueOptions): AlarmQueue {
  const passing = new Map<number, AlarmEvent>();
  const waiting: Absorbed[] = [];
  let writing = false;

  const write = async () => {
    while (waiting.length > 0) {
      // A disk that refuses costs the history, never the forwarding.
      await absorb(waiting.splice(0, absorbMax)).catch(() => undefined);
    }
    writing = false;
  };
  const note = (items: readonly Absorbed[]) => {
    waiting.push(...items.slice(0, waitingMax - waiting.length));
    if (writing || waiting.length === 0) return;
    writing = true;
    clock.after(gatherMs, () => void write());
  };
  const pulled = ({ position, event }: QueuedEvent): Absorbed => {
    passing.set(position, event);
    if (passing.size > passingMax) passing.delete(passing.keys().next().value ?? 0);
    return { event, settlement: null };
  };
  /** Leaves the queue once it is on this disk; whether it did. What cannot be kept is forwarded rather than lost. */
  const kept = async (epoch: number, items: readonly QueuedEvent[]): Promise<boolean> => {
    if (items.length === 0) return true;
    const stored = items.map(({ event }) => ({ event: { ...event, forward: false }, settlement: null }));
    const done = await absorb(stored).then(
      () => true,
      () => false,
    );
    const end = { outcome: 'refused', ackMs: clock.nowMs(), output: '', attempts: 0, problem: null } as const;
    if (done)
      await queue.settle(
        epoch,
        items.map(({ position }) => ({ position, ...end })),
      );
    return done;
  };

  return {
    append: (events) => queue.append(events),
    open: (epoch) => queue.open(epoch),
    async pull(epoch, limit, waitMs) {
      const all = await queue.pull(epoch, limit, waitMs);
      const wanted = new Set(all.filter(({ event }) => onPassing(event)));
      const done = await kept(
        epoch,
        all.filter((each) => !wanted.has(each)),
      );
      const events = done ? [...wanted] : all;
      note(events.map(pulled));
      return events;
    },
    async settle(epoch, settlements) {
      await queue.settle(epoch, settlements);
      const settled = settlements.flatMap(({ position, ...settlement }) => {
        const event = passing.get(position);
        passing.delete(position);
        return event === undefined ? [] : [{ event, settlement }];
      });
      note(settled);
    },
    counts: () => queue.counts(),
    close: () => queue.close(),
  };
}
