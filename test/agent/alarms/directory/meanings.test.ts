/** Conversion between the formats under an operator's mappings: what is over stays over, what begins begins. */
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseContactId, parseSiaData } from '../../../../agent/alarms/dc09/event/codec.ts';
import { contactIdRows } from '../../../../agent/alarms/dc09/event/contact-id-words.ts';
import { siaRows } from '../../../../agent/alarms/dc09/event/sia-words.ts';
import { wordsOfSia } from '../../../../agent/alarms/dc09/event-words.ts';
import { Meanings } from '../../../../agent/alarms/directory/meanings.ts';
import { directorySql } from '../../../../agent/alarms/directory/schema.ts';
import { type AlarmContent, type EventMapping, eventMappingSchema } from '../../../../src/contract/index.ts';

function meaningsOf(...mappings: Partial<EventMapping>[]): Meanings {
  const database = new DatabaseSync(':memory:');
  database.exec(directorySql);
  const meanings = new Meanings(database);
  meanings.set(
    mappings.map((mapping) => eventMappingSchema.parse(mapping)),
    true,
  );
  meanings.reload();
  return meanings;
}

const cid = (data: string) => ({ account: '1234', content: parseContactId(`#1234|${data}`).content });
const sia = (data: string) => ({ account: '1234', content: parseSiaData(`#1234|${data}`).content });
const isOver = ({ code, qualifier }: AlarmContent) =>
  qualifier === 'restore' || (code !== null && wordsOfSia(code)?.restores === true);

describe('a code that is mapped to SIA', () => {
  it('is sent as the mapped one, and its restore as the restore of that', () => {
    const meanings = meaningsOf({ code: '130', sia: 'PA' });
    expect(meanings.convert(cid('1130 01 015'), 'SIA-DCS')).toBe('#1234|Nri01/PA015');
    expect(meanings.convert(cid('3130 01 015'), 'SIA-DCS')).toBe('#1234|Nri01/PR015');
    expect(meanings.convert(cid('6130 01 015'), 'SIA-DCS')).toBe('#1234|Ori01/PA015');
  });

  it('is sent as the table has it where the mapped one has no restore', () => {
    const meanings = meaningsOf({ code: '130', sia: 'ZQ' });
    expect(meanings.convert(cid('1130 01 015'), 'SIA-DCS')).toBe('#1234|Nri01/ZQ015');
    expect(meanings.convert(cid('3130 01 015'), 'SIA-DCS')).toBe('#1234|Nri01/BR015');
  });

  it('stays an alarm where somebody mapped it to a restore', () => {
    const meanings = meaningsOf({ code: '130', sia: 'PR' }, { code: 'BA', sia: 'BR', contactId: '120' });
    expect(meanings.convert(cid('1130 01 015'), 'SIA-DCS')).toBe('#1234|Nri01/PA015');
    expect(meanings.convert(sia('NBA15'), 'SIA-DCS')).toBe('#1234|NBA15');
  });

  it('goes as it came where SIA has only one code for both', () => {
    expect(meaningsOf().convert(cid('3602 00 000'), 'SIA-DCS')).toBeNull();
  });
});

describe('a code that is mapped to Contact ID', () => {
  it('keeps what it says, also of a restore that is reported late', () => {
    const meanings = meaningsOf({ code: 'BA', contactId: '120' }, { code: 'BR', contactId: '120' });
    expect(meanings.convert(sia('NBA15'), 'ADM-CID')).toBe('#1234|1120 00 015');
    expect(meanings.convert(sia('NBR15'), 'ADM-CID')).toBe('#1234|3120 00 015');
    expect(meanings.convert(sia('OBR15'), 'ADM-CID')).toBe('#1234|3120 00 015');
    expect(meaningsOf().convert(sia('OBR15'), 'ADM-CID')).toBe('#1234|3130 00 015');
    expect(meaningsOf().convert(sia('OBA15'), 'ADM-CID')).toBe('#1234|6130 00 015');
  });
});

describe('any conversion', () => {
  const firstOf = (rows: readonly string[]) => rows.map((row) => row.split('|')[0] ?? '');
  const siaCode = fc.oneof(fc.constantFrom(...firstOf(siaRows)), fc.stringMatching(/^[A-Z]{2}$/));
  const cidCode = fc.oneof(fc.constantFrom(...firstOf(contactIdRows)), fc.stringMatching(/^[0-9A-F]{3}$/));
  const event = fc.oneof(
    fc.tuple(fc.constantFrom('1', '3', '6'), cidCode).map(([digit, code]) => cid(`${digit}${code} 01 015`)),
    fc.tuple(fc.constantFrom('N', 'O'), siaCode).map(([block, code]) => sia(`${block}ri1/${code}15`)),
  );

  it('says of what is over that it is over, and of nothing else, or gives nothing', () => {
    let given = 0;
    fc.assert(
      fc.property(event, fc.option(siaCode), fc.option(cidCode), (each, toSia, toCid) => {
        const code = each.content.code ?? '';
        const meanings = meaningsOf({ code, sia: toSia, contactId: toCid });
        const sent = meanings.convert(each, 'SIA-DCS');
        const sentCid = meanings.convert(each, 'ADM-CID');
        const over = isOver(each.content);
        if (sent !== null) expect(isOver(parseSiaData(sent).content)).toBe(over);
        if (sentCid !== null) expect(isOver(parseContactId(sentCid).content)).toBe(over);
        if (!over && sent !== null) {
          expect(parseSiaData(sent).content.qualifier).toBe(each.content.qualifier);
        }
        given += Number(sent !== null) + Number(sentCid !== null);
      }),
      { numRuns: 600 },
    );
    expect(given).toBeGreaterThan(300);
  });
});
