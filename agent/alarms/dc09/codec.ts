/** Frames of SIA DC-09 (section 5.5.1): bytes to fields and back, byte for byte; never throws on what came from outside. Pure. */
import { AppError } from '../../../src/errors.ts';
import { bytesOf, byteTextOf } from './byte-text.ts';
import { crc16 } from './crc16.ts';
import type { Dc09Frame, DecodeResult, ExtendedField, FrameCipher, FrameFields } from './frame.ts';
import { parseTimestamp, type Timestamp, timestampAt } from './timestamp.ts';

const LF = 0x0a;
const CR = 0x0d;
const NUL = 0;
const QUOTE = 0x22;

/** The length field is `0LLL`, so a body has at most 0xFFF bytes. */
const bodyBytesMax = 0xfff;

/** The sequence is decimal; one maker counts it in hex. */
const headForm =
  /^"(\*?)([0-9A-Za-z-]{1,16})"([0-9A-Fa-f]{1,6})(?:R([0-9A-Fa-f]{1,6}))?(?:L([0-9A-Za-z]{1,6}))?(?:#([0-9A-Za-z]{0,16}))?\[/;
/** NAK names no account: `R0L0A0`. */
const nakForm = /^"(\*?)(NAK)"(\d{1,6})(?:R([0-9A-Fa-f]{1,6}))?(?:L([0-9A-Fa-f]{1,6}?))?(?:A0)?\[/;
const hexForm = /^(?:[0-9A-Fa-f]{2})*$/;
const accountInData = /^#([0-9A-Za-z]{1,16})\|/;

const isHexDigit = (byte: number | undefined) =>
  byte !== undefined &&
  ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66));

function allHex(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (!isHexDigit(bytes[at])) return false;
  return true;
}

/** Where the body begins (its first quote) for bytes that begin with LF: 9 after a CRC in hex, 7 after one in binary, null when this is no head. */
export function bodyOffset(bytes: Uint8Array): 7 | 9 | null {
  if (bytes[7] === QUOTE && allHex(bytes, 3, 7)) return 7;
  return bytes[9] === QUOTE && allHex(bytes, 1, 9) ? 9 : null;
}

/**
 * Reads one frame, LF to CR; NULs after it are no harm. An encrypted one comes back closed, see `openFrame`.
 * The CRC is judged first, then the length, then what stands in it.
 */
export function decodeFrame(raw: Uint8Array): DecodeResult {
  let end = raw.length;
  while (end > 0 && raw[end - 1] === NUL) end -= 1;
  if (raw[0] !== LF || raw[end - 1] !== CR) return refused('syntax', 'no LF before or no CR after it');
  end -= 1;
  const start = bodyOffset(raw);
  if (start === null || start >= end) return refused('syntax', 'no CRC, length and quote at its head');
  const binary = start === 7;
  const given = binary ? (raw[1] ?? 0) * 256 + (raw[2] ?? 0) : hexNumber(raw, 1);
  const counted = crc16(raw, start, end);
  if (given !== counted) return refused('crc', `CRC ${hex4(given)}, counted ${hex4(counted)}`);
  const length = checkLength(byteTextOf(raw, start - 4, start), end - start);
  if (length !== null) return length;
  return readBody(byteTextOf(raw, start, end), binary);
}

const hexNumber = (bytes: Uint8Array, at: number) => Number.parseInt(byteTextOf(bytes, at, at + 4), 16);
const hex4 = (value: number) => value.toString(16).toUpperCase().padStart(4, '0');

function refused(problem: 'syntax' | 'crc' | 'length' | 'key', detail: string): DecodeResult {
  return { ok: false, problem, detail };
}

function checkLength(digits: string, bytes: number): DecodeResult | null {
  if (Number.parseInt(digits, 16) === bytes) return null;
  const decimal = /^\d+$/.test(digits) && Number.parseInt(digits, 10) === bytes;
  const fault = decimal ? ': the device writes it in decimal, the standard asks for hex' : '';
  return refused('length', `length ${digits}, the body has ${hex4(bytes)} hex${fault}`);
}

