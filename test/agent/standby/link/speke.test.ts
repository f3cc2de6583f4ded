import { getDiffieHellman } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type PakeKeys, sameProof, startPake } from '../../../../agent/standby/link/speke.ts';

function run(codes: { shower: string; joiner: string }, seen = { shower: 'S', joiner: 'J' }) {
  const shower = startPake(codes.shower);
  const joiner = startPake(codes.joiner);
  const values = { showerPublic: shower.publicValue, joinerPublic: joiner.publicValue };
  return {
    shower: shower.finish(joiner.publicValue, { shower: 'S', joiner: 'J', ...values }) as PakeKeys,
    joiner: joiner.finish(shower.publicValue, { ...seen, ...values }) as PakeKeys,
  };
}

describe('the key agreement by a code', () => {
  it('gives both the same keys for the same code, and other keys each time', () => {
    const first = run({ shower: 'K7PM3XWD', joiner: 'K7PM3XWD' });
    expect(first.shower).toEqual(first.joiner);
    expect(first.shower.pairKey).toHaveLength(32);
    expect(first.shower.joinerProof).not.toBe(first.shower.showerProof);
    const second = run({ shower: 'K7PM3XWD', joiner: 'K7PM3XWD' });
    expect(second.shower.pairKey.equals(first.shower.pairKey)).toBe(false);
  });

  it('gives nothing in common for another code', () => {
    const { shower, joiner } = run({ shower: 'K7PM3XWD', joiner: 'K7PM3XWE' });
    expect(sameProof(shower.joinerProof, joiner.joinerProof)).toBe(false);
    expect(shower.pairId).not.toBe(joiner.pairId);
  });

  it('gives nothing in common when someone between shows other certificates', () => {
    const { shower, joiner } = run({ shower: 'K7PM3XWD', joiner: 'K7PM3XWD' }, { shower: 'M', joiner: 'J' });
    expect(sameProof(shower.joinerProof, joiner.joinerProof)).toBe(false);
  });

  it('refuses values that force the result, and its own sent back', () => {
    const prime = getDiffieHellman('modp14').getPrime();
    const minusOne = (BigInt(`0x${prime.toString('hex')}`) - 1n).toString(16);
    const side = startPake('K7PM3XWD');
    const transcript = { shower: 'S', joiner: 'J', showerPublic: '', joinerPublic: '' };
    const bad = [
      '',
      '00',
      '01',
      minusOne,
      prime.toString('hex'),
      `00${prime.toString('hex')}`,
      'ff'.repeat(256),
    ];
    for (const hex of bad) {
      expect(side.finish(Buffer.from(hex, 'hex').toString('base64'), transcript), hex.slice(0, 8)).toBeNull();
    }
    expect(side.finish(side.publicValue, transcript)).toBeNull();
  });
});
