import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseByteRange, sliceStream } from '../../../../agent/control/api/byte-range.ts';

describe('a byte range', () => {
  it.each([
    ['bytes=0-9', 100, { start: 0, end: 10 }],
    ['bytes=90-', 100, { start: 90, end: 100 }],
    ['bytes=90-5000', 100, { start: 90, end: 100 }],
    ['bytes=-10', 100, { start: 90, end: 100 }],
    ['bytes=-5000', 100, { start: 0, end: 100 }],
    ['bytes=99-99', 100, { start: 99, end: 100 }],
    ['bytes=100-', 100, 'unsatisfiable'],
    ['bytes=-0', 100, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=9-3', 100, 'whole'],
    ['bytes=-', 100, 'whole'],
    ['bytes=0-1,5-6', 100, 'whole'],
    ['lines=1-2', 100, 'whole'],
    [undefined, 100, 'whole'],
  ])('%s of %d bytes is %j', (header, totalBytes, wanted) => {
    expect(parseByteRange(header, totalBytes)).toEqual(wanted);
  });

  it('never leaves the body, whatever is asked', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 30 }),
        fc.nat(),
        fc.nat(),
        fc.nat(1_000),
        (text, a, b, totalBytes) => {
          for (const header of [text, `bytes=${a}-${b}`, `bytes=${a}-`, `bytes=-${b}`]) {
            const range = parseByteRange(header, totalBytes);
            if (typeof range === 'string') continue;
            expect(range.start).toBeGreaterThanOrEqual(0);
            expect(range.end).toBeGreaterThan(range.start);
            expect(range.end).toBeLessThanOrEqual(totalBytes);
          }
        },
      ),
    );
  });

  it('is cut out of chunks of any size, and nothing behind it is read', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (chunkSizes, a, b) => {
        const total = chunkSizes.reduce((sum, size) => sum + size, 0);
        const start = a % total;
        const end = start + 1 + (b % (total - start));
        let read = 0;
        const chunks = (async function* () {
          for (const size of chunkSizes) {
            yield Uint8Array.from({ length: size }, (_, at) => read + at);
            read += size;
          }
        })();
        const out: number[] = [];
        for await (const chunk of sliceStream(chunks, { start, end })) out.push(...chunk);
        expect(out).toEqual(Array.from({ length: end - start }, (_, at) => (start + at) & 0xff));
        expect(read).toBeLessThan(end);
      }),
    );
  });
});
