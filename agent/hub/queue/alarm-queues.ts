/** The alarm queues of all accounts: what arrives in one turn is committed together, and answered after it is on the disk. */
import type { DatabaseSync } from 'node:sqlite';
import { AppError, toAppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import { duplicateWindowMs } from '../../alarms/types.ts';
import { inTransaction } from '../database.ts';
import { eventBytesPerFrameMax, type HubEvent } from '../protocol/schema.ts';
import {
  appendEvents,
  checkEpoch,
  openEpoch,
  type QueueLimits,
  queueLimits,
  settleEvents,
} from './account-queue.ts';
import { openQueueRows, type QueueRows, type QueueState, type StoredAlarm } from './rows.ts';
import { createWaitingPulls, type WaitingPulls } from './waiting-pulls.ts';

export interface QueueStatus {
  waiting: number;
  bytes: number;
  oldestMs: number | null;
  epoch: number;
  appended: number;
  settled: number;
  duplicates: number;
}

export interface PullRequest {
  epoch: number;
  after: number;
  limit: number;
  waitMs: number;
}

/** All reject with `unauthorized` when the account is gone, and as `inTransaction` does. */
export interface AlarmQueues {
  /** Which of the events were there already, by their place in the list. Rejects with `disk_full` and keeps none then. */
  append(account: string, events: readonly HubEvent[]): Promise<number[]>;
  open(account: string, epoch: number): Promise<void>;
  pull(account: string, request: PullRequest, signal: AbortSignal): Promise<StoredAlarm[]>;
  settle(account: string, epoch: number, positions: readonly number[]): Promise<void>;
  status(account: string): QueueStatus;
  close(): void;
}

/** Requests that wait for the next commit. */
const uncommittedMax = 4_096;
const forgetEveryMs = 1_000;
/** Places given in a millisecond before they would meet those of a later run. */
const placesPerMs = 1_024;

interface Write {
  account: string;
  apply(state: QueueState): () => void;
  reject(error: AppError): void;
}

export function openAlarmQueues(options: {
  database: DatabaseSync;
  clock: Clock;
  onFatal(error: AppError): void;
  limits?: QueueLimits;
}): AlarmQueues {
  return new SqliteQueues({ limits: queueLimits, ...options });
}

class SqliteQueues implements AlarmQueues {
  readonly #options: Required<Parameters<typeof openAlarmQueues>[0]>;
  readonly #rows: QueueRows;
  readonly #pulls: WaitingPulls;
  readonly #states = new Map<string, QueueState>();
  readonly #counts = new Map<string, { appended: number; settled: number; duplicates: number }>();
  readonly #startMs: number;
  readonly #startMonotonicMs: number;
  #pending: Write[] = [];
  #next: number;
  #lastForgetMs = 0;

  constructor(options: Required<Parameters<typeof openAlarmQueues>[0]>) {
    const { database, clock } = options;
    this.#options = options;
    this.#rows = openQueueRows(database);
    this.#pulls = createWaitingPulls(clock);
    // Within a run time goes by the monotonic clock; over runs it never goes back. A clock that is set moves no window.
    this.#startMs = Math.max(clock.nowMs(), this.#rows.lastSeenMs());
    this.#startMonotonicMs = clock.monotonicMs();
    // Also in an older copy of the database no place is given twice: a late settlement never meets another event.
    this.#next = Math.max(this.#rows.nextPosition(), Math.floor(clock.nowMs()) * placesPerMs);
  }

  append(account: string, events: readonly HubEvent[]): Promise<number[]> {
    return this.#write(account, (context) => {
      const duplicates = appendEvents(context, events, () => this.#next++);
      const committed = () => {
        const count = this.#countsOf(account);
        count.appended += events.length - duplicates.length;
        count.duplicates += duplicates.length;
        if (duplicates.length < events.length) this.#pulls.wake(account);
      };
      return { result: duplicates, committed };
    });
  }

  open(account: string, epoch: number): Promise<void> {
    return this.#write(account, (context) => {
      openEpoch(context, epoch);
      const error = new AppError('not_active', `the queue was opened for epoch ${epoch}`);
      return { result: undefined, committed: () => this.#pulls.refuse(account, epoch, error) };
    });
  }

  settle(account: string, epoch: number, positions: readonly number[]): Promise<void> {
    return this.#write(account, (context) => {
      const settled = settleEvents(context, epoch, positions);
      const committed = () => {
        this.#countsOf(account).settled += settled;
      };
      return { result: undefined, committed };
    });
  }

  async pull(account: string, request: PullRequest, signal: AbortSignal): Promise<StoredAlarm[]> {
    const { epoch, after, limit, waitMs } = request;
    checkEpoch(this.#state(account), epoch);
    const look = () => this.#rows.page(account, after, limit, eventBytesPerFrameMax);
    const found = look();
    if (found.length > 0 || waitMs === 0) return found;
    return this.#pulls.wait({ account, epoch, waitMs, signal, look });
  }

  status(account: string): QueueStatus {
    const { events, bytes, epoch } = this.#state(account);
    return {
      waiting: events,
      bytes,
      oldestMs: this.#rows.oldestMs(account),
      epoch,
      ...this.#countsOf(account),
    };
  }

  close(): void {
    this.#flush();
    this.#pulls.close();
  }

  #write<T>(
    account: string,
    work: (context: Parameters<typeof appendEvents>[0]) => { result: T; committed: () => void },
  ): Promise<T> {
    if (this.#pending.length >= uncommittedMax) {
      return Promise.reject(
        new AppError('unavailable', `${uncommittedMax} requests wait for the disk of the hub`, {
          hint: 'Its disk is slow: see the slowest write in holdfast hub status.',
        }),
      );
    }
    return new Promise((resolve, reject) => {
      const apply = (state: QueueState) => {
        const { limits } = this.#options;
        const { result, committed } = work({
          account,
          rows: this.#rows,
          state,
          limits,
          nowMs: this.#nowMs(),
        });
        return () => {
          resolve(result);
          committed();
        };
      };
      // Everything that arrives in this turn, from whatever connection, shares one sync of the disk.
      if (this.#pending.length === 0) setImmediate(() => this.#flush());
      this.#pending.push({ account, apply, reject });
    });
  }

  #flush(): void {
    const writes = this.#pending;
    this.#pending = [];
    if (writes.length === 0) return;
    try {
      const outcomes = inTransaction(this.#options.database, 'keep alarms', () => {
        const next = this.#next;
        const done = writes.map((write) => this.#apply(write));
        if (this.#next !== next) this.#rows.setNextPosition(this.#next);
        this.#forgetSeen();
        return done;
      });
      for (const settle of outcomes) settle();
    } catch (thrown) {
      // Nothing of it was written: what is known of these accounts is read again.
      for (const { account } of writes) this.#states.delete(account);
      const error = toAppError(thrown);
      for (const { reject } of writes) reject(error);
      if (error.code === 'internal') this.#options.onFatal(error);
    }
  }

  /** One that is refused leaves the others of its turn alone: it has written nothing. */
  #apply({ account, apply, reject }: Write): () => void {
    try {
      return apply(this.#state(account));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return () => reject(error);
    }
  }

  #state(account: string): QueueState {
    const createdMs = this.#rows.createdMs(account);
    if (createdMs === null) {
      this.#states.delete(account);
      throw new AppError('unauthorized', 'the account was removed', { hint: 'See hub account list.' });
    }
    const known = this.#states.get(account);
    if (known?.createdMs === createdMs) return known;
    const loaded = this.#rows.load(account, createdMs, this.#options.limits.seenMax);
    this.#states.set(account, loaded);
    return loaded;
  }

  #countsOf(account: string) {
    const known = this.#counts.get(account) ?? { appended: 0, settled: 0, duplicates: 0 };
    this.#counts.set(account, known);
    return known;
  }

  #nowMs(): number {
    return Math.floor(this.#startMs + this.#options.clock.monotonicMs() - this.#startMonotonicMs);
  }

  #forgetSeen(): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#lastForgetMs < forgetEveryMs) return;
    this.#lastForgetMs = nowMs;
    this.#rows.forgetSeen(nowMs - duplicateWindowMs);
  }
}
