/** What stands between the first brackets of a frame, SIA DC-03 blocks or Contact ID: read tolerantly, never thrown at, and built. Pure. */
import type { AlarmContent } from '../../../../src/contract/index.ts';
import { byteTextForField, readableText } from '../byte-text.ts';
import {
  contactIdOfSia,
  isContactIdCode,
  siaOfContactId,
  wordsOfContactId,
  wordsOfSia,
} from '../event-words.ts';
import type { Dc09Frame } from '../frame.ts';

const textMax = 512;
const numberMax = 16;
const nothing: AlarmContent = { code: null, qualifier: null, area: null, zone: null, user: null, text: null };

export interface SiaModifier {
  /** `ti` time, `ri` area, `id` user, `pi` peripheral ... */
  type: string;
  value: string;
  text: string | null;
}

export interface SiaCode {
  code: string;
  number: string | null;
  text: string | null;
}

export interface SiaData {
  account: string | null;
  modifiers: SiaModifier[];
  /** A message may report several; `content` is of the first. */
  codes: SiaCode[];
  content: AlarmContent;
}

export interface ContactIdData {
  account: string | null;
  content: AlarmContent;
}

const accountForm = /^#([0-9A-Za-z]{0,16})(?=\||$)/;
const eventStart = /^[NO](?=[a-z]{2}|[A-Z]{2})/;
/** A modifier, a code, `^text^`, `*"text"`, or whatever else, which is passed over. */
const tokenForm = /([a-z]{2})([0-9:.,-]*)|([A-Z]{2})(\d*)|\^([^^]*)\^?|\*?"([^"]*)"?|./gs;

const bounded = (text: string) => readableText(text).slice(0, textMax) || null;

/** `#1234|Nri1/CL501`, `#1234|NRR|Atest`, also without account or bar. What is unknown is null. */
export function parseSiaData(data: string): SiaData {
  const account = accountForm.exec(data);
  const read: SiaData = { account: account?.[1] || null, modifiers: [], codes: [], content: nothing };
  let old = false;
  let text: string | null = null;
  for (const block of data.slice(account?.[0].length ?? 0).split('|')) {
    if (block.startsWith('A')) text ??= bounded(block.slice(1));
    else {
      old ||= block.startsWith('O') && eventStart.test(block);
      const loose = readBlock(block.replace(eventStart, ''), read);
      text ??= loose;
    }
  }
  read.content = contentOfSia(read, old, text);
  return read;
}

/** Adds what the block says; returns a quoted text that belongs to no code. */
function readBlock(block: string, read: SiaData): string | null {
  let last: { text: string | null } | null = null;
  let loose: string | null = null;
  for (const match of block.matchAll(tokenForm)) {
    const [token, type, value = '', code, number = '', named, quoted] = match;
    if (type !== undefined) {
      const modifier = { type, value: value.slice(0, numberMax), text: null };
      read.modifiers.push(modifier);
      last = modifier;
    } else if (code !== undefined) {
      // `OP001NM`: some add it to say that a name follows or is missing.
      if (token === 'NM' && read.codes.length > 0) continue;
      const event = { code, number: number.slice(0, numberMax) || null, text: null };
      read.codes.push(event);
      last = event;
    } else if (named !== undefined) {
      if (last === null) loose ??= bounded(named);
      else last.text ??= bounded(named);
    } else if (quoted !== undefined) loose ??= bounded(quoted);
  }
  return loose;
}

function contentOfSia({ modifiers, codes }: SiaData, old: boolean, text: string | null): AlarmContent {
  const first = codes[0];
  const modifier = (type: string) => modifiers.find((each) => each.type === type)?.value || null;
  const area = modifier('ri');
  const user = modifier('id');
  if (first === undefined) return { ...nothing, area, user, text };
  const about = wordsOfSia(first.code);
  const number = (concerns: string) => ((about?.concerns ?? 'zone') === concerns ? first.number : null);
  const restores = about?.restores === true ? 'restore' : 'new';
  return {
    code: first.code,
    qualifier: old ? 'previous' : restores,
    area: area ?? number('area'),
    zone: number('zone') ?? orNone(number('none')),
    user: user ?? number('user'),
    text: first.text ?? text,
  };
}

