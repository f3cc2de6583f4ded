/** Addresses and segments: what is one, and what lies in which. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInSegment, isSameAddress, parseAddress, parsePrefixed } from '../../../src/model/ip-segment.ts';

const inside = (address: string, segment: string): boolean => {
  const [parsed, within] = [parseAddress(address), parsePrefixed(segment)];
  if (!parsed || !within) throw new Error('the test names something that is no address');
  return isInSegment(parsed, within);
};

describe('an address', () => {
  it.each([
    '192.0.2.1',
    '0.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    'fd00::2',
    '2001:db8:0:0:0:0:0:1',
    '::ffff:192.0.2.1',
  ])('%s is one', (text) => expect(parseAddress(text)).not.toBeNull());

  it.each([
    '',
    'host',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.01',
    '192.0.2.1.',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7',
    'fffff::',
    '192.0.2.1/24',
    'fe80::1%eth0',
  ])('%s is none', (text) => expect(parseAddress(text)).toBeNull());

  it('is the same however it is written', () => {
    expect(isSameAddress('2001:DB8::1', '2001:db8:0:0::1')).toBe(true);
    expect(isSameAddress('192.0.2.1', '::c000:201')).toBe(false);
    expect(isSameAddress('x', 'x')).toBe(false);
  });
});

describe('a segment', () => {
  it('needs a prefix length that the family has', () => {
    expect(parsePrefixed('192.0.2.1/33')).toBeNull();
    expect(parsePrefixed('fd00::1/129')).toBeNull();
    expect(parsePrefixed('192.0.2.1')).toBeNull();
    expect(parsePrefixed(' fd00::1/64 ')?.prefix).toBe(64);
  });

  it('holds what shares its prefix, and nothing of the other family', () => {
    expect(inside('192.0.2.200', '192.0.2.1/24')).toBe(true);
    expect(inside('192.0.3.1', '192.0.2.1/24')).toBe(false);
    expect(inside('198.51.100.2', '198.51.100.1/30')).toBe(true);
    expect(inside('198.51.100.5', '198.51.100.1/30')).toBe(false);
    expect(inside('fd00::ff', 'fd00::1/64')).toBe(true);
    expect(inside('0.0.0.1', '::1/0')).toBe(false);
  });

  it('holds its own address at every prefix length, and all of its family at 0', () => {
    const octets = fc
      .tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))
      .map((parts) => parts.join('.'));
    fc.assert(
      fc.property(octets, octets, fc.nat(32), (address, other, prefix) => {
        expect(inside(address, `${address}/${prefix}`)).toBe(true);
        expect(inside(other, `${address}/0`)).toBe(true);
        expect(inside(other, `${address}/32`)).toBe(address === other);
      }),
    );
  });
});
