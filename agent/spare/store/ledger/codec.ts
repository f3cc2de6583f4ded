/** Which places of a queue are settled, and for which epoch it is open: the one value that NATS keeps of it with compare-and-set. */
import { z } from 'zod';
import { AppError } from '../../../../src/errors.ts';

const placeSchema = z.number().int().nonnegative();
const ledgerSchema = z.strictObject({
  version: z.literal(1),
  epoch: placeSchema,
  /** All up to this one are settled. */
  base: placeSchema,
  /** First and last place of settled stretches above it, in order, not touching. */
  ranges: z.array(z.tuple([placeSchema, placeSchema])),
});
export type Ledger = Readonly<Omit<z.infer<typeof ledgerSchema>, 'ranges'>> & {
  readonly ranges: readonly (readonly [number, number])[];
};

/** Stretches that are kept: there are at most as many as events that were pulled and are not settled yet, and one. */
export const rangesMax = 20_000;
/** What a ledger of that many weighs at most; NATS takes messages of 1 MiB. */
export const ledgerBytesMax = 900_000;

export const emptyLedger: Ledger = { version: 1, epoch: 0, base: 0, ranges: [] };

/** @throws AppError `unavailable` when it became too scattered. */
export function encodeLedger(ledger: Ledger): string {
  if (ledger.ranges.length > rangesMax) {
    throw new AppError('unavailable', 'too many events are settled before older ones', {
      hint: 'An older event is not acknowledged by the ARC: see which account waits.',
    });
  }
  return JSON.stringify(ledger);
}

/** @throws AppError `protocol`. */
export function decodeLedger(text: string): Ledger {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const parsed = ledgerSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AppError('protocol', 'what is stored beside the queue is not its ledger', {
    hint: 'Something else writes there, or a newer release did: give the group a bucket of its own.',
  });
}

/** The same ledger when all of them were settled before. */
export function settle(ledger: Ledger, positions: readonly number[]): Ledger {
  const fresh = [...new Set(positions)].filter((place) => !isSettled(ledger, place)).sort((a, b) => a - b);
  if (fresh.length === 0) return ledger;
  const stretches = [...ledger.ranges, ...fresh.map((place) => [place, place] as const)].sort(
    ([a], [b]) => a - b,
  );
  let { base } = ledger;
  const ranges: [number, number][] = [];
  for (const [first, last] of stretches) {
    const before = ranges.at(-1);
    if (first === base + 1) base = last;
    else if (before && first === before[1] + 1) before[1] = last;
    else ranges.push([first, last]);
  }
  return { ...ledger, base, ranges };
}

export function isSettled({ base, ranges }: Ledger, place: number): boolean {
  if (place <= base) return true;
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.[1] ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  return (ranges[low]?.[0] ?? Number.POSITIVE_INFINITY) <= place;
}

/** Settled ones above the base. */
export function settledAbove({ ranges }: Ledger): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

export function firstUnsettled({ base, ranges }: Ledger): number {
  const [stretch] = ranges;
  return stretch?.[0] === base + 1 ? stretch[1] + 1 : base + 1;
}
