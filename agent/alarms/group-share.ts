/**
 * Hands what was stored here to the group's queue, in the order in which it came, each event at least once. A queue that
 * does not answer holds up no device: the local copy counts until it can be handed over.
 */
import { toAppError } from '../../src/errors.ts';
import type { Cancel, Clock } from '../adapters/clock.ts';
import { type AlarmEvent, type AlarmQueue, appendEventsMax } from './types.ts';

export interface GroupShareOptions {
  readonly clock: Clock;
  readonly queue: Pick<AlarmQueue, 'append'>;
  /** Rows of this node above `after` that are not in the group's queue, the oldest first, with all that was taken before. */
  unshared(
    limit: number,
    after: number,
  ): Promise<readonly { readonly number: number; readonly event: AlarmEvent }[]>;
  markShared(numbers: readonly number[]): Promise<void>;
  /** The queue answers again, or does not any more; said once a change. */
  onState(state: 'sharing' | 'behind', problem: string | null): void;
}

/** A device waits so long for the second copy; then the first one is enough. */
export const shareTimeoutMs = 1_500;
/** What came within it goes in one batch. */
const gatherMs = 5;
const retryMs = 1_000;
/** Beyond it the copies on the disk are used instead of those in memory. */
const waitingMax = 8_192;
/** Rows that are shared and not yet marked so; what is beyond may be shared twice. */
const unmarkedMax = 65_536;

interface Waiting {
  readonly event: AlarmEvent;
  /** Row here; known once it is stored. */
  readonly stored: Promise<{ readonly number: number }>;
  settle(shared: boolean): void;
}

/**
 * `direct`: events go from memory into the queue while they are stored. `behind`: after a failure, and at first: rows go from
 * the disk, and new events with them, so that none overtakes an older one. `joining`: the last rows of the disk, before those
 * that wait in memory.
 */
type Mode = 'direct' | 'behind' | 'joining' | 'closed';

export class GroupShare {
  readonly #options: GroupShareOptions;
  #mode: Mode = 'behind';
  #told: 'sharing' | 'behind' | null = null;
  #waiting: Waiting[] = [];
  /** The queue has them, and this disk would not say so; it holds up nothing. */
  readonly #unmarked = new Set<number>();
  #pumping = false;
  #catching = false;
  #cancelRetry: Cancel = () => {};
  #cancelMark: Cancel | null = null;

  constructor(options: GroupShareOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#catchUp();
  }

  /** True when the group has it; false when it did not answer in time and the local copy must do. Never rejects. */
  share(event: AlarmEvent, stored: Promise<{ readonly number: number }>): Promise<boolean> {
    if (this.#mode === 'behind' || this.#mode === 'closed') return Promise.resolve(false);
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(shareTimeoutMs, () => resolve(false));
      const settle = (shared: boolean) => {
        cancel();
        resolve(shared);
      };
      this.#waiting.push({ event, stored, settle });
      if (this.#waiting.length > waitingMax) this.#fallBehind('too many events wait for the queue');
      else if (this.#mode === 'direct') this.#pumpSoon();
    });
  }

  /** Rows were put back by hand: they go like those that could not be handed over. */
  sweep(): void {
    // The last look at the disk may be over: there is to be another.
    if (this.#mode !== 'direct' && this.#mode !== 'joining') return;
    this.#mode = 'behind';
    this.#release();
    void this.#catchUp();
  }

  /** What is not shared stays on the disk. */
  close(): void {
    this.#mode = 'closed';
    this.#cancelRetry();
    this.#cancelMark?.();
    this.#release();
  }

  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const full = this.#waiting.length >= appendEventsMax;
    this.#options.clock.after(full ? 0 : gatherMs, () => void this.#pump());
  }

  async #pump(): Promise<void> {
    while (this.#mode === 'direct' && this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, appendEventsMax);
      const problem = await this.#append(batch.map(({ event }) => event));
      if (problem === null) {
        for (const { settle } of batch) settle(true);
        void this.#noteShared(batch);
      } else {
        this.#waiting.unshift(...batch);
        this.#fallBehind(problem);
      }
    }
    this.#pumping = false;
  }

