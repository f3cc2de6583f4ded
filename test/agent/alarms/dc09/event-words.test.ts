import { describe, expect, it } from 'vitest';
import { contactIdRows, siaOfContactIdRows } from '../../../../agent/alarms/dc09/event/contact-id-words.ts';
import { siaRows } from '../../../../agent/alarms/dc09/event/sia-words.ts';
import {
  contactIdOfSia,
  describeContent,
  siaOfContactId,
  wordsOfContactId,
  wordsOfSia,
} from '../../../../agent/alarms/dc09/event-words.ts';
import { type AlarmContent, alarmCategories } from '../../../../src/contract/index.ts';

const codesOf = (rows: readonly string[]) => rows.map((row) => row.split('|')[0] ?? '');
const content = (code: string | null, qualifier: AlarmContent['qualifier'] = 'new'): AlarmContent => ({
  code,
  qualifier,
  area: null,
  zone: null,
  user: null,
  text: null,
});

describe.each([
  ['SIA', siaRows, 5, /^[A-Z]{2}$/],
  ['Contact ID', contactIdRows, 4, /^\d{3}$/],
])('the table of %s', (_, rows, columns, form) => {
  it('knows the common codes, each once', () => {
    expect(rows.length).toBeGreaterThan(130);
    expect(new Set(codesOf(rows)).size).toBe(rows.length);
  });

  it('has rows of one form', () => {
    for (const row of rows) {
      const [code, category, concerns] = row.split('|');
      expect(row.split('|').length, row).toBe(columns);
      expect(code).toMatch(form);
      expect(alarmCategories, row).toContain(category);
      expect(['zone', 'user', 'area', 'none'], row).toContain(concerns);
      expect(row.split('|').at(-1), row).not.toBe('');
    }
  });
});

describe('codes that mean the same', () => {
  it('name codes that the other table has', () => {
    for (const code of codesOf(siaRows)) {
      const equal = contactIdOfSia(code);
      if (equal !== null) {
        expect(equal, code).toMatch(/^[13]\d{3}$/);
        expect(wordsOfContactId(equal.slice(1), 'new'), `${code} ${equal}`).not.toBeNull();
      }
    }
    for (const row of siaOfContactIdRows) {
      const [code = '', ...equals] = row.split('|');
      expect(wordsOfContactId(code, 'new'), row).not.toBeNull();
      for (const equal of equals) expect(wordsOfSia(equal), row).not.toBeNull();
    }
  });

  it.each([
    ['BA', '1130', 'BA'],
    ['BR', '3130', 'BR'],
    ['FA', '1110', 'FA'],
    ['CL', '3401', 'CL'],
    ['OP', '1401', 'OP'],
    ['RP', '1602', 'RP'],
    ['AT', '1301', 'AT'],
    ['BC', '1406', 'BC'],
    ['BB', '1573', 'BB'],
    ['UU', '3570', 'UU'],
  ])('%s is %s and back', (sia, contactId, back) => {
    expect(contactIdOfSia(sia)).toBe(contactId);
    expect(siaOfContactId(contactId)).toBe(back);
  });

  it.each([
    ['1131', 'BA'],
    ['3131', 'BR'],
    ['6131', 'BA'],
    ['1999', null],
  ])('%s goes out as %s', (contactId, sia) => {
    expect(siaOfContactId(contactId)).toBe(sia);
  });
});

describe('words', () => {
  it.each<[AlarmContent, string, string]>([
    [content('BA'), 'Burglary alarm', 'burglary'],
    [content('CL', 'restore'), 'Closed', 'open-close'],
    [content('130'), 'Burglary alarm', 'burglary'],
    [content('130', 'restore'), 'Burglary alarm, restored', 'burglary'],
    [content('110', 'previous'), 'Fire alarm, still so', 'fire'],
    [content('401', 'restore'), 'Closed', 'open-close'],
    [content('401'), 'Opened', 'open-close'],
    [content('QX'), 'Code QX', 'other'],
    [content('999', 'restore'), 'Code 999, restored', 'other'],
    [content(null), 'No event code', 'other'],
    [{ ...content(null), text: 'hello' }, 'hello', 'other'],
  ])('of %j', (given, words, category) => {
    expect(describeContent(given)).toMatchObject({ words, category });
  });
});
