/** `alarms.db` behind its two workers: an event that `record` resolved for is on the disk, and stays until it was forwarded. */
import type { AlarmQuery } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import type { AlarmEvent, AlarmQueue } from '../types.ts';
import { AccountBook } from './account-book.ts';
import { damagedEvent, eventOrNull, eventText } from './codec.ts';
import { type Committed, Committer } from './committer.ts';
import type { RawAlarm } from './messages.ts';
import { createLocalQueue, type LocalQueue } from './queue.ts';
import { stateOf } from './state.ts';
import type {
  Absorbed,
  AccountFacts,
  AlarmCounts,
  AlarmPage,
  AlarmStore,
  AlarmStoreOptions,
  HeardRow,
  StoredAlarm,
  TextMeaning,
  Verification,
} from './types.ts';
import { type AskStore, startStoreWorker } from './worker-client.ts';

const eventsMaxDefault = 1_000_000;
/** So many over the limit before the oldest go. */
const surplusMax = 500;
const accountsEveryMs = 10_000;
/** Changes after which the log is folded into the file: it then has some 40 MB. */
const changesPerFold = 4_000;
/** Rows of one commit: others wait some milliseconds for it. */
const unsharePiece = 2_000;
const noMeaning: TextMeaning = { accounts: [], codes: [] };

/** @throws AppError `unsupported`, `data_loss`, `disk_full`, `unavailable` when the file cannot be opened. */
export function openAlarmStore(options: AlarmStoreOptions): Promise<AlarmStore> {
  const { path, onError } = options;
  return openAlarmStoreOn(options, {
    write: startStoreWorker({ role: 'writer', path }, onError),
    read: startStoreWorker({ role: 'reader', path }, onError),
  });
}

/** On whoever carries the requests out. */
export async function openAlarmStoreOn(
  options: AlarmStoreOptions,
  { write, read }: { readonly write: AskStore; readonly read: AskStore },
): Promise<AlarmStore> {
  const counts = await write('counts', null);
  return new Store(options, { write, read, counts, accounts: new AccountBook(await read('accounts', null)) });
}

interface Parts {
  readonly write: AskStore;
  readonly read: AskStore;
  readonly counts: AlarmCounts;
  readonly accounts: AccountBook;
}

class Store implements AlarmStore {
  readonly #options: AlarmStoreOptions;
  readonly #write: AskStore;
  readonly #read: AskStore;
  readonly #accounts: AccountBook;
  readonly #committer: Committer;
  readonly #queue: LocalQueue;
  #changes = 0;
  #folding = false;
  #trimming = false;
  #flushing: Promise<void> = Promise.resolve();
  #closing: Promise<void> | null = null;
  #cancelFlush: () => void = () => undefined;

