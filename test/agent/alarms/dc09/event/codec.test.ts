import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteTextForField } from '../../../../../agent/alarms/dc09/byte-text.ts';
import {
  buildContactId,
  buildSiaData,
  contactIdFields,
  contentOfFrame,
  eventFingerprint,
  parseContactId,
  parseSiaData,
} from '../../../../../agent/alarms/dc09/event/codec.ts';
import { type AlarmContent, alarmContentSchema } from '../../../../../src/contract/index.ts';

const nothing: AlarmContent = { code: null, qualifier: null, area: null, zone: null, user: null, text: null };

describe('SIA data', () => {
  it.each<[string, Partial<AlarmContent>]>([
    ['#1234|Nri1/CL501', { code: 'CL', qualifier: 'restore', area: '1', user: '501' }],
    ['#1234|NRR|Atest', { code: 'RR', qualifier: 'new', text: 'test' }],
    [
      '#123456|Nri1CL0^VX FRONTE ^',
      { code: 'CL', qualifier: 'restore', area: '1', user: '0', text: 'VX FRONTE' },
    ],
    [
      '#123456|Nri0KR1^TAST. 001 ^',
      { code: 'KR', qualifier: 'restore', area: '0', zone: '1', text: 'TAST. 001' },
    ],
    ['|Nri04/OP001NM', { code: 'OP', qualifier: 'new', area: '04', user: '001' }],
    ['Nri1/WA000', { code: 'WA', qualifier: 'new', area: '1', zone: '000' }],
    ['|Nri1/RP000', { code: 'RP', qualifier: 'new', area: '1' }],
    ['#12345A|NFA129', { code: 'FA', qualifier: 'new', zone: '129' }],
    [
      '#1|Nti10:23/ri2^Shop^id7^Anna^/BA05^Door^|Aback door',
      { code: 'BA', qualifier: 'new', area: '2', zone: '05', user: '7', text: 'Door' },
    ],
    ['#1|OBA5', { code: 'BA', qualifier: 'previous', zone: '5' }],
    ['#1|OP5', { code: 'OP', qualifier: 'new', user: '5' }],
    ['#1|NCG2', { code: 'CG', qualifier: 'restore', area: '2' }],
    ['#1|NQX9', { code: 'QX', qualifier: 'new', zone: '9' }],
    ['#1|NBA2*"Back gate"NM', { code: 'BA', qualifier: 'new', zone: '2', text: 'Back gate' }],
    ['#1|Ahello', { text: 'hello' }],
    ['#1234', {}],
    ['', {}],
  ])('%s', (data, content) => {
    expect(parseSiaData(data).content).toEqual({ ...nothing, ...content });
  });

  it('tells account, modifiers and every code of it', () => {
    expect(parseSiaData('#0A1B|Nti10:23/ri2^Shop^/BA05^Door^/BR06')).toMatchObject({
      account: '0A1B',
      modifiers: [
        { type: 'ti', value: '10:23', text: null },
        { type: 'ri', value: '2', text: 'Shop' },
      ],
      codes: [
        { code: 'BA', number: '05', text: 'Door' },
        { code: 'BR', number: '06', text: null },
      ],
    });
  });

  it('reads names in UTF-8 and in ISO 8859-1, and no control characters', () => {
    expect(parseSiaData(`NBA1^${byteTextForField('Tür 2')}^`).content.text).toBe('Tür 2');
    expect(parseSiaData('NBA1^T\u00fcr 2^').content.text).toBe('Tür 2');
    expect(parseSiaData('NBA1^a\u001b[31m\nb^').content.text).toBe('a·[31m b');
  });
});

describe('Contact ID data', () => {
  it.each<[string, string | null, Partial<AlarmContent>]>([
    ['#1234|1130 01 015', '1234', { code: '130', qualifier: 'new', area: '01', zone: '015' }],
    ['#4F39|3401 01 057', '4F39', { code: '401', qualifier: 'restore', area: '01', user: '057' }],
    ['#1002|1602 00 001', '1002', { code: '602', qualifier: 'new', zone: '001' }],
    ['#7099|6301 00 000', '7099', { code: '301', qualifier: 'previous' }],
    ['|1110 00 129', null, { code: '110', qualifier: 'new', zone: '129' }],
    [
      '1130  01  015^Back door^',
      null,
      { code: '130', qualifier: 'new', area: '01', zone: '015', text: 'Back door' },
    ],
    ['1e3a 0f 0b1', null, { code: 'E3A', qualifier: 'new', area: '0f', zone: '0b1' }],
    ['#1234|1130', '1234', { code: '130', qualifier: 'new' }],
    ['#0000|0000 00 000', '0000', {}],
    ['#12|9130 01 015', '12', {}],
    ['', null, {}],
  ])('%s', (data, account, content) => {
    expect(parseContactId(data)).toEqual({ account, content: { ...nothing, ...content } });
  });
});

