/** Group commit: whatever came while a commit was under way is the next transaction, so that thousands of events need few syncs. */
import { AppError, toAppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { AlarmEvent } from '../types.ts';
import { eventText } from './codec.ts';
import type { BatchAnswer, WriteOp, WriteResult } from './messages.ts';
import type { AlarmCounts } from './types.ts';
import type { AskStore } from './worker-client.ts';

/** Events that wait for their commit; further ones are refused, and their devices send again. */
export const eventsWaitingMax = 20_000;
const opsWaitingMax = 2_000;
const eventsPerCommit = 2_000;
/** Between two commits under load: a few events more share a sync. An event that comes alone never waits for it. */
const gatherMs = 4;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: AppError) => void;
}

export interface Committed {
  readonly events: readonly AlarmEvent[];
  readonly answer: BatchAnswer;
}

export class Committer {
  readonly #ask: AskStore;
  readonly #clock: Clock;
  readonly #onCommit: (committed: Committed) => void;
  #records: Waiting<AlarmEvent, number>[] = [];
  #ops: Waiting<WriteOp, WriteResult>[] = [];
  #counts: AlarmCounts;
  #busy: Promise<void> | null = null;
  #lastRecord: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(ask: AskStore, clock: Clock, counts: AlarmCounts, onCommit: (committed: Committed) => void) {
    this.#ask = ask;
    this.#clock = clock;
    this.#counts = counts;
    this.#onCommit = onCommit;
  }

  counts(): AlarmCounts {
    return this.#counts;
  }

  /** Its number, negative for a duplicate of that number. */
  record(event: AlarmEvent): Promise<number> {
    if (this.#records.length >= eventsWaitingMax) return Promise.reject(tooMany());
    const recorded = this.#wait(this.#records, event);
    this.#lastRecord = recorded.catch(() => undefined);
    return recorded;
  }

  /** Resolves when all that `record` was asked for before is written or refused: they go in order. */
  async recorded(): Promise<void> {
    await this.#lastRecord;
  }

  write(op: WriteOp): Promise<WriteResult> {
    if (this.#ops.length >= opsWaitingMax) return Promise.reject(tooMany());
    return this.#wait(this.#ops, op);
  }

  /** Takes nothing more; resolves when everything taken before is written. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#busy;
  }

  #wait<Item, Result>(list: Waiting<Item, Result>[], item: Item): Promise<Result> {
    if (this.#closed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      list.push({ item, resolve, reject });
      this.#busy ??= this.#commitAll();
    });
  }

  async #commitAll(): Promise<void> {
    // One turn of the loop, so that all that came in one read of a socket goes together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#records.length + this.#ops.length > 0) {
      const under = await this.#commit();
      if (under > 1 && !this.#closed) await this.#pause();
    }
    this.#busy = null;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#clock.after(gatherMs, resolve));
  }

  /** Gives how much it wrote. Never rejects: those that wait are told. */
  async #commit(): Promise<number> {
    const records = this.#records.splice(0, eventsPerCommit);
    const ops = this.#ops;
    this.#ops = [];
    try {
      const answer = await this.#ask('commit', {
        nowMs: this.#clock.nowMs(),
        texts: records.map(({ item }) => eventText(item)),
        ops: ops.map(({ item }) => item),
      });
      this.#counts = answer.counts;
      records.forEach(({ resolve, reject }, index) => {
        const number = answer.recorded[index] ?? 0;
        if (number === 0) reject(notAnEvent());
        else resolve(number);
      });
      ops.forEach(({ resolve }, index) => {
        resolve(answer.results[index] ?? []);
      });
      this.#onCommit({ events: records.map(({ item }) => item), answer });
    } catch (thrown) {
      const error = toAppError(thrown);
      for (const { reject } of [...records, ...ops]) reject(error);
    }
    return records.length + ops.length;
  }
}

function tooMany(): AppError {
  return new AppError('unavailable', 'too many alarms wait to be stored', {
    hint: 'The disk of the data folder is too slow for what comes in.',
  });
}

function closed(): AppError {
  return new AppError('unavailable', 'the store of alarms is closed', { hint: 'Try again in a moment.' });
}

function notAnEvent(): AppError {
  return new AppError('invalid_input', 'an event with a field that is too long or of the wrong kind', {
    hint: 'It was made by another release, or is damaged.',
  });
}
