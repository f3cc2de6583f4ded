import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../../agent/alarms/dc09/byte-text.ts';
import {
  createSurgardReader,
  decodeSurgardLine,
  encodeSurgardEvent,
  encodeSurgardHeartbeat,
  type SurgardEncoding,
  surgardAck,
  surgardNak,
} from '../../../../agent/alarms/surgard/codec.ts';
import type { AlarmContent } from '../../../../src/contract/index.ts';

const content: AlarmContent = {
  code: '130',
  qualifier: 'new',
  area: '01',
  zone: '015',
  user: null,
  text: null,
};
const event = { receiver: '01', line: '1', account: '1234', content };
const line = '5011 181234E13001015';

function textOf(encoding: SurgardEncoding): string {
  return encoding.ok ? Buffer.from(encoding.bytes).toString('latin1') : encoding.problem;
}

describe('an event line', () => {
  it('has its fields in their places', () => {
    expect(textOf(encodeSurgardEvent(event))).toBe(`${line}\x14`);
    expect(decodeSurgardLine(line)).toEqual({ kind: 'event', ...event });
  });

  it.each<[AlarmContent, string]>([
    [{ ...content, qualifier: 'restore' }, 'R13001015'],
    [{ ...content, qualifier: 'previous' }, 'P13001015'],
    [{ ...content, code: '401', qualifier: 'restore', zone: null, user: '005' }, 'R40101005'],
    [{ ...content, code: 'BA', area: null, zone: '7' }, 'E13000007'],
    [{ ...content, code: 'CL', qualifier: 'restore', zone: null, user: '501' }, 'R40101501'],
  ])('of %j ends in %s', (given, end) => {
    expect(textOf(encodeSurgardEvent({ ...event, content: given }))).toBe(`5011 181234${end}\x14`);
  });

  it('fills up a short account and receiver with zeroes', () => {
    expect(textOf(encodeSurgardEvent({ ...event, receiver: '1', account: '12a' }))).toBe(
      '5011 18012AE13001015\x14',
    );
  });

  it.each([
    ['account 12345', { account: '12345' }],
    ['account 12G4', { account: '12G4' }],
    ['receiver 123', { receiver: '123' }],
    ['receiver 01 or line 12', { line: '12' }],
    ['code XA', { content: { ...content, code: 'XA' } }],
    ['code (none)', { content: { ...content, code: null } }],
    ['code 130', { content: { ...content, zone: '1000' } }],
  ])('is refused for %s, and nothing is cut off', (problem, change) => {
    const encoding = encodeSurgardEvent({ ...event, ...change });
    expect(encoding).toMatchObject({ ok: false, problem: expect.stringContaining(problem) });
  });

  it('is read with digits for its letter, and with a longer account', () => {
    expect(decodeSurgardLine('5011 18123456313001015')).toMatchObject({
      account: '123456',
      content: { qualifier: 'restore' },
    });
  });

  it('what is written is read the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 1, max: 999 }), (account, zone) => {
        const given = {
          ...event,
          account: String(account).padStart(4, '0'),
          content: { ...content, zone: String(zone).padStart(3, '0') },
        };
        expect(decodeSurgardLine(textOf(encodeSurgardEvent(given)).slice(0, -1))).toEqual({
          kind: 'event',
          ...given,
        });
      }),
    );
  });
});

describe('a heartbeat', () => {
  it('has eleven blanks, an at sign and four blanks', () => {
    expect(textOf(encodeSurgardHeartbeat('01', '1'))).toBe('1011           @    \x14');
    expect(decodeSurgardLine('1011           @    ')).toEqual({
      kind: 'heartbeat',
      receiver: '01',
      line: '1',
    });
    expect(encodeSurgardHeartbeat('001', '1')).toMatchObject({ ok: false });
  });
});

describe('a stream', () => {
  it('gives lines, answers and what is neither, in order', () => {
    const items = createSurgardReader().push(
      bytesOf(`${line}\x14\r\n\0\x06\x15SR0001L0001    006969XX    [ID00000000]\x14\x14\x06`),
    );
    expect(items.map(({ kind }) => kind)).toEqual(['event', 'ack', 'nak', 'unknown', 'ack']);
  });

  it('answers are one byte', () => {
    expect([surgardAck, surgardNak]).toEqual([Uint8Array.of(0x06), Uint8Array.of(0x15)]);
  });

  it('reports a line without end once, and goes on after its end', () => {
    const reader = createSurgardReader({ bytesMax: 32 });
    const items = reader.push(bytesOf(`${'x'.repeat(100)}\x14${line}\x14`));
    expect(items.map(({ kind }) => kind)).toEqual(['oversized', 'event']);
  });

  it('is the same in whatever pieces, and never holds more than its bound', () => {
    const bytes = fc
      .array(
        fc.oneof(
          fc.uint8Array({ maxLength: 80 }),
          fc.constantFrom(`${line}\x14`, '\x06', '1011           @    \x14').map(bytesOf),
        ),
        { maxLength: 10 },
      )
      .map((parts) => Buffer.concat(parts));
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 30 }), (all, size) => {
        const reader = createSurgardReader({ bytesMax: 40 });
        const items = [];
        for (let at = 0; at < all.length; at += size) {
          items.push(...reader.push(all.subarray(at, at + size)));
          expect(reader.heldBytes()).toBeLessThan(40);
        }
        expect(items).toEqual(createSurgardReader({ bytesMax: 40 }).push(all));
      }),
      { numRuns: 300 },
    );
  });
});