describe('building', () => {
  const alarm = {
    ...nothing,
    code: 'BA',
    qualifier: 'new' as const,
    area: '2',
    zone: '7',
    text: 'Back [door]',
  };

  it.each<[AlarmContent, string | null, string | null]>([
    [alarm, '#1234|Nri2/BA7|ABack  door', '#1234|1130 02 007'],
    [{ ...alarm, text: null, user: '9' }, '#1234|Nri2id9/BA7', '#1234|1130 02 007'],
    [
      { ...nothing, code: 'CL', qualifier: 'restore', area: '1', user: '501' },
      '#1234|Nri1/CL501',
      '#1234|3401 01 501',
    ],
    [
      { ...nothing, code: '401', qualifier: 'restore', area: '01', user: '057' },
      '#1234|Nri01/CL057',
      '#1234|3401 01 057',
    ],
    [{ ...nothing, code: '131', qualifier: 'new', zone: '015' }, '#1234|NBA015', '#1234|1131 00 015'],
    [{ ...nothing, code: '130', qualifier: 'previous', zone: '015' }, '#1234|OBA015', '#1234|6130 00 015'],
    [{ ...nothing, code: 'CG', qualifier: 'restore', area: '2' }, '#1234|NCG2', '#1234|3402 02 000'],
    [{ ...nothing, code: 'DA', qualifier: 'new', user: '5' }, '#1234|NDA5', null],
    [{ ...nothing, code: 'BA', qualifier: 'new', zone: '12345' }, '#1234|NBA12345', null],
    [{ ...nothing, code: '999', qualifier: 'new' }, null, '#1234|1999 00 000'],
    [{ ...nothing, text: 'hello' }, null, null],
  ])('of %j', (content, sia, contactId) => {
    expect(buildSiaData('1234', content)).toBe(sia);
    expect(buildContactId('1234', content)).toBe(contactId);
  });

  it('puts what no field can hold out of a text', () => {
    expect(buildSiaData('1', { ...alarm, text: 'a]b|c^d\re\u20ac' })).toBe(
      '#1|Nri2/BA7|Aa b c d e\u00e2\u0082\u00ac',
    );
  });

  it('what is built is read the same', () => {
    const digits = (size: number) =>
      fc.integer({ min: 1, max: 10 ** size - 1 }).map((value) => String(value).padStart(size, '0'));
    fc.assert(
      fc.property(
        fc.constantFrom('130', '110', '301', '570'),
        fc.constantFrom('new', 'restore', 'previous'),
        digits(2),
        digits(3),
        (code, qualifier, area, zone) => {
          const content = { ...nothing, code, qualifier, area, zone };
          expect(parseContactId(buildContactId('1234', content) ?? '')).toEqual({ account: '1234', content });
        },
      ),
    );
    fc.assert(
      fc.property(
        fc.constantFrom('BA', 'FA', 'TA', 'QX'),
        digits(2),
        digits(3),
        fc.option(fc.constantFrom('Hall', 'Tür')),
        (code, area, zone, text) => {
          const content: AlarmContent = { ...nothing, code, qualifier: 'new', area, zone, text };
          expect(parseSiaData(buildSiaData('1234', content) ?? '')).toMatchObject({
            account: '1234',
            content,
          });
        },
      ),
    );
  });
});

describe('whatever the data is', () => {
  it('reading never throws and stays within what an event may hold', () => {
    const data = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'#|NOABri1d^*" :/[]\u00ff\0'), maxLength: 200 }),
      fc.string({ unit: fc.constantFrom('ri', 'id', 'BA', '0123456789', '^', 'x'), maxLength: 400 }),
    );
    fc.assert(
      fc.property(data, fc.constantFrom('SIA-DCS', 'ADM-CID', 'NULL'), (text, id) => {
        const content = contentOfFrame({ id, data: text });
        expect(alarmContentSchema.safeParse(content).success).toBe(true);
        expect(() => [buildSiaData('1234', content), contactIdFields(content)]).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});

describe('the fingerprint', () => {
  const frame = {
    account: '12ab',
    sequence: '0001',
    timestamp: null,
    id: 'SIA-DCS',
    data: '#12AB|NBA1',
    extended: [{ type: 'V', value: 'x' }],
  };

  it('is the same for the same event by another way', () => {
    const other = { ...frame, account: '12AB', receiver: 'F', line: '2', encrypted: true, sequence: '1' };
    expect(eventFingerprint(other)).toBe(eventFingerprint(frame));
  });

  it.each([
    { account: '12AC' },
    { sequence: '0002' },
    { sequence: '000A' },
    { timestamp: { text: '00:00:00,01-01-2020', utcMs: 0 } },
    { id: 'ADM-CID' },
    { data: '#12AB|NBA2' },
    { extended: [] },
    { extended: [{ type: 'V', value: 'y' }] },
  ])('is another with %j', (change) => {
    expect(eventFingerprint({ ...frame, ...change })).not.toBe(eventFingerprint(frame));
  });

  it.each([
    ['000A', '000B'],
    ['1E03', '1000'],
  ])('tells hex sequence %s from %s', (one, other) => {
    expect(eventFingerprint({ ...frame, sequence: one })).not.toBe(
      eventFingerprint({ ...frame, sequence: other }),
    );
  });
});
