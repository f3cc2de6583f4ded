/** Hands events to the sink, bounded in number over all connections: an event is acknowledged only after the sink has it. */
import type { AlarmEvent, IntakeSink } from '../types.ts';
import type { IntakeCounts } from './counts.ts';
import type { Teller } from './teller.ts';

const notStoredTellMs = 60_000;

export interface UnderWay {
  full(): boolean;
  /** Calls `resume` once when there is room again, in the order of asking. */
  wait(resume: () => void): void;
  /** Takes back what `wait` was asked. */
  forget(resume: () => void): void;
  /** Calls `done` with whether the sink has the event; never throws. */
  hand(event: AlarmEvent, done: (safe: boolean) => void): void;
  /** Resolves when the sink has nothing more of ours. */
  empty(): Promise<void>;
}

export function createUnderWay(
  sink: Pick<IntakeSink, 'take'>,
  underWayMax: number,
  { counts, teller }: { counts: IntakeCounts; teller: Teller },
): UnderWay {
  const waiting = new Set<() => void>();
  let emptied: (() => void)[] = [];

  const settled = (safe: boolean, done: (safe: boolean) => void) => {
    counts.underWay -= 1;
    if (safe) counts.received += 1;
    else counts.notStored += 1;
    done(safe);
    while (waiting.size > 0 && counts.underWay < underWayMax) {
      const next = waiting.values().next();
      if (next.done === true) break;
      waiting.delete(next.value);
      next.value();
    }
    if (counts.underWay > 0) return;
    const resolves = emptied;
    emptied = [];
    for (const resolve of resolves) resolve();
  };

  const notSafe = (thrown: unknown) =>
    teller.tell('error', 'alarm.not-stored', 'intake', notStoredTellMs, () => {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      return `events could not be made safe and were not acknowledged; the devices send them again: ${reason}`;
    });

  return {
    full: () => counts.underWay >= underWayMax,
    wait: (resume) => void waiting.add(resume),
    forget: (resume) => void waiting.delete(resume),
    hand(event, done) {
      counts.underWay += 1;
      let taken: Promise<void>;
      try {
        taken = sink.take(event);
      } catch (thrown) {
        taken = Promise.reject(thrown);
      }
      taken.then(
        () => settled(true, done),
        (thrown: unknown) => {
          notSafe(thrown);
          settled(false, done);
        },
      );
    },
    empty: () =>
      counts.underWay === 0 ? Promise.resolve() : new Promise((resolve) => emptied.push(resolve)),
  };
}
