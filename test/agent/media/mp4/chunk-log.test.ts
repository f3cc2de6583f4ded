import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkLog, type Extent } from '../../../../agent/media/mp4/chunk-log.ts';
import { ChunkPool, chunkBytes } from '../../../../agent/media/mp4/chunk-pool.ts';

const contents = (extents: readonly Extent[]) =>
  Buffer.concat(extents.map(({ chunk, start, end }) => chunk.bytes.subarray(start, end)));

const numbered = (length: number, seed: number) =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + seed * 31 + (index >> 8)) & 255);

const operation = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), bytes: fc.integer({ min: 0, max: 150_000 }) }),
  fc.record({ kind: fc.constant('patch' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant('rewind' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({
    kind: fc.constant('split' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    appended: fc.integer({ min: 0, max: 70_000 }),
  }),
);

describe('the chunk log', () => {
  it('gives back exactly what was written, through rewinds, patches and cuts, and leaves nothing behind', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 25 }), (operations) => {
        const pool = new ChunkPool({ bytesMax: 64 << 20 });
        const log = new ChunkLog(pool);
        let model = Buffer.alloc(0);
        const parts: { extents: Extent[]; wanted: Buffer }[] = [];
        for (const [seed, step] of operations.entries()) {
          const at = 'at' in step ? Math.floor(step.at * model.length) : 0;
          if (step.kind === 'write') {
            const bytes = numbered(step.bytes + 3, seed);
            expect(log.write(bytes, 3, bytes.length)).toBe(true);
            model = Buffer.concat([model, bytes.subarray(3)]);
          } else if (step.kind === 'patch' && model.length >= at + 4) {
            log.patchU32(at, 0xdead_beef);
            model.writeUInt32BE(0xdead_beef, at);
          } else if (step.kind === 'rewind') {
            log.rewind(at);
            model = model.subarray(0, at);
          } else if (step.kind === 'split') {
            const appended = numbered(step.appended, seed);
            const extents = log.split(at, appended, appended.length) ?? [];
            parts.push({ extents, wanted: Buffer.concat([model.subarray(0, at), appended]) });
            model = Buffer.from(model.subarray(at));
          }
          expect(log.length).toBe(model.length);
        }
        parts.push({ extents: log.split(model.length, new Uint8Array(0), 0) ?? [], wanted: model });
        for (const { extents, wanted } of parts) {
          expect(contents(extents).equals(wanted)).toBe(true);
          for (const { chunk } of extents) pool.leave(chunk);
        }
        log.clear();
        expect(pool.usedBytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('says no when the pool is exhausted, and takes the same bytes once there is room', () => {
    const pool = new ChunkPool({ bytesMax: 2 * chunkBytes });
    const log = new ChunkLog(pool);
    expect(log.write(numbered(2 * chunkBytes, 1), 0, 2 * chunkBytes)).toBe(true);
    expect(log.write(numbered(1, 1), 0, 1)).toBe(false);
    expect(log.split(chunkBytes, numbered(10, 2), 10)).toBeNull();
    expect(log.length).toBe(2 * chunkBytes);
    for (const { chunk } of log.split(chunkBytes, numbered(0, 2), 0) ?? []) pool.leave(chunk);
    expect(log.write(numbered(10, 3), 0, 10)).toBe(true);
  });

  it('refuses a chunk that is given back twice, and a pool too small for one', () => {
    const pool = new ChunkPool({ bytesMax: chunkBytes });
    const chunk = pool.take();
    if (chunk === null) throw new Error('a chunk was expected');
    expect(pool.take()).toBeNull();
    pool.leave(chunk);
    expect(() => pool.leave(chunk)).toThrow(/twice/);
    expect(() => new ChunkPool({ bytesMax: 100 })).toThrow(
      expect.objectContaining({ code: 'invalid_input' }),
    );
  });
});