const contactIdForm =
  /^(?:#([0-9A-Za-z]{0,16}))?\|?\s*([136])([0-9A-Fa-f]{3})(?:\s+([0-9A-Fa-f]{2}))?(?:\s+([0-9A-Fa-f]{3}))?(?![0-9A-Fa-f])/;
const qualifiers: Readonly<Record<string, AlarmContent['qualifier']>> = {
  1: 'new',
  3: 'restore',
  6: 'previous',
};
const orNone = (digits: string | null = null) => (digits === null || /^0+$/.test(digits) ? null : digits);

/** `#1234|1130 01 015` (SIA DC-05); group 00 and zone 000 say none and are null. */
export function parseContactId(data: string): ContactIdData {
  const match = contactIdForm.exec(data);
  if (match === null) return { account: accountForm.exec(data)?.[1] || null, content: nothing };
  const [whole, account, digit = '', event = '', group, last] = match;
  const code = event.toUpperCase();
  const qualifier = qualifiers[digit] ?? null;
  const user = wordsOfContactId(code, qualifier)?.concerns === 'user';
  const text = bounded(data.slice(whole.length).replace(/^[\s|]*A?\^?|\^.*$/g, ''));
  const number = orNone(last);
  const content = {
    code,
    qualifier,
    area: orNone(group),
    zone: user ? null : number,
    user: user ? number : null,
    text,
  };
  return { account: account || null, content };
}

/** Either of them, by the id of the frame; of other frames nothing is known. */
export function contentOfFrame(frame: Pick<Dc09Frame, 'id' | 'data'>): AlarmContent {
  if (frame.id === 'SIA-DCS') return parseSiaData(frame.data).content;
  return frame.id === 'ADM-CID' ? parseContactId(frame.data).content : nothing;
}

/** The data of a `SIA-DCS` frame; of a Contact ID code the SIA code of the same meaning is sent. Null without a code for it. */
export function buildSiaData(account: string, content: AlarmContent): string | null {
  const code = siaCodeOf(content);
  if (code === null) return null;
  const concerns = wordsOfSia(code)?.concerns ?? 'zone';
  const { area, zone, user, text } = content;
  const number = { zone: zone ?? user, user: user ?? zone, area, none: zone }[concerns] ?? '';
  const modifiers = [
    area === null || concerns === 'area' ? '' : `ri${area}`,
    user === null || number === user ? '' : `id${user}`,
  ].join('');
  const said = text === null ? '' : `|A${byteTextForField(text)}`;
  const block = `${content.qualifier === 'previous' ? 'O' : 'N'}${modifiers}${modifiers === '' ? '' : '/'}${code}${number}`;
  return `#${account}|${block}${said}`;
}

function siaCodeOf({ code, qualifier }: AlarmContent): string | null {
  if (code === null) return null;
  if (!isContactIdCode(code)) return /^[A-Z]{2}$/.test(code) ? code : null;
  return siaOfContactId(`${qualifier === 'restore' ? 3 : 1}${code}`);
}

export interface ContactIdFields {
  /** 1 new or opening, 3 restore or closing, 6 still so. */
  qualifier: '1' | '3' | '6';
  /** Three digits. */
  event: string;
  /** Two digits, `00` for none. */
  group: string;
  /** Zone or user, three digits, `000` for none. */
  number: string;
}

/** The content as Contact ID; null when it has no code of the same meaning, or a number with more digits than fit. */
export function contactIdFields(content: AlarmContent): ContactIdFields | null {
  const { code } = content;
  const own = code !== null && isContactIdCode(code);
  const equal =
    code === null ? null : own ? `${content.qualifier === 'restore' ? 3 : 1}${code}` : contactIdOfSia(code);
  const group = fitted(content.area, 2);
  const number = fitted(content.zone ?? content.user, 3);
  if (equal === null || group === null || number === null) return null;
  const fresh = content.qualifier === 'previous' ? '6' : '1';
  // An old restore is a restore: "still so" would say that the alarm goes on.
  const qualifier = equal.startsWith('3') ? '3' : fresh;
  return { qualifier, event: equal.slice(1).toUpperCase(), group, number };
}

/** With zeroes before it, or without those that are too many. */
function fitted(digits: string | null, size: number): string | null {
  const text = (digits ?? '').replace(/^0+/, '').padStart(size, '0');
  return text.length === size && /^[0-9A-Fa-f]+$/.test(text) ? text : null;
}

/** The data of an `ADM-CID` frame; null as `contactIdFields`. */
export function buildContactId(account: string, content: AlarmContent): string | null {
  const fields = contactIdFields(content);
  if (fields === null) return null;
  return `#${account}|${fields.qualifier}${fields.event} ${fields.group} ${fields.number}`;
}

/** What two receptions of one event have in common, whichever way they came: to be hashed. Of an opened frame, else the body is not read. */
export function eventFingerprint(
  frame: Pick<Dc09Frame, 'account' | 'sequence' | 'timestamp' | 'id' | 'data' | 'extended'>,
): string {
  const { account, sequence, timestamp, id, data } = frame;
  const extended = frame.extended.map(({ type, value }) => type + value);
  return JSON.stringify([
    account.toUpperCase(),
    // Some write it with fewer zeroes on one of two ways; one maker counts in hex, which is no number.
    sequence.replace(/^0+/, '').toUpperCase(),
    timestamp?.text ?? null,
    id,
    data,
    extended,
  ]);
}
