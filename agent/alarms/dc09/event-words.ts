/** Event codes in words: what a screen says of an alarm, its category, and the code of the same meaning in the other format. */
import { type AlarmCategory, type AlarmContent, alarmCategories } from '../../../src/contract/index.ts';
import { contactIdRows, siaOfContactIdRows } from './event/contact-id-words.ts';
import { siaRows } from './event/sia-words.ts';

/** What the number beside a code names. */
export type Concerns = 'zone' | 'user' | 'area' | 'none';

export interface EventWords {
  words: string;
  category: AlarmCategory;
  concerns: Concerns;
  /** A trouble or alarm is over, or a closing. */
  restores: boolean;
}

interface SiaEntry extends EventWords {
  /** `1130`: qualifier and code of Contact ID; empty without an equal. */
  contactId: string;
}

const categoryOf = (name: string): AlarmCategory => alarmCategories.find((each) => each === name) ?? 'other';
const concernsOf = (name: string): Concerns =>
  name === 'user' || name === 'area' || name === 'none' ? name : 'zone';

const sia = new Map(siaRows.map(siaEntry));
const contactId = new Map(contactIdRows.map(contactIdEntry));
/** By qualifier 1 or 3 and code: what the table of these says, else the first SIA code that names it as its equal. */
const siaByContactId = new Map([
  ...[...sia].reverse().map(([code, entry]): [string, string] => [entry.contactId, code]),
  ...siaOfContactIdRows.flatMap(backEntries),
]);

function siaEntry(row: string): [string, SiaEntry] {
  const [code = '', category = '', concerns = '', equal = '', words = ''] = row.split('|');
  const restores = equal.startsWith('3');
  return [
    code,
    { words, category: categoryOf(category), concerns: concernsOf(concerns), restores, contactId: equal },
  ];
}

function contactIdEntry(row: string): [string, EventWords & { over: string }] {
  const [code = '', category = '', concerns = '', both = ''] = row.split('|');
  const [words = '', over = `${words}, restored`] = both.split('/');
  return [
    code,
    { words, over, category: categoryOf(category), concerns: concernsOf(concerns), restores: false },
  ];
}

function backEntries(row: string): [string, string][] {
  const [code = '', fresh = '', restored = ''] = row.split('|');
  return [
    [`1${code}`, fresh],
    [`3${code}`, restored],
  ];
}

/** Null for a code that is not in the table. */
export function wordsOfSia(code: string): EventWords | null {
  return sia.get(code) ?? null;
}

/** Null for a code that is not in the table. */
export function wordsOfContactId(code: string, qualifier: AlarmContent['qualifier']): EventWords | null {
  const entry = contactId.get(code.toUpperCase());
  if (entry === undefined) return null;
  const { category, concerns } = entry;
  const restores = qualifier === 'restore';
  const words = restores ? entry.over : entry.words;
  return { words: qualifier === 'previous' ? `${words}, still so` : words, category, concerns, restores };
}

/** A Contact ID code has three digits, a SIA code two letters. */
export const isContactIdCode = (code: string): boolean => /^[0-9A-Fa-f]{3}$/.test(code);

/** Words and category of whatever was received; never empty. */
export function describeContent(content: AlarmContent): { words: string; category: AlarmCategory } {
  const { code, qualifier, text } = content;
  if (code === null) return { words: text ?? 'No event code', category: 'other' };
  const found = isContactIdCode(code) ? wordsOfContactId(code, qualifier) : wordsOfSia(code);
  return found ?? { words: `Code ${code}${qualifier === 'restore' ? ', restored' : ''}`, category: 'other' };
}

/** The Contact ID of the same meaning as a SIA code, `1130`; null without one. */
export function contactIdOfSia(code: string): string | null {
  return sia.get(code)?.contactId || null;
}

/** The SIA code of the same meaning as qualifier and code of Contact ID; null without one. */
export function siaOfContactId(qualifierAndCode: string): string | null {
  return siaByContactId.get(qualifierAndCode.replace(/^6/, '1')) ?? null;
}
