/** The seams of alarms: what an event is on its way, and what intake, queue, directory and output promise each other. */
import type { AlarmCategory, AlarmContent, AlarmState } from '../../src/contract/index.ts';

/** One event as it was received, before anyone forwarded it. Plain JSON: it travels to the hub and to NATS like this. */
export interface AlarmEvent {
  /**
   * `<fingerprint>-<receivedMs in base 36>`: given where it was first received, the same everywhere after. At most 64
   * characters.
   */
  readonly id: string;
  /** 32 hex digits over what the device sent (account, sequence, its time, data): equal for the same event by two ways. */
  readonly fingerprint: string;
  readonly kind: 'device' | 'supervision';
  readonly account: string;
  /** Whether the account was in the directory where it was received. */
  readonly known: boolean;
  /** `SIA-DCS`, `ADM-CID`, … without the `*` of encrypted ones. */
  readonly format: string;
  readonly sequence: string;
  /** Text between the first brackets: `#1234|Nri1/CL501`. */
  readonly data: string;
  /** Further bracketed blocks as they came: `{ type: 'V', value: 'http://…' }`. */
  readonly extended: readonly { readonly type: string; readonly value: string }[];
  readonly content: AlarmContent;
  readonly category: AlarmCategory;
  readonly receivedMs: number;
  readonly deviceTimeMs: number | null;
  readonly way: 'direct' | 'hub' | 'local';
  /** Address it came from. */
  readonly source: string;
  readonly encrypted: boolean;
  /** Frame as received, decrypted, without LF and CR. */
  readonly raw: string;
  /** Receiver id of the member that took it in; `hub` for the hub's ingress. */
  readonly takenBy: string;
  /** The directory says that it is only kept. */
  readonly forward: boolean;
}

/** `takenBy` of what the hub's ingress took in, which knows neither mappings nor whether unknown accounts are forwarded. */
export const takenByIngress = 'hub';
/** `takenBy` of what a person had sent once more: nobody judges it again. */
export const takenByHand = 'resent';

export interface QueuedEvent {
  /** Place in the queue; grows, with gaps. */
  readonly position: number;
  readonly event: AlarmEvent;
}

export interface Settlement {
  readonly position: number;
  readonly outcome: 'acknowledged' | 'refused';
  readonly ackMs: number;
  /** Name of the output. */
  readonly output: string;
  readonly attempts: number;
  /** What the ARC had against it. */
  readonly problem: string | null;
}

/** The same event came within so long before: by another way, or because our answer was lost. */
export const duplicateWindowMs = 120_000;
export const appendEventsMax = 256;
export const pullEventsMax = 512;

/**
 * A durable queue of a group, or of a receiver alone. Events leave it only by `settle`: after the ARC has acknowledged
 * them. Errors: `unavailable` and `timeout` (unknown whether done: appending again is harmless), `disk_full` (not done),
 * `not_active` when a later epoch has opened it.
 */
export interface AlarmQueue {
  /**
   * Durable when it resolves; one result an event, in order. `duplicate`: one of the same fingerprint was appended within
   * `duplicateWindowMs`, so this one is not queued. At most `appendEventsMax`.
   */
  append(events: readonly AlarmEvent[]): Promise<readonly { readonly duplicate: boolean }[]>;
  /** Takes the queue for an epoch: earlier ones can neither pull nor settle any more. Pulling begins at the oldest unsettled. */
  open(epoch: number): Promise<void>;
  /**
   * The next events of this opening in order of their places, each once per opening. Waits at most `waitMs` for the first,
   * and returns an empty list then. At most `pullEventsMax`.
   */
  pull(epoch: number, limit: number, waitMs: number): Promise<readonly QueuedEvent[]>;
  /** Durable when it resolves. Settling twice is harmless. */
  settle(epoch: number, settlements: readonly Settlement[]): Promise<void>;
  counts(): Promise<{ readonly waiting: number; readonly oldestMs: number | null }>;
  close(): Promise<void>;
}

/** What intake needs to know of an account; from the directory on a receiver, from the published table on a hub. */
export interface IntakeAccount {
  readonly account: string;
  /** AES key, 16, 24 or 32 bytes. */
  readonly key: Uint8Array | null;
  readonly requireEncryption: boolean;
  readonly enabled: boolean;
}

export interface IntakeAccounts {
  find(account: string): IntakeAccount | null;
}

/** Takes what the wire delivered. Its promise is the device's acknowledgement: it resolves when the event is safe. */
export interface IntakeSink {
  /** Rejects when it could not be made safe: the device is not answered and sends again. */
  take(event: AlarmEvent): Promise<void>;
  /** Any message of an account, also a NULL: it lives. */
  heard(account: string, nowMs: number): void;
}

/** What the forwarder does with one event at one ARC. */
export type SendResult =
  | { readonly outcome: 'acknowledged' }
  /** Received and not processed (DUH, NAK): sending it again will not help. */
  | { readonly outcome: 'refused'; readonly problem: string }
  /** No answer in time, no connection: try again, then the alternate. */
  | { readonly outcome: 'failed'; readonly problem: string };

/** One ARC automation. `send` never rejects; at most one event of an account is under way at a time (the forwarder's care). */
export interface ArcOutput {
  readonly id: string;
  readonly name: string;
  /** Events that it can have under way side by side. */
  readonly lanes: number;
  /** Failed attempts in a row after which the alternate takes over. */
  readonly attemptsMax: number;
  /** Its heartbeats tell whether the ARC answers, also while no event is sent: `state` can be believed. */
  readonly supervised: boolean;
  /** `mayLeave` is asked right before the frame leaves; when it says no, none does, and the outcome is `failed`. */
  send(event: AlarmEvent, lane: number, mayLeave: () => boolean): Promise<SendResult>;
  /** From now on heartbeats are sent and connections kept; before it and after `rest` none are. */
  work(): void;
  rest(): void;
  state(): {
    readonly state: 'connected' | 'connecting' | 'failing' | 'idle';
    readonly problem: string | null;
  };
  close(): Promise<void>;
}

/** What a screen shows of an event besides what it brought along. */
export interface AlarmProgress {
  readonly state: AlarmState;
  readonly attempts: number;
  readonly output: string | null;
  readonly arcAckMs: number | null;
  readonly problem: string | null;
}
