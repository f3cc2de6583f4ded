import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame, openFrame } from '../../../../agent/alarms/dc09/codec.ts';
import { createFrameCipher, parseKey } from '../../../../agent/alarms/dc09/crypt.ts';
import { timestampAt } from '../../../../agent/alarms/dc09/timestamp.ts';
import { cipherWith, vectorKey } from './vectors.ts';

describe('a key', () => {
  it.each([32, 48, 64])('of %i hex digits is taken', (digits) => {
    expect(parseKey('aB'.repeat(digits / 2))).toEqual(Buffer.alloc(digits / 2, 0xab));
  });

  it.each(['', 'AB', 'AB'.repeat(20), 'Z'.repeat(32), 'A'.repeat(33), `${'AB'.repeat(16)}\n`])(
    '%j is refused, and the message does not tell it',
    (hex) => {
      const attempt = () => parseKey(hex);
      expect(attempt).toThrow(
        expect.objectContaining({ code: 'invalid_input', message: 'the key is no AES key' }),
      );
    },
  );
});

describe('the pad', () => {
  it.each([
    ['|'.padEnd(15, 'x'), 1],
    ['|'.padEnd(16, 'x'), 16],
    ['|'.padEnd(17, 'x'), 15],
  ])('before %s has %i bytes', (text, padBytes) => {
    const cipher = cipherWith(vectorKey);
    expect(cipher.decrypt(cipher.encrypt(text))).toBe('X'.repeat(padBytes) + text);
  });

  it.each(['|', '[', ']'])('never holds %s', (character) => {
    const cipher = cipherWith(vectorKey, character.charCodeAt(0));
    const plain = cipher.decrypt(cipher.encrypt('|]_x')) ?? '';
    expect(plain.indexOf('|')).toBe(12);
    expect(plain.slice(0, 12)).not.toMatch(/[|[\]]/);
  });

  it('makes the same text different each time', () => {
    const cipher = createFrameCipher(parseKey(vectorKey), randomBytes);
    expect(cipher.encrypt('|]_x')).not.toBe(cipher.encrypt('|]_x'));
  });

  it('gives upper-case hex of whole blocks', () => {
    expect(cipherWith(vectorKey).encrypt('|]')).toMatch(/^[0-9A-F]{32}$/);
  });
});

describe('opening', () => {
  const fields = {
    id: 'SIA-DCS',
    encrypted: true,
    sequence: '0001',
    line: '0',
    account: '1234',
    data: '#1234|NBA1',
    timestamp: timestampAt(1_700_000_000_000),
  };

  it('with a wrong key is found out, each of 2000 times', () => {
    const right = cipherWith(vectorKey);
    for (let round = 0; round < 2000; round += 1) {
      const result = decodeFrame(encodeFrame(fields, right));
      if (!result.ok) throw new Error(result.detail);
      const key = parseKey(round.toString(16).padStart(32, '0'));
      expect(openFrame(result.frame, createFrameCipher(key, randomBytes))).toMatchObject({
        ok: false,
        problem: 'key',
      });
    }
  });

  const openedText = (plain: string) => {
    const cipher = cipherWith(vectorKey);
    const result = decodeFrame(encodeFrame({ ...fields, body: cipher.encrypt(plain) }));
    if (!result.ok) throw new Error(result.detail);
    return openFrame(result.frame, cipher);
  };

  it('bears a blank before the time and a pad behind it, as one maker writes them', () => {
    const opened = openedText('|] _16:08:12,04-14-2015\x0f\x0f\x0f');
    expect(opened).toMatchObject({ ok: true, frame: { timestamp: { text: '16:08:12,04-14-2015' } } });
  });

  it('of a text without time believes only the data of an account', () => {
    expect(openedText('|#1234|NBA1]')).toMatchObject({
      ok: true,
      frame: { data: '#1234|NBA1', timestamp: null },
    });
    expect(openedText('|\x01\xe9]')).toMatchObject({ ok: false, problem: 'key' });
    expect(openedText('|]_99:99:99,99-99-9999')).toMatchObject({ ok: false, problem: 'key' });
    expect(openedText('no bar]')).toMatchObject({ ok: false, problem: 'key' });
  });

  it.each(['', 'AB', 'ABCD'.repeat(9)])('a body %j of no whole blocks is told as such', (body) => {
    const result = decodeFrame(encodeFrame({ ...fields, body }));
    if (!result.ok) throw new Error(result.detail);
    expect(openFrame(result.frame, cipherWith(vectorKey))).toMatchObject({ ok: false, problem: 'key' });
  });

  it('takes lower-case hex', () => {
    const cipher = cipherWith(vectorKey);
    expect(cipher.decrypt(cipher.encrypt('|abc').toLowerCase())).toBe(`${'X'.repeat(12)}|abc`);
  });

  it('leaves a plain frame as it is', () => {
    const result = decodeFrame(encodeFrame({ ...fields, encrypted: false }));
    if (!result.ok) throw new Error(result.detail);
    expect(openFrame(result.frame, cipherWith(vectorKey))).toEqual(result);
  });
});
