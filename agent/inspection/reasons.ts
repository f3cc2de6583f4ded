/** Explains missing time by the gap ledger: the reason of most of it, and null where the ledger has none. Pure. */
import { type GapReason, gapReasons } from '../../src/contract/index.ts';
import { type HourFacts, isOverwritten, shortfallOf } from './plan.ts';

const minuteMs = 60_000;
/** A gap also explains what is missing this close to it: recording resumes with the next key frame. */
const nearMs = 2_000;

/** In columns: the index of a reason, and this for "not explained". */
export const noReason = 255;

export const overwrittenReason = gapReasons.indexOf('overwritten');
const bucketCount = gapReasons.length + 1;
const unexplained: number = gapReasons.length;

export interface LedgerGap {
  readonly fromMs: number;
  /** Infinity while it lasts. */
  readonly toMs: number;
  /** Index in `gapReasons`, or `noReason` when the ledger holds a word of a newer version. */
  readonly reason: number;
}

export function reasonIndex(word: string): number {
  const index = (gapReasons as readonly string[]).indexOf(word);
  return index < 0 ? noReason : index;
}

export function reasonWord(index: number): GapReason | null {
  return gapReasons[index] ?? null;
}

/** Share the shortfall of one minute out to the gaps that touch it. `gaps` in order of `fromMs`. */
function explainMinute(
  atMs: number,
  shortMs: number,
  gaps: readonly LedgerGap[],
  buckets: Float64Array,
): boolean {
  let coveredMs = 0;
  for (const gap of gaps) coveredMs += weightOf(gap, atMs);
  if (coveredMs === 0) return false;
  const restMs = shortMs > coveredMs + 2 * nearMs ? shortMs - coveredMs : 0;
  for (const gap of gaps) {
    const bucket = gap.reason === noReason ? unexplained : gap.reason;
    buckets[bucket] = (buckets[bucket] ?? 0) + ((shortMs - restMs) * weightOf(gap, atMs)) / coveredMs;
  }
  buckets[unexplained] = (buckets[unexplained] ?? 0) + restMs;
  return true;
}

/** Overlap of a gap with the minute at `atMs`, 1 when it only comes near, 0 when it does not. */
function weightOf(gap: LedgerGap, atMs: number): number {
  const overlapMs = Math.min(gap.toMs, atMs + minuteMs) - Math.max(gap.fromMs, atMs);
  if (overlapMs > 0) return overlapMs;
  return overlapMs > -nearMs ? 1 : 0;
}

function largest(buckets: Float64Array): number {
  let best = unexplained;
  for (let index = 0; index < buckets.length; index++) {
    if ((buckets[index] ?? 0) > (buckets[best] ?? 0)) best = index;
  }
  return best === unexplained ? noReason : best;
}

function fill(facts: HourFacts, index: number, gaps: readonly LedgerGap[], buckets: Float64Array): void {
  const shortMs = shortfallOf(facts, index);
  if (shortMs === 0) return;
  const atMs = facts.startMs + index * minuteMs;
  if (explainMinute(atMs, shortMs, gaps, buckets)) return;
  const bucket = isOverwritten(facts, index) ? overwrittenReason : unexplained;
  buckets[bucket] = (buckets[bucket] ?? 0) + shortMs;
}

/** The reason of most of what one minute lacks; null when nothing is missing or nothing explains it. */
export function reasonOfMinute(
  facts: HourFacts,
  index: number,
  gaps: readonly LedgerGap[],
): GapReason | null {
  const buckets = new Float64Array(bucketCount);
  fill(facts, index, gaps, buckets);
  return reasonWord(largest(buckets));
}

/** The reason of most of what an hour lost; what was overwritten does not count. `noReason` when not explained. */
export function reasonOfHour(facts: HourFacts, gaps: readonly LedgerGap[]): number {
  const endMs = facts.startMs + facts.minutes * minuteMs;
  const near = gaps.filter((gap) => gap.fromMs < endMs + nearMs && gap.toMs > facts.startMs - nearMs);
  const buckets = new Float64Array(bucketCount);
  for (let index = 0; index < facts.minutes; index++) {
    if (!isOverwritten(facts, index)) fill(facts, index, near, buckets);
  }
  return largest(buckets);
}
