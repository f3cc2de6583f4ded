/** A part over pooled chunks: views for whoever writes it, given back exactly once. */
import { AppError } from '../../../src/errors.ts';
import type { Part } from '../types.ts';
import type { Extent } from './chunk-log.ts';
import type { ChunkPool } from './chunk-pool.ts';

type PartFacts = Omit<Part, 'chunks' | 'lengthBytes' | 'release'>;

export function pooledPart(pool: ChunkPool, extents: readonly Extent[], facts: PartFacts): Part {
  const chunks = extents.map(({ chunk, start, end }) => chunk.bytes.subarray(start, end));
  const payloadBytes = extents.reduce((sum, { start, end }) => sum + end - start, 0);
  let released = false;
  const release = () => {
    if (released) throw new AppError('internal', 'A part was released twice.');
    released = true;
    for (const { chunk } of extents) pool.leave(chunk);
  };
  return { ...facts, chunks, lengthBytes: facts.head.length + payloadBytes, release };
}