function readBody(body: string, binary: boolean): DecodeResult {
  const match = nakForm.exec(body) ?? headForm.exec(body);
  if (match === null)
    return refused('syntax', 'id, sequence, receiver, line or account are not as they should be');
  const [head, star, id = '', sequence = '', receiver = null, line = null, account = ''] = match;
  const rest = body.slice(head.length);
  const frame: Dc09Frame = {
    id,
    encrypted: star === '*',
    sequence,
    sequenceNumber: Number.parseInt(sequence, /^\d+$/.test(sequence) ? 10 : 16),
    receiver,
    line,
    account,
    data: '',
    extended: [],
    timestamp: null,
    body: null,
    crcForm: binary ? 'binary' : 'hex',
  };
  if (frame.encrypted) {
    frame.body = rest.endsWith(']') ? rest.slice(0, -1) : rest;
    if (hexForm.test(frame.body)) return { ok: true, frame };
    return refused('syntax', 'an encrypted frame holds hex digits only');
  }
  const content = readContent(rest);
  return content === null
    ? refused('syntax', 'brackets or what follows them are not as they should be')
    : { ok: true, frame: withContent(frame, content) };
}

interface Content {
  data: string;
  extended: ExtendedField[];
  /** What stands after `_`, null without one. */
  timeText: string | null;
}

/** Reads `data]`, then any `[Xvalue]`, then perhaps `_timestamp`. */
function readContent(text: string): Content | null {
  const close = text.indexOf(']');
  if (close < 0) return null;
  const extended: ExtendedField[] = [];
  let at = close + 1;
  while (text[at] === '[') {
    const next = text.indexOf(']', at);
    if (next < 0) return null;
    extended.push({ type: text.slice(at + 1, Math.min(at + 2, next)), value: text.slice(at + 2, next) });
    at = next + 1;
  }
  // One maker puts a blank before the underscore, and closes the encrypted text with the pad of PKCS#7.
  const tail = trimmed(text, at);
  if (tail !== '' && !tail.startsWith('_')) return null;
  return { data: text.slice(0, close), extended, timeText: tail === '' ? null : tail.slice(1) };
}

