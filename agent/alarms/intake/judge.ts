/**
 * Judges one frame: what is answered, and what becomes an event (SIA DC-09 section 5.5).
 *
 * - ACK only after the sink has it, `*ACK` to an encrypted one. NULL is answered at once.
 * - NAK only to an encrypted message outside the time window; a plain one's time is not judged.
 * - DUH to what came in good order and can never be worked on: unknown id, nothing in it, no account, a disabled account.
 *   It tells the device to go to its alternate now; an ACK would lose the alarm and silence would keep it trying.
 * - Silence to a bad CRC or length (section 5.5.1.2), and to what only our side can mend: a wrong or missing key, a plain
 *   message where encryption is asked for, a flood. The device keeps its event, shows its fault and sends again. It also
 *   tells one who forges nothing about keys.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../adapters/clock.ts';
import { decodeFrame, encodeAck, encodeDuh, encodeNak, openFrame } from '../dc09/codec.ts';
import { createFrameCipher } from '../dc09/crypt.ts';
import type { Dc09Frame, FrameCipher } from '../dc09/frame.ts';
import { checkTimeWindow } from '../dc09/timestamp.ts';
import type { AlarmEvent, IntakeAccount, IntakeAccounts } from '../types.ts';
import type { IntakeCounts } from './counts.ts';
import { eventOfFrame } from './event.ts';
import type { MessageRates } from './message-rates.ts';
import type { Teller } from './teller.ts';

/** What can become an event; the payloads of DC-07 that hardly anybody sends are answered with DUH. */
const eventIds: ReadonlySet<string> = new Set(['SIA-DCS', 'ADM-CID']);
/** `XNM`: the NULL of DC-09-2026 that carries extended data about the path. */
const heartbeatIds: ReadonlySet<string> = new Set(['NULL', 'XNM']);
const answerIds: ReadonlySet<string> = new Set(['ACK', 'NAK', 'DUH', 'RSP']);
const aesKeyBytes: ReadonlySet<number> = new Set([16, 24, 32]);
const minuteMs = 60_000;
const hourMs = 3_600_000;

export type Categorise = (
  format: string,
  content: AlarmEvent['content'],
) => Pick<AlarmEvent, 'category' | 'forward'>;

export interface JudgeSettings {
  /** Encrypted messages outside -40/+20 s get NAK. */
  checkTime: boolean;
  /** Events of accounts that are not in the directory go on to the ARC too. */
  forwardUnknown: boolean;
}

export interface JudgeContext {
  readonly clock: Clock;
  readonly accounts: IntakeAccounts;
  readonly categorise: Categorise;
  readonly takenBy: string;
  readonly way: 'direct' | 'hub';
  readonly settings: JudgeSettings;
  readonly counts: IntakeCounts;
  readonly teller: Teller;
  readonly rates: MessageRates;
  /** A message of an account of the directory. */
  readonly heard: (account: string, nowMs: number) => void;
}

export type Verdict =
  /** `valid`: it was a message, only not one that is answered. */
  | { readonly kind: 'silence'; readonly valid: boolean }
  | { readonly kind: 'answer'; readonly known: boolean; readonly bytes: Uint8Array }
  /** `acknowledge` makes the answer, once the sink has the event. */
  | {
      readonly kind: 'take';
      readonly known: boolean;
      readonly event: AlarmEvent;
      readonly acknowledge: () => Uint8Array;
    };

const silence: Verdict = { kind: 'silence', valid: true };
const refusal: Verdict = { kind: 'silence', valid: false };

/** Judges `bytes`, LF to CR, from `source` (`host:port`). Never throws on what came from outside. */
export function judgeFrame(bytes: Uint8Array, source: string, context: JudgeContext): Verdict {
  const decoded = decodeFrame(bytes);
  if (!decoded.ok) return refuse(decoded.detail, source, context);
  const { frame } = decoded;
  if (answerIds.has(frame.id)) {
    context.counts.ignored += 1;
    return silence;
  }
  const account = frame.account.toUpperCase();
  const entry = account === '' ? null : context.accounts.find(account);
  return frame.encrypted
    ? judgeEncrypted(frame, entry, { bytes, source }, context)
    : judgePlain(frame, entry, { bytes, source }, context);
}

interface Arrival {
  readonly bytes: Uint8Array;
  readonly source: string;
}

/** Counts what is no frame and tells it once a minute for an address. */
export function refuse(detail: string, source: string, context: JudgeContext): Verdict {
  context.counts.refusedFrames += 1;
  const address = source.slice(0, source.lastIndexOf(':'));
  context.teller.tell(
    'warning',
    'alarm.frame-refused',
    address,
    minuteMs,
    () => `a frame from ${source} was not answered: ${detail}`,
  );
  return refusal;
}

function judgeEncrypted(
  frame: Dc09Frame,
  entry: IntakeAccount | null,
  arrival: Arrival,
  context: JudgeContext,
): Verdict {
  const cipher = cipherOf(entry);
  if (cipher === null) {
    const why = entry === null ? 'it is not in the directory' : 'the directory has no AES key for it';
    return unopened(frame, arrival, `an encrypted message cannot be opened: ${why}`, context);
  }
  const opened = openFrame(frame, cipher);
  if (!opened.ok) return unopened(frame, arrival, 'its key does not open what it sends', context);
  const nowMs = context.clock.nowMs();
  const { timestamp } = opened.frame;
  if (context.settings.checkTime && (timestamp === null || !checkTimeWindow(timestamp.utcMs, nowMs))) {
    return outsideWindow(opened.frame, arrival, nowMs, context);
  }
  return judgeOpened(opened.frame, entry, cipher, arrival, context);
}

