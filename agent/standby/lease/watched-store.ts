/** A LeaseStore over any driver: it speaks in records, and refuses to go on when the store has gone back behind what it confirmed. */
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { LeaseRecord, LeaseStore, StoredLease } from '../types.ts';
import { createDeadline } from './deadline.ts';
import type { LeaseDriver } from './driver.ts';
import { decodeRecord, encodeRecord } from './record-codec.ts';
import { formatRevision, parseRevision, type Revision } from './revision.ts';

export interface WatchedOptions {
  driver: LeaseDriver;
  pairId: string;
  /** For messages: "the hub at 192.0.2.1:6070". */
  name: string;
  clock: Clock;
  /** The latest revision known from before, for instance of the last run of the guard. */
  seenRevision: string | null;
}

export function createWatchedStore(options: WatchedOptions): LeaseStore {
  return new WatchedStore(options);
}

class WatchedStore implements LeaseStore {
  readonly #options: WatchedOptions;
  #seen: Revision | null;
  #last: StoredLease | null = null;
  /** Once the store went back, nothing it says counts until it is opened anew. */
  #lost: AppError | null = null;
  #closed = false;

  constructor(options: WatchedOptions) {
    this.#options = options;
    this.#seen = options.seenRevision === null ? null : parseRevision(options.seenRevision);
  }

  async read(timeoutMs: number): Promise<StoredLease | null> {
    const { driver, pairId } = this.#options;
    const seen = this.#seen;
    const stored = await this.#run(timeoutMs, (deadline) => driver.read(seen, deadline));
    this.#accept(seen, stored?.revision ?? null);
    if (stored === null) return null;
    return this.#remember(decodeRecord(stored.text, pairId), stored.revision);
  }

  async compareAndSet(expected: string | null, record: LeaseRecord, timeoutMs: number): Promise<StoredLease> {
    const { driver, pairId } = this.#options;
    const text = encodeRecord(record, pairId);
    const revision = expected === null ? null : parseRevision(expected);
    const seen = this.#seen;
    const byHolder =
      expected !== null &&
      this.#last?.revision === expected &&
      (record.holder === null || record.holder === this.#last.record.holder);
    const written = await this.#run(timeoutMs, (deadline) =>
      driver.write(revision, text, { byHolder, deadline }),
    );
    this.#accept(seen, written);
    return this.#remember(record, written);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#options.driver.close();
  }

  async #run<T>(
    timeoutMs: number,
    call: (deadline: ReturnType<typeof createDeadline>) => Promise<T>,
  ): Promise<T> {
    if (this.#lost) throw this.#lost;
    if (this.#closed) throw new AppError('unavailable', 'the connection to the lease store was closed');
    const deadline = createDeadline(this.#options.clock, timeoutMs, this.#options.name);
    try {
      return await deadline.within(call(deadline));
    } catch (error) {
      const known = error instanceof AppError ? error : notUnderstood(this.#options.name, error);
      if (known.code === 'data_loss') this.#lost ??= known;
      throw known;
    }
  }

  /** `seen` is from the beginning of the call: meanwhile another one may have seen more. */
  #accept(seen: Revision | null, found: Revision | null): void {
    if (seen === null) return;
    if (found !== null && found.lineage === seen.lineage && found.number >= seen.number) return;
    this.#lost ??= wentBack(this.#options.name, {
      seen: formatRevision(seen),
      found: found && formatRevision(found),
    });
    throw this.#lost;
  }

  #remember(record: LeaseRecord, revision: Revision): StoredLease {
    const stored = { record, revision: formatRevision(revision) };
    if (this.#seen === null || revision.number >= this.#seen.number) {
      this.#seen = revision;
      this.#last = stored;
    }
    return stored;
  }
}

/** The store confirmed more than it holds now. */
export function wentBack(name: string, details: { seen: string; found: string | null }): AppError {
  return new AppError('data_loss', `${name} went back behind a revision that it had confirmed`, {
    hint: 'An older copy of its data was put back, or it was made anew. Check the active node, then bring the pair in anew.',
    details,
  });
}

function notUnderstood(name: string, cause: unknown): AppError {
  return new AppError('protocol', `${name} answered with something else`, {
    hint: 'Check that the address is the store that the arbiter names, and its release.',
    cause,
  });
}
