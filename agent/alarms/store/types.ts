/** What the store of alarms promises to the receiver that owns it. */
import type { AlarmQuery } from '../../../src/contract/index.ts';
import type { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { AlarmEvent, AlarmProgress, AlarmQueue, Settlement } from '../types.ts';

export interface StoredAlarm {
  /** Row of this node; grows with each event, never given twice. */
  readonly number: number;
  readonly event: AlarmEvent;
  readonly progress: AlarmProgress;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedMs: number | null;
  /** The row that a person had sent once more. */
  readonly resentOf: number | null;
}

export interface AlarmPage {
  /** Newest first. */
  readonly alarms: readonly StoredAlarm[];
  /** `before` of the next page; null when nothing older matches. A page may be short and still have one. */
  readonly nextBefore: number | null;
}

/** What a searched text means in the directory, whose names the store does not know. */
export interface TextMeaning {
  /** Accounts of devices whose names hold the text. At most `meaningsMax`. */
  readonly accounts: readonly string[];
  /** Codes whose words hold it. At most `meaningsMax`. */
  readonly codes: readonly string[];
}
export const meaningsMax = 5_000;

export interface AlarmCounts {
  /** Rows that are kept. */
  readonly rows: number;
  readonly lastNumber: number;
  /** Ever, over restarts; duplicates not among them. */
  readonly received: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly duplicates: number;
  /** Not yet acknowledged by an ARC; in a group: not yet in its queue. */
  readonly waiting: number;
  /** When the oldest of those was stored here. */
  readonly oldestMs: number | null;
  /** Which no operator has seen. */
  readonly unacknowledged: number;
}

export interface AccountFacts {
  readonly alarms: number;
  readonly firstAlarmMs: number | null;
  readonly lastAlarmMs: number | null;
  /** First message ever. */
  readonly activatedMs: number | null;
  readonly lastHeardMs: number | null;
}

export interface HeardRow {
  readonly account: string;
  readonly heardMs: number;
}

export interface Verification {
  readonly ok: boolean;
  /** Entries of the audit that were walked. */
  readonly checked: number;
  /** The first event whose record, or an entry about it, does not hold. */
  readonly firstBad: number | null;
  /** Last link of the chain in hex: written down elsewhere, it vouches for everything before. */
  readonly head: string;
}

/** How an event went that came from the group's queue. */
export interface Absorbed {
  readonly event: AlarmEvent;
  /** Null: under way. */
  readonly settlement: Omit<Settlement, 'position'> | null;
}

export interface AlarmStore {
  /**
   * On the disk when it resolves. `duplicate`: one of the same fingerprint was stored within `duplicateWindowMs`; it is the
   * row `number`, and nothing was added. Errors: `unavailable` (too many are waiting, or the store is closed), `disk_full`.
   */
  record(event: AlarmEvent): Promise<{ readonly number: number; readonly duplicate: boolean }>;
  /** Of a receiver alone: what waits here. Positions are numbers. */
  readonly queue: AlarmQueue;
  /**
   * Rows above `after` that wait here, the oldest first, with all that `record` was asked for before: in a group, what is not
   * yet in its queue.
   */
  unshared(
    limit: number,
    after?: number,
  ): Promise<readonly { readonly number: number; readonly event: AlarmEvent }[]>;
  /** They are in the group's queue now. */
  markShared(numbers: readonly number[]): Promise<void>;
  /** How many rows above `after` are in the group's queue and have no end known here. */
  shared(after: number): Promise<number>;
  /** Those rows wait here again, to be forwarded or shared once more. Gives how many. */
  unshare(after: number): Promise<number>;
  /** Keeps the history of events of the group's queue: settles the row that is here, or adds one. Gives the numbers. */
  absorb(items: readonly Absorbed[]): Promise<readonly number[]>;
  /** Looks at a bounded number of rows, see `AlarmPage.nextBefore`. `meaning` belongs to `query.text`. */
  list(query: AlarmQuery, meaning?: TextMeaning): Promise<AlarmPage>;
  /** Rows above `after`, the oldest first. */
  since(after: number, limit: number): Promise<readonly StoredAlarm[]>;
  /** @throws AppError `not_found`. */
  show(number: number): Promise<StoredAlarm>;
  /** Adds a row of the same event with an id of its own, waiting; those that wait already are left out. Gives the new numbers. */
  resend(numbers: readonly number[], user: string): Promise<readonly number[]>;
  /** Gives how many had not been acknowledged before. */
  acknowledge(numbers: readonly number[], user: string): Promise<number>;
  /** As of the last commit. */
  counts(): AlarmCounts;
  /** Null for an account that never sent anything. */
  account(account: string): AccountFacts | null;
  /** On the disk within ten seconds or so. */
  heard(account: string, nowMs: number): void;
  heardSnapshot(): readonly HeardRow[];
  /** Walks the audit in steps; commits go on meanwhile. */
  verify(): Promise<Verification>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

export interface AlarmStoreOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Rows that are kept; those that wait are kept in any case. */
  readonly eventsMax?: number;
  /** The store cannot go on: end the process. */
  readonly onError: (error: AppError) => void;
}
