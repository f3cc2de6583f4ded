/** The revision of a stored lease as text: whose history, which write in it, and what the driver adds; only drivers look inside. */
import { AppError } from '../../../src/errors.ts';

export interface Revision {
  /** Changes when the store was made anew or restored in a way that it knows of. */
  readonly lineage: string;
  /** Grows with every write within a lineage. */
  readonly number: bigint;
  /** More that a driver needs to recognise the write; '' when nothing. */
  readonly tag: string;
}

export function formatRevision(revision: Revision): string {
  const { lineage, number, tag } = revision;
  return tag === '' ? `${lineage}.${number}` : `${lineage}.${number}.${tag}`;
}

/** @throws AppError `invalid_input`. */
export function parseRevision(text: string): Revision {
  const match = /^([\w-]{1,64})\.(\d{1,20})(?:\.([\w-]{1,64}))?$/.exec(text);
  if (!match?.[1] || !match[2]) {
    throw new AppError('invalid_input', 'not a revision of a lease', {
      hint: 'Read the lease again and use the revision that comes with it.',
    });
  }
  return { lineage: match[1], number: BigInt(match[2]), tag: match[3] ?? '' };
}
