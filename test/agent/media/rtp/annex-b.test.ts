import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnnexBSplitter } from '../../../../agent/media/rtp/annex-b.ts';

function split(pieces: readonly Uint8Array[]): string[] {
  const out: string[] = [];
  let open: string | null = null;
  const splitter = new AnnexBSplitter({
    pieceBegin: () => {
      open = '';
    },
    pieceBytes: (bytes, start, end) => {
      open += Buffer.from(bytes.slice(start, end)).toString('hex');
    },
    pieceEnd: () => {
      out.push(open ?? 'end without begin');
      open = null;
    },
  });
  splitter.begin();
  for (const piece of pieces) splitter.write(piece, 0, piece.length);
  splitter.end();
  return out;
}

describe('the Annex B splitter', () => {
  it.each([
    ['no start code: one unit', '67aabb', ['67aabb']],
    ['short and long start codes', '00000001 67aa 000001 68bb', ['67aa', '68bb']],
    ['padding before a start code and at the end', '000001 67aa 00000000 000001 68 0000', ['67aa', '68']],
    ['zeros that are no start code', '67 0000 03 aa 00 bb', ['67000003aa00bb']],
    ['nothing but zeros', '000000', []],
  ])('%s', (_name, hex, expected) => {
    expect(split([Buffer.from(hex.replaceAll(' ', ''), 'hex')])).toEqual(expected);
  });

  it('gives the same units wherever the bytes are cut', () => {
    const bytes = fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 0x67), { maxLength: 60 });
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(60), { maxLength: 8 }), (content, cuts) => {
        const whole = Uint8Array.from(content);
        const at = [0, ...cuts.filter((cut) => cut <= whole.length).sort((a, b) => a - b), whole.length];
        const pieces = at.slice(1).map((end, i) => whole.subarray(at[i], end));
        expect(split(pieces)).toEqual(split([whole]));
      }),
      { numRuns: 1000 },
    );
  });
});
