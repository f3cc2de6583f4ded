import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../../agent/alarms/dc09/byte-text.ts';
import {
  decodeFrame,
  encodeAck,
  encodeDuh,
  encodeFrame,
  encodeNak,
  openFrame,
} from '../../../../agent/alarms/dc09/codec.ts';
import { crc16 } from '../../../../agent/alarms/dc09/crc16.ts';
import type { Dc09Frame, FrameFields } from '../../../../agent/alarms/dc09/frame.ts';
import { timestampAt } from '../../../../agent/alarms/dc09/timestamp.ts';
import { cipherWith, decimalLength, textOf, vectorKey, vectors, wired } from './vectors.ts';

function decoded(bytes: Uint8Array): Dc09Frame {
  const result = decodeFrame(bytes);
  if (!result.ok) throw new Error(`${result.problem}: ${result.detail}`);
  return result.frame;
}

function problemOf(bytes: Uint8Array): string {
  const result = decodeFrame(bytes);
  return result.ok ? 'none' : result.problem;
}

/** The frame around any body, with the CRC and length that it should have. */
function framed(body: string): Uint8Array {
  const bytes = bytesOf(body);
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(4, '0');
  return wired(`${hex(crc16(bytes, 0, bytes.length))}${hex(bytes.length)}${body}`);
}

const plainChar = fc.constantFrom(...'ABCXYZabc019|#^/ .,:-"\u00e9\u00ff');
const hexOf = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789ABCDEF'), minLength, maxLength });
const fieldsArbitrary: fc.Arbitrary<FrameFields> = fc.record({
  id: fc.constantFrom('SIA-DCS', 'ADM-CID', 'NULL', 'ACK', 'DUH', 'RSP'),
  sequence: fc.integer({ min: 0, max: 9999 }).map((value) => String(value).padStart(4, '0')),
  receiver: fc.option(hexOf(1, 6), { nil: null }),
  line: fc.option(hexOf(1, 6), { nil: null }),
  account: hexOf(3, 16),
  data: fc.string({ unit: plainChar, maxLength: 80 }),
  extended: fc.array(
    fc.record({
      type: fc.constantFrom('V', 'M', 'X', 'Q'),
      value: fc.string({ unit: plainChar, maxLength: 40 }),
    }),
    { maxLength: 3 },
  ),
  timestamp: fc.option(
    fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => timestampAt(seconds * 1000)),
    { nil: null },
  ),
  crcForm: fc.constantFrom('hex' as const, 'binary' as const),
});

describe('published frames', () => {
  it('are there', () => {
    expect(vectors.length).toBe(14);
  });

  it.each(vectors)('%s is read, and written again byte for byte', (text) => {
    const written = textOf(encodeFrame(decoded(wired(text))));
    // Two of them have the length in lower case, we always write upper case.
    expect(written).toBe(`\n${text.slice(0, 8).toUpperCase()}${text.slice(8)}\r`);
  });

  it.each([
    ['CAC1', '', [], '13:43:09,06-22-2015'],
    ['E34C', '', [], '16:08:12,04-14-2015'],
    ['073D', '', [{ type: 'I', value: 'Hello' }], '13:57:05,06-29-2015'],
  ])('the encrypted %s opens', (crc, data, extended, time) => {
    const text = vectors.find((each) => each.startsWith(crc)) ?? '';
    const result = openFrame(decoded(wired(text)), cipherWith(vectorKey));
    expect(result).toMatchObject({ ok: true, frame: { data, extended, timestamp: { text: time } } });
  });

  it('have their fields where the standard puts them', () => {
    const text = vectors.find((each) => each.startsWith('FE8F')) ?? '';
    expect(decoded(wired(text))).toEqual({
      id: 'RSP',
      encrypted: false,
      sequence: '0045',
      sequenceNumber: 45,
      receiver: 'C0FFD',
      line: '1234',
      account: '080027E62A64',
      data: '#080027E62A64|NHB0003',
      extended: [{ type: 'X', value: '115000' }],
      timestamp: { text: '15:15:25,06-22-2015', utcMs: Date.UTC(2015, 5, 22, 15, 15, 25) },
      body: null,
      crcForm: 'hex',
    });
  });

  it('NAK has no account and line 0', () => {
    const text = vectors.find((each) => each.includes('"NAK"')) ?? '';
    expect(decoded(wired(text))).toMatchObject({ id: 'NAK', receiver: '0', line: '0', account: '' });
  });

  it('a length in decimal is refused by the name of the fault', () => {
    const result = decodeFrame(wired(decimalLength));
    expect(result).toMatchObject({ ok: false, problem: 'length' });
    expect(JSON.stringify(result)).toContain('decimal');
  });
});

