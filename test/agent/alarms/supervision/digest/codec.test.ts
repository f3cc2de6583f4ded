import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ageSecondsMax,
  decodeDigest,
  digestAccountsMax,
  encodeDigest,
} from '../../../../../agent/alarms/supervision/digest/codec.ts';

const account = fc.stringMatching(/^[0-9A-Z]{3,16}$/);
const accounts = fc.uniqueArray(account, { maxLength: 20 });

describe('a digest', () => {
  it('is read as it was written, whatever it holds', () => {
    const digest = fc.record({
      epoch: fc.nat(),
      heard: fc
        .uniqueArray(fc.integer({ min: 0, max: ageSecondsMax }), { maxLength: 8 })
        .chain((ages) =>
          fc
            .tuple(...ages.map(() => fc.uniqueArray(account, { minLength: 1, maxLength: 9 })))
            .map((lists) => new Map(ages.map((age, at) => [age, [...(lists[at] ?? [])].sort()]))),
        ),
      lost: accounts.map((list) => [...list].sort()),
    });
    fc.assert(
      fc.property(digest, (each) => {
        expect(decodeDigest(encodeDigest(each))).toEqual(each);
      }),
    );
  });

  it('of another release, or anything else, is none', () => {
    const text = encodeDigest({ epoch: 1, heard: new Map([[1, ['1234']]]), lost: [] });
    for (const other of [
      '',
      'null',
      '{}',
      text.slice(1),
      text.replace('heard 1', 'heard 2'),
      text.replace('"epoch":1', '"epoch":-1'),
      text.replace('"ageSeconds":1', `"ageSeconds":${ageSecondsMax + 1}`),
      text.replace('"lost"', '"more":1,"lost"'),
    ]) {
      expect(decodeDigest(other)).toBeNull();
    }
    fc.assert(
      fc.property(fc.string(), (any) => {
        expect(decodeDigest(any)).toBeNull();
      }),
    );
  });

  it('leaves out the oldest of too many, and is not read when it has too many', () => {
    const list = (letter: string, count: number) =>
      Array.from({ length: count }, (_, at) => letter + at.toString(36).padStart(4, '0').toUpperCase());
    const heard = new Map([
      [9, list('B', digestAccountsMax)],
      [2, list('A', 10)],
    ]);
    const read = decodeDigest(encodeDigest({ epoch: 0, heard, lost: [] }));
    expect(read?.heard.get(2)).toHaveLength(10);
    expect(read?.heard.get(9)).toHaveLength(digestAccountsMax - 10);
    const text = encodeDigest({ epoch: 0, heard: new Map([[2, list('A', 10)]]), lost: [] });
    expect(
      decodeDigest(text.replace('"A0000', `"${list('C', digestAccountsMax).join(' ')} A0000`)),
    ).toBeNull();
  });
});
