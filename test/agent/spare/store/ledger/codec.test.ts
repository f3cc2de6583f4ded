/** The ledger of a queue behaves as a plain set of settled places does, whatever is settled and in whatever order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeLedger,
  emptyLedger,
  encodeLedger,
  firstUnsettled,
  isSettled,
  type Ledger,
  ledgerBytesMax,
  rangesMax,
  settle,
  settledAbove,
} from '../../../../../agent/spare/store/ledger/codec.ts';

const code = (act: () => unknown) => {
  try {
    act();
    return 'done';
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
};

describe('a ledger', () => {
  it('knows exactly what was settled', () => {
    const place = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(fc.array(fc.array(place, { maxLength: 8 }), { maxLength: 20 }), (turns) => {
        const model = new Set<number>();
        let ledger: Ledger = emptyLedger;
        for (const places of turns) {
          ledger = settle(decodeLedger(encodeLedger(ledger)), places);
          for (const each of places) model.add(each);
          for (let each = 1; each <= 61; each += 1) expect(isSettled(ledger, each)).toBe(model.has(each));
          const first = Array.from({ length: 61 }, (_, at) => at + 1).find((each) => !model.has(each));
          expect(firstUnsettled(ledger)).toBe(first);
          expect(ledger.base + settledAbove(ledger)).toBe(model.size);
          expect(
            ledger.ranges.every(
              ([from, to], at) => from <= to && from > (ledger.ranges[at - 1]?.[1] ?? ledger.base) + 1,
            ),
          ).toBe(true);
        }
      }),
    );
  });

  it('stays the same one when nothing new is settled', () => {
    const ledger = settle(emptyLedger, [1, 2, 4]);
    expect(settle(ledger, [1, 4, 4])).toBe(ledger);
    expect(settle(ledger, [])).toBe(ledger);
  });

  it('fits into its register at its largest, and is refused beyond', () => {
    const far = Number.MAX_SAFE_INTEGER - 4 * rangesMax;
    const ranges = Array.from({ length: rangesMax }, (_, at) => [far + 4 * at, far + 4 * at + 1] as const);
    const largest: Ledger = { ...emptyLedger, epoch: far, base: 5, ranges };
    expect(encodeLedger(largest).length).toBeLessThan(ledgerBytesMax);
    expect(code(() => encodeLedger({ ...largest, ranges: [...ranges, [far * 2, far * 2]] }))).toBe(
      'unavailable',
    );
  });

  it.each([
    '',
    '{',
    '[]',
    '{"version":2,"epoch":1,"base":0,"ranges":[]}',
    '{"version":1,"epoch":-1,"base":0,"ranges":[]}',
  ])('is not read from something else: %s', (text) => {
    expect(code(() => decodeLedger(text))).toBe('protocol');
  });
});