/** Null also for a key that is none: what a directory holds must not end the process. */
function cipherOf(entry: IntakeAccount | null): FrameCipher | null {
  const key = entry?.key ?? null;
  return key === null || !aesKeyBytes.has(key.length) ? null : createFrameCipher(key, randomBytes);
}

/** Refused as well as counted: whoever guesses keys uses up what his address may send. */
function unopened(frame: Dc09Frame, arrival: Arrival, why: string, context: JudgeContext): Verdict {
  const { counts, teller } = context;
  counts.unopened += 1;
  const account = frame.account.toUpperCase();
  teller.tell(
    'warning',
    'alarm.key-wrong',
    account,
    hourMs,
    () => `account ${account} at ${arrival.source} is not acknowledged: ${why}`,
  );
  return refusal;
}

function outsideWindow(frame: Dc09Frame, arrival: Arrival, nowMs: number, context: JudgeContext): Verdict {
  const { counts, teller } = context;
  counts.outsideWindow += 1;
  const account = frame.account.toUpperCase();
  const time = frame.timestamp;
  teller.tell('warning', 'alarm.clock-wrong', account, hourMs, () => {
    const seconds = time === null ? null : Math.round((time.utcMs - nowMs) / 1_000);
    const off =
      seconds === null
        ? 'without a time'
        : `${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} ours`;
    return `account ${account} at ${arrival.source} sent an encrypted message ${off}; it was told our time (NAK)`;
  });
  return { kind: 'answer', known: true, bytes: encodeNak(frame, nowMs) };
}

function judgePlain(
  frame: Dc09Frame,
  entry: IntakeAccount | null,
  arrival: Arrival,
  context: JudgeContext,
): Verdict {
  if (entry?.requireEncryption !== true) return judgeOpened(frame, entry, null, arrival, context);
  const { counts, teller } = context;
  counts.plainRefused += 1;
  teller.tell(
    'warning',
    'alarm.plain-refused',
    entry.account,
    hourMs,
    () => `account ${entry.account} at ${arrival.source} must encrypt, and sent a plain message`,
  );
  return refusal;
}

function judgeOpened(
  frame: Dc09Frame,
  entry: IntakeAccount | null,
  cipher: FrameCipher | null,
  arrival: Arrival,
  context: JudgeContext,
): Verdict {
  const { clock, counts, rates, settings } = context;
  const account = frame.account.toUpperCase();
  if (!rates.take(entry === null ? null : account, clock.monotonicMs())) {
    return flooded(entry === null ? 'unknown accounts' : `account ${account}`, arrival, context);
  }
  const problem = unworkable(frame, entry);
  if (problem !== null) return notProcessed(frame, problem, entry, arrival, context);
  if (entry === null) unknownAccount(account, arrival, context);
  else context.heard(account, clock.nowMs());
  const known = entry !== null;
  const acknowledge = () =>
    cipher === null ? encodeAck(frame) : encodeAck(frame, { nowMs: clock.nowMs(), cipher });
  if (heartbeatIds.has(frame.id)) {
    counts.heartbeats += 1;
    return { kind: 'answer', known, bytes: acknowledge() };
  }
  const { takenBy, way, categorise } = context;
  const origin = { known, receivedMs: clock.nowMs(), way, source: arrival.source, takenBy };
  const event = eventOfFrame(frame, arrival.bytes, origin, categorise);
  const forward = event.forward && (known || settings.forwardUnknown);
  return { kind: 'take', known, event: { ...event, forward }, acknowledge };
}

/** Why no receiver could ever do anything with it, null when we can. */
function unworkable(frame: Dc09Frame, entry: IntakeAccount | null): string | null {
  if (frame.account === '') return 'it names no account';
  if (entry?.enabled === false) return 'the account is disabled';
  if (heartbeatIds.has(frame.id)) return null;
  if (!eventIds.has(frame.id)) return `messages of the kind ${frame.id} are not known`;
  return frame.data === '' && frame.extended.length === 0 ? 'there is nothing in it' : null;
}

function notProcessed(
  frame: Dc09Frame,
  problem: string,
  entry: IntakeAccount | null,
  arrival: Arrival,
  context: JudgeContext,
): Verdict {
  const { counts, teller, clock } = context;
  counts.notProcessed += 1;
  const account = frame.account.toUpperCase();
  if (entry?.enabled === true) context.heard(account, clock.nowMs());
  teller.tell(
    'warning',
    'alarm.not-processed',
    account === '' ? arrival.source : account,
    hourMs,
    () =>
      `a message of account ${account || '(none)'} at ${arrival.source} was answered with DUH: ${problem}`,
  );
  return { kind: 'answer', known: entry !== null, bytes: encodeDuh(frame) };
}

function unknownAccount(account: string, arrival: Arrival, context: JudgeContext): void {
  const { counts, teller, settings } = context;
  counts.unknownAccounts += 1;
  const fate = settings.forwardUnknown ? 'kept, flagged and forwarded' : 'kept and flagged, not forwarded';
  teller.tell(
    'warning',
    'alarm.unknown-account',
    account,
    hourMs,
    () => `account ${account} at ${arrival.source} is not in the directory; its events are ${fate}`,
  );
}

function flooded(who: string, arrival: Arrival, context: JudgeContext): Verdict {
  const { counts, teller } = context;
  counts.flooded += 1;
  teller.tell(
    'warning',
    'alarm.flood',
    who,
    minuteMs,
    () => `${who} at ${arrival.source} sends more than its share; what is above it is not acknowledged`,
  );
  return silence;
}
