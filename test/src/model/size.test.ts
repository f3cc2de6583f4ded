import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSize, parseSize } from '../../../src/model/size.ts';

describe('sizes', () => {
  it.each([
    ['0', 0],
    ['4096', 4096],
    ['20GB', 20e9],
    ['20 gb', 20e9],
    ['1.5TiB', 1.5 * 2 ** 40],
    [' 64 MiB ', 64 * 2 ** 20],
    ['10KB', 10_000],
  ])('reads %s as %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(['', 'GB', '-1GB', '1XB', '1e3', '1,5GB', '99999999PB', '1 2 GB'])('refuses "%s"', (text) =>
    expect(() => parseSize(text)).toThrowError(expect.objectContaining({ code: 'invalid_input' })),
  );

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [999.6, '1 KB'],
    [1500, '1.5 KB'],
    [20e9, '20 GB'],
    [999_999_999, '1 GB'],
    [12_345e9, '12.3 TB'],
    [-5e6, '-5 MB'],
    [8.994e15, '8.99 PB'],
    [9.005e15, '9 PB'],
    [Number.MAX_SAFE_INTEGER, '9 PB'],
  ])('shows %d as %s', (bytes, text) => expect(formatSize(bytes)).toBe(text));

  it('reads back what it shows within half a percent', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        const back = parseSize(formatSize(bytes));
        expect(Math.abs(back - bytes)).toBeLessThanOrEqual(bytes * 0.005);
      }),
    );
  });
});