/** Without blanks before it and what is no character after it. By hand: an expression for it takes quadratic time. */
function trimmed(text: string, from: number): string {
  let start = from;
  let end = text.length;
  while (text[start] === ' ') start += 1;
  while (end > start && !isGraphic(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const isGraphic = (byte: number) => byte > 0x20 && byte < 0x7f;

function withContent(frame: Dc09Frame, { data, extended, timeText }: Content): Dc09Frame {
  const account = frame.account === '' ? (accountInData.exec(data)?.[1] ?? '') : frame.account;
  const timestamp = timeText === null ? null : parseTimestamp(timeText);
  return { ...frame, account, data, extended, timestamp };
}

/**
 * The encrypted frame with data, extended fields and timestamp out of its body; a plain one as it is. A wrong key is
 * found out by what comes out of it being no text of a frame: the standard's encryption itself proves nothing. Its
 * messages must have a time; one without is opened when its data begins with an account.
 */
export function openFrame(frame: Dc09Frame, cipher: FrameCipher): DecodeResult {
  if (frame.body === null) return { ok: true, frame };
  const text = cipher.decrypt(frame.body);
  if (text === null) return refused('key', 'the body is no whole number of AES blocks');
  const bar = text.indexOf('|');
  const bracket = text.indexOf(']');
  // Where there is no data, many leave the bar out: then the pad, which holds no bracket, ends at the first one.
  const hasBar = bar >= 0 && bar < bracket;
  const content = readContent(text.slice(hasBar ? bar + 1 : Math.max(0, bracket)));
  if (content === null) return refused('key', 'the key does not open it');
  const opened = withContent(frame, content);
  // A wrong key gives a bar and a bracket by chance now and then; hardly ever a time, or data of an account, as well.
  const convincing = content.timeText === null ? /^#[ -~]+$/.test(content.data) : opened.timestamp !== null;
  return convincing ? { ok: true, frame: opened } : refused('key', 'the key does not open it');
}

/**
 * A whole frame, LF to CR, all hex in upper case. An encrypted one is closed with the cipher, or goes out with the `body` it has.
 * @throws AppError `invalid_input` for fields that no frame can hold.
 */
export function encodeFrame(fields: FrameFields, cipher?: FrameCipher): Uint8Array<ArrayBuffer> {
  const head = headText(fields);
  const form = fields.id === 'NAK' ? nakForm : headForm;
  if (form.exec(head)?.[0] !== head) throw unfit('a field has characters or a length that no frame can hold');
  const text = head + bodyText(fields, cipher);
  if (text.length > bodyBytesMax) {
    throw unfit(`a body of ${text.length} bytes, at most ${bodyBytesMax} are allowed`);
  }
  const start = fields.crcForm === 'binary' ? 7 : 9;
  const frame = new Uint8Array(start + text.length + 1);
  frame.set(bytesOf(text), start);
  const crc = crc16(frame, start, start + text.length);
  frame.set(start === 7 ? [crc >>> 8, crc & 0xff] : bytesOf(hex4(crc)), 1);
  frame.set(bytesOf(hex4(text.length)), start - 4);
  frame[0] = LF;
  frame[frame.length - 1] = CR;
  return frame;
}

function unfit(message: string): AppError {
  return new AppError('invalid_input', message, {
    hint: 'An account has 3 to 16 letters or digits, receiver and line 1 to 6; data holds no brackets.',
  });
}

function headText(fields: FrameFields): string {
  const star = fields.encrypted === true ? '*' : '';
  const receiver = typeof fields.receiver === 'string' ? `R${fields.receiver}` : '';
  const line = typeof fields.line === 'string' ? `L${fields.line}` : '';
  const nobody = fields.id === 'NAK' ? 'A0' : '';
  const account = fields.account === '' ? nobody : `#${fields.account}`;
  return `"${star}${fields.id}"${fields.sequence}${receiver}${line}${account}[`;
}

function bodyText(fields: FrameFields, cipher: FrameCipher | undefined): string {
  if (fields.encrypted !== true) return contentText(fields);
  if (cipher !== undefined) return cipher.encrypt(`|${contentText(fields)}`);
  if (typeof fields.body === 'string' && hexForm.test(fields.body)) return fields.body;
  throw unfit('an encrypted frame without a key');
}

function contentText({ data = '', extended = [], timestamp = null }: FrameFields): string {
  const inner = [data, ...extended.map(({ type, value }) => type + value)];
  // A cipher takes single bytes, so what is none must not come to it.
  if (inner.some((text) => /[[\]]|[^\x20-\x7e\x80-\xff]/.test(text)))
    throw unfit('data with a bracket or a control character in it');
  return `${inner.join('][')}]${timestamp === null ? '' : `_${timestamp.text}`}`;
}

export interface AckOptions {
  /** Our time, put into the answer; an encrypted answer always needs one. */
  nowMs?: number;
  /** Required to answer an encrypted frame. */
  cipher?: FrameCipher;
}

/** `ACK`, or `*ACK` to an encrypted frame; echoes sequence, receiver, line and account (section 5.5.2.1). @throws AppError `invalid_input` without the cipher of an encrypted one. */
export function encodeAck(frame: Dc09Frame, options: AckOptions = {}): Uint8Array<ArrayBuffer> {
  const timestamp = options.nowMs === undefined ? null : timestampAt(options.nowMs);
  if (frame.encrypted && timestamp === null) throw unfit('an encrypted answer without a time');
  return encodeFrame({ ...echo(frame, 'ACK', timestamp), encrypted: frame.encrypted }, options.cipher);
}

/** Told when an encrypted message fails the time window; never encrypted, carries our time for the device to set its clock by (section 5.5.2.2). */
export function encodeNak(frame: Pick<Dc09Frame, 'crcForm'>, nowMs: number): Uint8Array<ArrayBuffer> {
  const nobody = { sequence: '0000', receiver: '0', line: '0', account: '' };
  return encodeFrame({ id: 'NAK', ...nobody, timestamp: timestampAt(nowMs), crcForm: frame.crcForm });
}

/** Received, but of a kind that we cannot work on; never encrypted (section 5.5.2.3). */
export function encodeDuh(frame: Dc09Frame): Uint8Array<ArrayBuffer> {
  return encodeFrame(echo(frame, 'DUH', null));
}

function echo(frame: Dc09Frame, id: string, timestamp: Timestamp | null): FrameFields {
  const { sequence, receiver, line, account, crcForm } = frame;
  return { id, sequence, receiver, line, account, timestamp, crcForm };
}
