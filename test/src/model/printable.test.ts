import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson } from '../../../src/model/printable.ts';

const dangerous = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

describe('text for a terminal', () => {
  it.each([
    ['plain text', 'plain text'],
    ['käse 日本', 'käse 日本'],
    ['a\u001b[2Jb', 'a·[2Jb'],
    ['two\r\nlines', 'two lines'],
    ['abc\u202edcb\u202c', 'abcdcb'],
    ['\u009b31m', '·31m'],
  ])('of %j is %j', (text, shown) => expect(printable(text)).toBe(shown));

  it('holds nothing that drives it, whatever comes in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(dangerous);
        const json = printableJson({ text, list: [text] });
        expect(json).not.toMatch(dangerous);
        expect(JSON.parse(json)).toEqual({ text, list: [text] });
      }),
    );
  });
});
