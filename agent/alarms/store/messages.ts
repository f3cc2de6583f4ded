/** What the store's two workers are asked and answer: one writes, one reads. */
import type { AlarmQuery } from '../../../src/contract/index.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { AccountFacts, AlarmCounts, TextMeaning } from './types.ts';

export interface SettledRow {
  readonly number: number;
  readonly outcome: 'acknowledged' | 'refused';
  readonly ackMs: number;
  readonly output: string;
  readonly attempts: number;
  readonly problem: string | null;
}

export interface AccountRow extends AccountFacts {
  readonly account: string;
  /** The last event that is counted in it. */
  readonly counted: number;
}

/** One change; all of a batch are one transaction. */
export type WriteOp =
  | { readonly kind: 'settle'; readonly rows: readonly SettledRow[] }
  | { readonly kind: 'share'; readonly numbers: readonly number[] }
  /** Rows of the group's queue above `after` wait here again, the oldest `limit`. */
  | { readonly kind: 'unshare'; readonly after: number; readonly limit: number }
  | {
      readonly kind: 'absorb';
      readonly items: readonly {
        readonly text: string;
        readonly settled: Omit<SettledRow, 'number'> | null;
      }[];
    }
  | { readonly kind: 'resend'; readonly numbers: readonly number[]; readonly user: string }
  | { readonly kind: 'acknowledge'; readonly numbers: readonly number[]; readonly user: string }
  | { readonly kind: 'accounts'; readonly rows: readonly AccountRow[]; readonly counted: number | null }
  | { readonly kind: 'trim'; readonly rowsMax: number };

/** Numbers of what was added (of `absorb` negative for a row that was here), or how many rows changed. */
export type WriteResult = readonly number[];

export interface Batch {
  readonly nowMs: number;
  /** Texts of events to record. */
  readonly texts: readonly string[];
  readonly ops: readonly WriteOp[];
}

export interface BatchAnswer {
  /** One a text: its number, negative for a duplicate of that number, 0 for a text that is no event. */
  readonly recorded: readonly number[];
  readonly results: readonly WriteResult[];
  readonly counts: AlarmCounts;
}

/** The row as it is in the file, without what only checks need. */
export interface RawAlarm {
  readonly number: number;
  readonly state: number;
  readonly attempts: number;
  readonly output: string | null;
  readonly arcAckMs: number | null;
  readonly problem: string | null;
  readonly seenBy: string | null;
  readonly seenMs: number | null;
  readonly resentOf: number | null;
  readonly event: string;
}

export interface RawPage {
  readonly rows: readonly RawAlarm[];
  readonly nextBefore: number | null;
}

export interface VerifyStep {
  readonly checked: number;
  readonly firstBad: number | null;
  /** Where the next step goes on; null at the end. */
  readonly next: { readonly n: number; readonly chain: Uint8Array } | null;
  readonly head: string;
}

export interface StoreRequests {
  commit: { readonly ask: Batch; readonly answer: BatchAnswer };
  counts: { readonly ask: null; readonly answer: AlarmCounts };
  fold: { readonly ask: null; readonly answer: null };
  close: { readonly ask: null; readonly answer: null };
  accounts: {
    readonly ask: null;
    readonly answer: readonly AccountRow[];
  };
  /** Rows of a state above `after`, the oldest first. */
  waiting: {
    readonly ask: { readonly after: number; readonly limit: number };
    readonly answer: readonly { readonly number: number; readonly event: string }[];
  };
  /** How many rows above `after` are in the group's queue, as far as is known here. */
  shared: { readonly ask: { readonly after: number }; readonly answer: number };
  list: {
    readonly ask: { readonly query: AlarmQuery; readonly meaning: TextMeaning };
    readonly answer: RawPage;
  };
  since: {
    readonly ask: { readonly after: number; readonly limit: number };
    readonly answer: readonly RawAlarm[];
  };
  show: { readonly ask: number; readonly answer: RawAlarm | null };
  verify: {
    readonly ask: { readonly from: { readonly n: number; readonly chain: Uint8Array } | null };
    readonly answer: VerifyStep;
  };
}
export type StoreMethod = keyof StoreRequests;

export type StoreRequest = {
  [Method in StoreMethod]: { readonly method: Method; readonly ask: StoreRequests[Method]['ask'] };
}[StoreMethod];

export interface WireFault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
}

export interface StoreReply {
  readonly id: number;
  readonly fault: WireFault | null;
  readonly answer: unknown;
}

export interface StoreWorkerData {
  readonly role: 'writer' | 'reader';
  readonly path: string;
}