  async #noteShared(batch: readonly Waiting[]): Promise<void> {
    const rows = await Promise.allSettled(batch.map(({ stored }) => stored));
    await this.#mark(rows.flatMap((row) => (row.status === 'fulfilled' ? [row.value.number] : [])));
  }

  /**
   * A disk that is full must not keep events out of the queue: it is told again later. A row that is not marked, because the
   * process ends here, is shared twice; the queue knows it by its fingerprint.
   */
  async #mark(numbers: readonly number[]): Promise<void> {
    try {
      await this.#options.markShared(numbers);
    } catch {
      for (const number of numbers) if (this.#unmarked.size < unmarkedMax) this.#unmarked.add(number);
      this.#markLater();
    }
  }

  #markLater(): void {
    if (this.#mode === 'closed') return;
    this.#cancelMark ??= this.#options.clock.after(retryMs, () => {
      this.#cancelMark = null;
      const numbers = [...this.#unmarked];
      this.#options.markShared(numbers).then(
        () => {
          for (const number of numbers) this.#unmarked.delete(number);
        },
        () => this.#markLater(),
      );
    });
  }

  /** Null when it is done. */
  async #append(events: readonly AlarmEvent[]): Promise<string | null> {
    const late = Promise.withResolvers<string>();
    const cancel = this.#options.clock.after(shareTimeoutMs, () =>
      late.resolve('the queue does not answer in time'),
    );
    const done = this.#options.queue.append(events).then(
      () => null,
      (error: unknown) => toAppError(error).message,
    );
    const problem = await Promise.race([done, late.promise]);
    cancel();
    return problem;
  }

  #fallBehind(problem: string): void {
    if (this.#mode === 'closed') return;
    this.#mode = 'behind';
    this.#tell('behind', problem);
    this.#release();
    if (!this.#catching) this.#retryLater();
  }

  #retryLater(): void {
    this.#cancelRetry();
    this.#cancelRetry = this.#options.clock.after(retryMs, () => void this.#catchUp());
  }

  /** Those that wait in memory are on the disk, or will be in a moment. */
  #release(): void {
    for (const { settle } of this.#waiting.splice(0)) settle(false);
  }

  async #catchUp(): Promise<void> {
    if (this.#catching) return;
    this.#catching = true;
    const problem = await this.#shareRows().catch((error: unknown) => toAppError(error).message);
    this.#catching = false;
    if (this.#stopped()) return;
    if (problem !== null) return this.#fallBehind(problem);
    // Rows were put back in this very moment.
    if (this.#mode !== 'joining') return this.#catchUp();
    this.#mode = 'direct';
    this.#tell('sharing', null);
    if (this.#waiting.length > 0) this.#pumpSoon();
  }

  /** All rows of the disk that are not shared, and those that are being stored; null when it is done. */
  async #shareRows(): Promise<string | null> {
    const { unshared } = this.#options;
    for (let after = 0; ; ) {
      // What came while it was behind is seen by the last look at the disk; what comes from now on waits in memory.
      const last = this.#mode === 'joining';
      const rows = await unshared(appendEventsMax, after);
      const fresh = rows.filter(({ number }) => !this.#unmarked.has(number));
      const problem = fresh.length === 0 ? null : await this.#append(fresh.map(({ event }) => event));
      if (problem !== null || this.#stopped()) return problem;
      if (fresh.length > 0) await this.#mark(fresh.map(({ number }) => number));
      after = rows.at(-1)?.number ?? after;
      if (rows.length === appendEventsMax) continue;
      // It may have fallen behind again meanwhile: memory held too many.
      if (last && this.#mode === 'joining') return null;
      this.#mode = 'joining';
      after = 0;
    }
  }

  #stopped(): boolean {
    return this.#mode === 'closed';
  }

  #tell(state: 'sharing' | 'behind', problem: string | null): void {
    if (this.#told === state) return;
    this.#told = state;
    this.#options.onState(state, problem);
  }
}