describe('a frame that came', () => {
  it('may count its sequence in hex, and has it echoed', () => {
    const frame = decoded(framed('"SIA-DCS"000AR1L2#1234[#1234|Nri1/BA1]'));
    expect(frame).toMatchObject({ sequence: '000A', sequenceNumber: 10, receiver: '1', line: '2' });
    expect(decoded(encodeAck(frame))).toMatchObject({ id: 'ACK', sequence: '000A', account: '1234' });
  });

  it.each([
    ['', []],
    ['[X1|2]', [{ type: 'X', value: '1|2' }]],
  ])('may leave out the bar after its pad when it has no data: %s', (extra, extended) => {
    const cipher = cipherWith(vectorKey);
    const text = `]${extra}_18:06:07,11-20-2026`;
    const body = cipher.encrypt(text);
    expect(openFrame(decoded(framed(`"*ACK"0001R1L0#1234[${body}`)), cipher)).toMatchObject({
      ok: true,
      frame: { data: '', extended, timestamp: { text: '18:06:07,11-20-2026' } },
    });
  });

  const sample = vectors[0] ?? '';

  it('may have hex in lower case and NULs after it', () => {
    const relaxed = `\n${sample.slice(0, 8).toLowerCase()}${sample.slice(8)}\r\0\0`;
    expect(decoded(bytesOf(relaxed))).toEqual(decoded(wired(sample)));
  });

  it('may have its CRC in two bytes, and then is answered so', () => {
    const frame = decoded(wired(sample));
    const binary = encodeFrame({ ...frame, crcForm: 'binary' });
    expect(binary.slice(0, 3)).toEqual(Uint8Array.of(0x0a, 0xf4, 0xd2));
    expect(decoded(binary)).toEqual({ ...frame, crcForm: 'binary' });
    expect(textOf(encodeAck(decoded(binary))).slice(3, 8)).toMatch(/^00[0-9A-F]{2}"/);
  });

  it.each([
    ['', 'syntax'],
    ['\n\r', 'syntax'],
    [`\n${sample}`, 'syntax'],
    [`${sample}\r`, 'syntax'],
    [`\n0000${sample.slice(4)}\r`, 'crc'],
    [`\n${sample.replace('test', 'tesT')}\r`, 'crc'],
    [`\n${sample.slice(0, 4)}0028${sample.slice(8)}\r`, 'length'],
  ])('%j is refused: %s', (text, problem) => {
    expect(problemOf(bytesOf(text))).toBe(problem);
  });

  it.each([
    '"SIA-DCS"#1234[]',
    '"SIA-DCS"0001L0#1234',
    '"SIA-DCS"0001L0#1234[#1234|NBA1',
    '"SIA-DCS"0001L0#1234[]x',
    '"SIA-DCS"0001L0#1234[][X1',
    '"*SIA-DCS"0001L0#1234[XYZ',
    '"*SIA-DCS"0001L0#1234[ABC',
    '"SIA-DCS"0001L1234567#1234[]',
    '"SIA-DCS"0001L0#12345678901234567[]',
  ])('%s is refused as syntax though CRC and length are right', (body) => {
    expect(problemOf(framed(body))).toBe('syntax');
  });

  it('without account is one of the account in its data', () => {
    expect(decoded(framed('"SIA-DCS"4738R0001L0001[#006969|Nri04/OP001NM]'))).toMatchObject({
      account: '006969',
      receiver: '0001',
      line: '0001',
    });
  });

  it('costs no more time when its end is noise', () => {
    const bytesMax = 3_900;
    const took = (tail: string) => {
      const frame = framed(`"SIA-DCS"0001L0#1234[x]${tail}`);
      const runs = Array.from({ length: 5 }, () => {
        const startedMs = performance.now();
        expect(decodeFrame(frame)).toMatchObject({ ok: true });
        return performance.now() - startedMs;
      });
      return Math.min(...runs);
    };
    expect(took(`_${'\x01'.repeat(bytesMax)}!`)).toBeLessThan(10 * took(`_${'!'.repeat(bytesMax)}!`) + 2);
  });

  it('keeps extended fields of unknown kinds, and empty ones', () => {
    const body = '"SIA-DCS"0001L0#1234[#1234|NBA1][Vhttps://v.example/a?b=c][9?][]_00:00:00,01-01-2020';
    expect(decoded(framed(body)).extended).toEqual([
      { type: 'V', value: 'https://v.example/a?b=c' },
      { type: '9', value: '?' },
      { type: '', value: '' },
    ]);
  });

  it.each(['14:12:04,09-25-201', '25:00:00,01-01-2020', '00:00:00,02-30-2020', ''])(
    'is not lost for its time %j that is none',
    (time) => {
      expect(decoded(framed(`"SIA-DCS"0001L0#1234[#1234|NBA1]_${time}`))).toMatchObject({
        data: '#1234|NBA1',
        timestamp: null,
      });
    },
  );
});

describe('answers', () => {
  const alarm = decoded(framed('"SIA-DCS"0042RC0FFDL1234#080027E62A64[#080027E62A64|NBA1]'));
  const nowMs = Date.UTC(2015, 3, 14, 16, 8, 12, 345);

  it('ACK echoes sequence, receiver, line and account', () => {
    expect(textOf(encodeAck(alarm))).toContain('"ACK"0042RC0FFDL1234#080027E62A64[]\r');
    expect(textOf(encodeAck(alarm, { nowMs }))).toContain('#080027E62A64[]_16:08:12,04-14-2015\r');
    expect(decoded(encodeAck(alarm))).toMatchObject({ id: 'ACK', sequence: '0042' });
  });

  it('ACK leaves out what the frame left out', () => {
    const bare = decoded(framed('"NULL"7L0#1234[]'));
    expect(textOf(encodeAck(bare))).toContain('"ACK"7L0#1234[]');
  });

  it('*ACK is encrypted with our time', () => {
    const cipher = cipherWith(vectorKey);
    const ack = decoded(encodeAck({ ...alarm, encrypted: true }, { nowMs, cipher }));
    expect(ack).toMatchObject({ id: 'ACK', encrypted: true, sequence: '0042', timestamp: null });
    expect(cipher.decrypt(ack.body ?? '')).toBe('XXXXXXXXXX|]_16:08:12,04-14-2015');
    expect(() => encodeAck({ ...alarm, encrypted: true }, { nowMs })).toThrow(/without a key/);
    expect(() => encodeAck({ ...alarm, encrypted: true }, { cipher })).toThrow(/without a time/);
  });

  it('NAK is plain and carries our time, as the published one', () => {
    const text = vectors.find((each) => each.includes('"NAK"')) ?? '';
    const nak = encodeNak({ crcForm: 'hex' }, Date.UTC(2025, 8, 24, 16, 20, 1, 999));
    expect(textOf(nak)).toBe(`\n${text}\r`);
  });

  it('DUH is plain also to an encrypted frame', () => {
    const text = textOf(encodeDuh({ ...alarm, encrypted: true, body: 'AB', sequence: '0045' }));
    expect(text).toBe(`\n${vectors.find((each) => each.includes('"DUH"')) ?? ''}\r`);
  });
});

describe('writing refuses what no frame can hold', () => {
  const fields: FrameFields = { id: 'SIA-DCS', sequence: '0001', line: '0', account: '1234' };

  it.each<[string, FrameFields]>([
    ['a bracket in the data', { ...fields, data: 'a]b' }],
    ['a line end in an extended field', { ...fields, extended: [{ type: 'X', value: '\r\n' }] }],
    ['a character that is no byte', { ...fields, data: '\u20ac' }],
    ['a long account', { ...fields, account: '1'.repeat(17) }],
    ['an account with a bracket', { ...fields, account: '1[' }],
    ['a receiver that is no hex', { ...fields, receiver: 'XYZ' }],
    ['no sequence', { ...fields, sequence: '' }],
    ['more than the length field can tell', { ...fields, data: 'x'.repeat(4096) }],
    ['a body that is no hex', { ...fields, encrypted: true, body: 'XY' }],
    ['an encrypted one without key', { ...fields, encrypted: true }],
  ])('%s', (_, bad) => {
    expect(() => encodeFrame(bad)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});

describe('whatever the fields are', () => {
  it('what is written is read the same', () => {
    fc.assert(
      fc.property(fieldsArbitrary, (fields) => {
        const frame = decoded(encodeFrame(fields));
        expect(frame).toMatchObject({ ...fields, encrypted: false, body: null });
        expect(textOf(encodeFrame(frame))).toBe(textOf(encodeFrame(fields)));
      }),
    );
  });

  it('encrypted too, with any key length and pad', () => {
    fc.assert(
      fc.property(
        fieldsArbitrary,
        fc.constantFrom(32, 48, 64),
        fc.integer({ min: 0, max: 255 }),
        (given, digits, pad) => {
          // An encrypted message always has a time.
          const fields = { ...given, timestamp: given.timestamp ?? timestampAt(0) };
          const cipher = cipherWith('5A'.repeat(digits / 2), pad);
          const closed = decoded(encodeFrame({ ...fields, encrypted: true }, cipher));
          expect(closed).toMatchObject({ encrypted: true, data: '', extended: [] });
          const opened = openFrame(closed, cipher);
          const { data, extended, timestamp } = fields;
          expect(opened).toMatchObject({ ok: true, frame: { data, extended, timestamp } });
        },
      ),
    );
  });

  it('a single changed bit is never taken for another message', () => {
    fc.assert(
      fc.property(fieldsArbitrary, fc.nat(), (fields, place) => {
        const bytes = encodeFrame(fields);
        const before = decoded(bytes);
        const at = place % (bytes.length * 8);
        bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
        const after = decodeFrame(bytes);
        // A changed bit may make a lower-case hex digit of an upper-case one: then it is the same message.
        if (after.ok) expect(after.frame).toEqual(before);
      }),
      { numRuns: 1000 },
    );
  });

  it('what can be read can be answered', () => {
    const piece = fc.constantFrom(
      '"',
      '*',
      'SIA-DCS',
      'NAK',
      'x',
      '0',
      '00A1',
      '123456',
      'R',
      'L',
      '#',
      'A0',
      '[',
      ']',
      '|',
      '_',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        for (const head of ['', '"SIA-DCS"0001', '"NULL"9R1L0#']) {
          const result = decodeFrame(framed(`${head}${pieces.join('')}[#1234|x]`));
          if (!result.ok || result.frame.encrypted) continue;
          expect(decoded(encodeAck(result.frame)).id).toBe('ACK');
          expect(decoded(encodeDuh(result.frame)).id).toBe('DUH');
          expect(decoded(encodeNak(result.frame, 0)).id).toBe('NAK');
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('no bytes make decoding throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeFrame(bytes)).toHaveProperty('ok');
      }),
    );
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'"*#[]_|RLA01NSIADCS\0\n\r'), maxLength: 60 }),
        (body) => {
          expect(decodeFrame(framed(`"${body}`))).toHaveProperty('ok');
        },
      ),
      { numRuns: 500 },
    );
  });
});
