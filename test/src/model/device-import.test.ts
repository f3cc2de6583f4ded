import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alarmCategories,
  type DeviceConfig,
  deviceConfigSchema,
  deviceModes,
  type EventMapping,
  eventMappingSchema,
} from '../../../src/contract/index.ts';
import {
  formatDevices,
  formatMappings,
  parseDeviceFile,
  parseMappingFile,
} from '../../../src/model/device-import.ts';

const device = (given: object) =>
  deviceConfigSchema.parse({ account: '1234', name: 'Shop', key: '', ...given });

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .map((text) => text.trim().slice(0, 64))
  .filter((text) => deviceConfigSchema.shape.name.safeParse(text).success);
const number = fc.stringMatching(/^[0-9A-Za-z]{1,4}$/);
const short = fc
  .string({ maxLength: 12 })
  .map((text) => text.trim())
  .filter((text) => !text.startsWith("'"));
const word = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const part = fc.record({ number, name });
const anyDevice: fc.Arbitrary<DeviceConfig> = fc.record({
  account: fc.stringMatching(/^[0-9A-Z]{3,16}$/),
  name,
  serial: short,
  model: short,
  version: short,
  mode: fc.constantFrom(...deviceModes),
  key: fc.oneof(fc.constant(null), fc.constant(''), word(32), word(64)),
  requireEncryption: fc.boolean(),
  supervisionSeconds: fc.option(fc.integer({ min: 5, max: 604_800 })),
  enabled: fc.boolean(),
  areas: fc.array(part, { maxLength: 4 }),
  zones: fc.array(fc.record({ number, name, area: fc.option(number), channel: fc.option(number) }), {
    maxLength: 4,
  }),
  channels: fc.array(fc.record({ number, name, camera: fc.option(fc.stringMatching(/^c[0-9]{1,4}$/)) }), {
    maxLength: 4,
  }),
  users: fc.array(part, { maxLength: 4 }),
});

describe('a file of devices', () => {
  it('comes back from CSV as it went', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyDevice, { selector: ({ account }) => account, minLength: 1, maxLength: 6 }),
        (devices) => {
          expect(parseDeviceFile(formatDevices(devices))).toEqual({ items: devices, problems: [] });
        },
      ),
    );
  });

  it('comes back from JSON as it went, as a list and as an object', () => {
    const devices = [device({ zones: [{ number: '1', name: 'Door' }] })];
    for (const text of [JSON.stringify(devices), JSON.stringify({ devices })]) {
      expect(parseDeviceFile(text)).toEqual({ items: devices, problems: [] });
    }
  });

  it.each([
    ['commas', 'account,name\n1234,Shop\n'],
    ['semicolons', 'account;name\r\n1234;Shop\r\n'],
    ['tabs', 'account\tname\r1234\tShop'],
    ['a byte order mark and empty rows', '\uFEFFAccount, Name \n\n1234,Shop\n,\n'],
    ['quotes', '"name","account"\n"Shop","1234"'],
  ])('may have %s', (_, text) => {
    expect(parseDeviceFile(text)).toEqual({ items: [device({})], problems: [] });
  });

  it('takes lists, yes and no, and what stays or goes of a key', () => {
    const text = `account;name;key;require encryption;supervision_seconds;mode;areas;zones;channels
ab12;"Shop; 2";none;yes;180;DUAL;"1=Hall;2=Office";"1=Door|1|2;2=a\\;b";"2=Yard|c3"
ab13;Other;;no;;;;;`;
    const { items, problems } = parseDeviceFile(text);
    expect(problems).toEqual([]);
    expect(items[0]).toMatchObject({
      ...{ account: 'AB12', name: 'Shop; 2', key: null, requireEncryption: true, supervisionSeconds: 180 },
      mode: 'dual',
      areas: [
        { number: '1', name: 'Hall' },
        { number: '2', name: 'Office' },
      ],
      zones: [
        { number: '1', name: 'Door', area: '1', channel: '2' },
        { number: '2', name: 'a;b', area: null, channel: null },
      ],
      channels: [{ number: '2', name: 'Yard', camera: 'c3' }],
    });
    expect(items[1]).toMatchObject({ key: '', supervisionSeconds: null, mode: 'direct', enabled: true });
  });

  it('tells each wrong row with its line, and takes the others', () => {
    const text = [
      'account,name,mode,supervisionSeconds,areas',
      '1234,"two',
      'lines",direct,60,',
      '1,Short,direct,60,',
      '1236,,direct,60,',
      '1237,Ok,sideways,60,',
      '1238,Ok,direct,soon,',
      '1239,Ok,direct,60,Hall',
      '1240,Ok,direct,60,,,',
      '1241,Fine,direct,60,1=Hall',
      '1241,Again,direct,60,1=Hall',
    ].join('\n');
    const { items, problems } = parseDeviceFile(text);
    expect(items.map(({ account }) => account)).toEqual(['1241', '1241']);
    expect(problems.map(({ place }) => place)).toEqual([
      ...['line 2', 'line 4', 'line 5', 'line 6', 'line 7', 'line 8', 'line 9', 'line 11'],
    ]);
    expect(problems.at(1)?.text).toBe('account: expected 3 to 16 letters and digits, got "1"');
    expect(problems.at(-1)?.text).toBe('account 1241 is there already, at line 10');
  });

  it('never repeats a key that is wrong', () => {
    const { problems } = parseDeviceFile('account,name,key\n1234,Shop,00112233445566778899AABBCCDDEEFG');
    expect(problems).toEqual([{ place: 'line 2', text: 'key: 32, 48 or 64 hex digits' }]);
  });

  it.each([
    ['account,colour\n1234,red', 'no column is called colour'],
    ['name\nShop', 'the column account is missing'],
    ['account,name,name\n1234,a,b', 'a column is there twice'],
    ['', 'the file is empty'],
    ['{"device": []}', 'no list of devices'],
    ['[{]', 'not JSON'],
  ])('is refused as a whole: %j', (text, message) => {
    expect(() => parseDeviceFile(text)).toThrow(message);
  });

  it('reads whatever text comes, or refuses it in words', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (rest) => {
        try {
          parseDeviceFile(`account,name,zones\n${rest}`);
          parseDeviceFile(rest);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_input' });
        }
      }),
    );
  });
});

describe('a file of event mappings', () => {
  it('comes back from CSV as it went', () => {
    const orNull = <Value>(of: fc.Arbitrary<Value>) => fc.option(of);
    const anyMapping: fc.Arbitrary<EventMapping> = fc.record({
      code: fc.stringMatching(/^([0-9A-F]{3}|[A-Z]{2})$/),
      words: orNull(name),
      category: orNull(fc.constantFrom(...alarmCategories)),
      sia: orNull(fc.stringMatching(/^[A-Z]{2}$/)),
      contactId: orNull(fc.stringMatching(/^[0-9A-F]{3}$/)),
      forward: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.uniqueArray(anyMapping, { selector: ({ code }) => code }), (mappings) => {
        expect(parseMappingFile(formatMappings(mappings))).toEqual({ items: mappings, problems: [] });
      }),
    );
  });

  it('may leave out all but the code', () => {
    expect(parseMappingFile('code;forward\nrp;no').items).toEqual([
      eventMappingSchema.parse({ code: 'RP', forward: false }),
    ]);
  });
});