  constructor(options: AlarmStoreOptions, { write, read, counts, accounts }: Parts) {
    this.#options = options;
    this.#write = write;
    this.#read = read;
    this.#accounts = accounts;
    this.#committer = new Committer(write, options.clock, counts, (committed) => this.#committed(committed));
    this.#queue = createLocalQueue(
      {
        record: (event) => this.record(event),
        waiting: (after, limit) => this.#waiting(after, limit),
        settle: async (rows) => {
          await this.#committer.write({ kind: 'settle', rows });
        },
        counts: () => this.counts(),
      },
      options.clock,
    );
    this.#flushLater();
  }

  get queue(): AlarmQueue {
    return this.#queue;
  }

  async record(event: AlarmEvent): Promise<{ number: number; duplicate: boolean }> {
    const number = await this.#committer.record(event);
    return { number: Math.abs(number), duplicate: number < 0 };
  }

  async unshared(limit: number, after = 0): Promise<{ number: number; event: AlarmEvent }[]> {
    await this.#committer.recorded();
    const found: { number: number; event: AlarmEvent }[] = [];
    for (let from = after; found.length < limit; ) {
      const wanted = limit - found.length;
      const rows = await this.#waiting(from, wanted);
      for (const { number, event } of rows) if (event !== null) found.push({ number, event });
      if (rows.length < wanted) break;
      from = rows.at(-1)?.number ?? from;
    }
    return found;
  }

  async markShared(numbers: readonly number[]): Promise<void> {
    if (numbers.length > 0) await this.#committer.write({ kind: 'share', numbers });
  }

  shared(after: number): Promise<number> {
    return this.#read('shared', { after });
  }

  async unshare(after: number): Promise<number> {
    let total = 0;
    for (let changed = unsharePiece; changed === unsharePiece; total += changed) {
      [changed = 0] = await this.#committer.write({ kind: 'unshare', after, limit: unsharePiece });
    }
    if (total > 0) this.#queue.wake();
    return total;
  }

  async absorb(items: readonly Absorbed[]): Promise<number[]> {
    if (items.length === 0) return [];
    const numbers = await this.#committer.write({
      kind: 'absorb',
      items: items.map(({ event, settlement }) => ({ text: eventText(event), settled: settlement })),
    });
    items.forEach(({ event }, index) => {
      if ((numbers[index] ?? 0) > 0) this.#accounts.count(event);
    });
    return numbers.map(Math.abs);
  }

  async list(query: AlarmQuery, meaning: TextMeaning = noMeaning): Promise<AlarmPage> {
    const { rows, nextBefore } = await this.#read('list', { query, meaning });
    return { alarms: rows.map(storedOf), nextBefore };
  }

  async since(after: number, limit: number): Promise<StoredAlarm[]> {
    return (await this.#read('since', { after, limit })).map(storedOf);
  }

  async show(number: number): Promise<StoredAlarm> {
    const row = await this.#read('show', number);
    if (row !== null) return storedOf(row);
    throw new AppError('not_found', `there is no event ${number}`, {
      hint: 'It may have been among the oldest, which go when there are too many.',
    });
  }

  async resend(numbers: readonly number[], user: string): Promise<readonly number[]> {
    const added = await this.#committer.write({ kind: 'resend', numbers, user });
    if (added.length > 0) this.#queue.wake();
    return added;
  }

  async acknowledge(numbers: readonly number[], user: string): Promise<number> {
    const [changed = 0] = await this.#committer.write({ kind: 'acknowledge', numbers, user });
    return changed;
  }

  counts(): AlarmCounts {
    return this.#committer.counts();
  }

  account(account: string): AccountFacts | null {
    return this.#accounts.get(account);
  }

  heard(account: string, nowMs: number): void {
    this.#accounts.heard(account, nowMs);
  }

  heardSnapshot(): HeardRow[] {
    return this.#accounts.heardRows();
  }

  async verify(): Promise<Verification> {
    let checked = 0;
    let step = await this.#read('verify', { from: null });
    for (;;) {
      checked += step.checked;
      const { next, firstBad, head } = step;
      if (next === null) return { ok: firstBad === null, checked, firstBad, head };
      step = await this.#read('verify', { from: next });
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#cancelFlush();
    await this.#queue.close();
    await this.#flushing;
    await this.#flush();
    await this.#committer.close();
    await this.#read('close', null);
    await this.#write('close', null);
  }

  /** `event` null: its record is damaged. */
  async #waiting(after: number, limit: number): Promise<{ number: number; event: AlarmEvent | null }[]> {
    const rows = await this.#read('waiting', { after, limit });
    return rows.map(({ number, event }) => ({ number, event: eventOrNull(event) }));
  }

  #committed({ events, answer }: Committed): void {
    let added = false;
    events.forEach((event, index) => {
      if ((answer.recorded[index] ?? 0) <= 0) return;
      added = true;
      this.#accounts.count(event);
    });
    if (added) this.#queue.wake();
    this.#changes += events.length + answer.results.length;
    if (this.#changes >= changesPerFold) void this.#fold();
    if (answer.counts.rows > (this.#options.eventsMax ?? eventsMaxDefault) + surplusMax) void this.#trim();
  }

  /** The reader does most of it beside the commits; what came meanwhile is little, and the writer does it between two. */
  async #fold(): Promise<void> {
    if (this.#folding) return;
    this.#folding = true;
    this.#changes = 0;
    try {
      await this.#read('fold', null);
      await this.#write('fold', null);
    } catch {
      // The log keeps everything that was committed; the next commit tells what is wrong with the disk.
    }
    this.#folding = false;
  }

  async #trim(): Promise<void> {
    if (this.#trimming) return;
    this.#trimming = true;
    const rowsMax = this.#options.eventsMax ?? eventsMaxDefault;
    // What cannot be removed now is tried again after the next commit.
    await this.#committer.write({ kind: 'trim', rowsMax }).catch(() => undefined);
    this.#trimming = false;
  }

  #flushLater(): void {
    this.#cancelFlush = this.#options.clock.after(accountsEveryMs, () => {
      this.#flushing = this.#flush().then(() => this.#flushLater());
    });
  }

  async #flush(): Promise<void> {
    const pieces = this.#accounts.takeChanges(this.counts().lastNumber);
    for (const [index, { rows, counted }] of pieces.entries()) {
      try {
        await this.#committer.write({ kind: 'accounts', rows, counted });
      } catch {
        // None of the rest claims to be counted; all of it is tried again in a while.
        for (const piece of pieces.slice(index)) this.#accounts.putBack(piece);
        return;
      }
    }
  }
}

function storedOf(row: RawAlarm): StoredAlarm {
  return {
    number: row.number,
    event: eventOrNull(row.event) ?? damagedEvent(row),
    progress: {
      state: stateOf(row.state),
      attempts: row.attempts,
      output: row.output,
      arcAckMs: row.arcAckMs,
      problem: row.problem,
    },
    acknowledgedBy: row.seenBy,
    acknowledgedMs: row.seenMs,
    resentOf: row.resentOf,
  };
}
