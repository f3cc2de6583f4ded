/** Sur-Gard MLR2, Contact ID: what an alarm receiver says to automation software, and its answers; bounded, never throws on what came. Pure. */
import type { AlarmContent } from '../../../src/contract/index.ts';
import { contactIdFields, parseContactId } from '../dc09/event/codec.ts';

const ACK = 0x06;
const DC4 = 0x14;
const NAK = 0x15;

/** An event has 20 bytes with its end; makers of longer ones keep well below this. */
export const surgardLineBytesMax = 256;

/** What the automation answers. */
export const surgardAck: Readonly<Uint8Array> = Uint8Array.of(ACK);
export const surgardNak: Readonly<Uint8Array> = Uint8Array.of(NAK);

export interface SurgardEvent {
  /** Two digits. */
  receiver: string;
  /** One character. */
  line: string;
  account: string;
  content: AlarmContent;
}

export type SurgardItem =
  | ({ kind: 'event' } & SurgardEvent)
  | { kind: 'heartbeat'; receiver: string; line: string }
  | { kind: 'ack' }
  | { kind: 'nak' }
  /** A line in another format, without its end: answer NAK. */
  | { kind: 'unknown'; text: string }
  /** More than the bound without an end; skipped up to the next end. */
  | { kind: 'oversized' };

/** Which field does not fit into the fixed places; nothing is cut off, since that might name another customer or zone. */
export type SurgardEncoding = { ok: true; bytes: Uint8Array } | { ok: false; problem: string };

/**
 * `5RRLs18AAAAQEEEGGCCC<14h>`: shorter accounts get zeroes before them. SIA codes are sent as the Contact ID of the same
 * meaning. An account of more than four characters, or one with other than hex digits, is refused.
 */
export function encodeSurgardEvent({ receiver, line, account, content }: SurgardEvent): SurgardEncoding {
  const head = headOf(receiver, line);
  if (head === null) return unfit(`receiver ${receiver} or line ${line} has more than two digits and one`);
  const shown = account.toUpperCase().padStart(4, '0');
  if (!/^[0-9A-F]{4}$/.test(shown)) return unfit(`account ${account} is not of at most four hex digits`);
  const fields = contactIdFields(content);
  if (fields === null)
    return unfit(`code ${content.code ?? '(none)'} or its numbers cannot be told in Contact ID`);
  const { qualifier, event, group, number } = fields;
  const text = `5${head} 18${shown}${letters[qualifier]}${event}${group}${number}`;
  return { ok: true, bytes: lineOf(text) };
}

/** `1011sssssssssss@ssss<14h>` for receiver 01 and line 1. */
export function encodeSurgardHeartbeat(receiver: string, line: string): SurgardEncoding {
  const head = headOf(receiver, line);
  if (head === null) return unfit(`receiver ${receiver} or line ${line} has more than two digits and one`);
  return { ok: true, bytes: lineOf(`1${head}${' '.repeat(11)}@${' '.repeat(4)}`) };
}

const letters = { 1: 'E', 3: 'R', 6: 'P' } as const;
const digits: Readonly<Record<string, string>> = { E: '1', R: '3', P: '6' };

const unfit = (problem: string): SurgardEncoding => ({ ok: false, problem });

function headOf(receiver: string, line: string): string | null {
  const head = receiver.toUpperCase().padStart(2, '0') + line.toUpperCase();
  return /^[0-9A-F]{2}[0-9A-Z]$/.test(head) ? head : null;
}

function lineOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length + 1);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  bytes[text.length] = DC4;
  return bytes;
}

const eventForm =
  /^5([0-9A-Fa-f]{2})([0-9A-Za-z]) 18([0-9A-Za-z]{4,16})([ERP136])([0-9A-Fa-f]{3})([0-9A-Fa-f]{2})([0-9A-Fa-f]{3})$/;
const heartbeatForm = /^1([0-9A-Fa-f]{2})([0-9A-Za-z]) +@ *$/;

/** One line without its end. */
export function decodeSurgardLine(text: string): SurgardItem {
  const beat = heartbeatForm.exec(text);
  if (beat !== null) return { kind: 'heartbeat', receiver: beat[1] ?? '', line: beat[2] ?? '' };
  const match = eventForm.exec(text);
  if (match === null) return { kind: 'unknown', text };
  const [, receiver = '', line = '', account = '', letter = '', event = '', group = '', number = ''] = match;
  const data = `${digits[letter] ?? letter}${event} ${group} ${number}`;
  return { kind: 'event', receiver, line, account, content: parseContactId(data).content };
}

export interface SurgardReader {
  /** Takes what came, in whatever pieces; returns what is whole now. */
  push(bytes: Uint8Array): SurgardItem[];
  heldBytes(): number;
}

/** For either end of a connection: lines at the listening one, answers at the other. */
export function createSurgardReader({
  bytesMax = surgardLineBytesMax,
}: {
  bytesMax?: number;
} = {}): SurgardReader {
  let held = '';
  let skipping = false;
  const take = (byte: number): SurgardItem | null => {
    if (byte === DC4) return end();
    if (skipping) return null;
    if (held === '' && byte === ACK) return { kind: 'ack' };
    if (held === '' && byte === NAK) return { kind: 'nak' };
    // Line ends and NULs between lines are no part of one.
    if (held === '' && (byte === 0 || byte === 0x0a || byte === 0x0d)) return null;
    held += String.fromCharCode(byte);
    if (held.length < bytesMax) return null;
    held = '';
    skipping = true;
    return { kind: 'oversized' };
  };
  const end = (): SurgardItem | null => {
    const text = held;
    held = '';
    const skipped = skipping;
    skipping = false;
    return skipped || text === '' ? null : decodeSurgardLine(text);
  };
  return {
    push(bytes) {
      const items: SurgardItem[] = [];
      for (const byte of bytes) {
        const item = take(byte);
        if (item !== null) items.push(item);
      }
      return items;
    },
    heldBytes: () => held.length,
  };
}
