/** What a range lacks, in the ledger's form: its own gaps, and the holes that it does not know. Pure. */
import type { Gap, GapReason } from '../../src/contract/index.ts';

/** Shorter holes are the jitter of arrival times. */
const holeMsMin = 2_000;

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ReportInput {
  readonly cameraId: string;
  readonly fromMs: number;
  /** Not later than the moment up to which the index is complete. */
  readonly toMs: number;
  /** Gaps of the ledger that touch the range. */
  readonly ledger: readonly Gap[];
  /** Where video is, in any order. */
  readonly covered: readonly Stretch[];
  /** Parts that are on disk and were left out, with the reason in words. */
  readonly damaged: readonly (Stretch & { readonly detail: string; readonly reason?: GapReason })[];
  readonly oldestMs: number;
  /** Whether the plan wanted anything of a stretch. */
  readonly isPlanned: (stretch: Stretch) => boolean;
}

function holesBetween(covered: readonly Stretch[], fromMs: number, toMs: number): Stretch[] {
  const holes: Stretch[] = [];
  let atMs = fromMs;
  const stretches = covered.filter((stretch) => stretch.toMs > stretch.fromMs);
  for (const stretch of stretches.sort((left, right) => left.fromMs - right.fromMs)) {
    const endMs = Math.min(stretch.fromMs, toMs);
    if (endMs - atMs >= holeMsMin) holes.push({ fromMs: atMs, toMs: endMs });
    atMs = Math.max(atMs, stretch.toMs);
  }
  if (toMs - atMs >= holeMsMin) holes.push({ fromMs: atMs, toMs });
  return holes;
}

function gapOfHole(input: ReportInput, hole: Stretch): Gap {
  const base = { cameraId: input.cameraId, fromMs: hole.fromMs, toMs: hole.toMs };
  if (hole.toMs <= input.oldestMs) {
    return { ...base, reason: 'overwritten', detail: 'overwritten by newer video', state: 'given-up' };
  }
  if (!input.isPlanned(hole)) {
    return { ...base, reason: 'not-configured', detail: 'nothing was planned here', state: 'given-up' };
  }
  return {
    ...base,
    reason: 'not-configured',
    detail: 'no entry of the gap ledger explains this',
    state: 'open',
  };
}

/** All gaps of the range in order of time. */
export function gapReport(input: ReportInput): Gap[] {
  const known = input.ledger.filter((gap) => gap.state !== 'filled');
  const damaged = input.damaged.map(({ fromMs, toMs, detail, reason = 'write-error' }): Gap => {
    return { cameraId: input.cameraId, fromMs, toMs, reason, detail, state: 'open' };
  });
  const explained = known.map((gap) => ({ fromMs: gap.fromMs, toMs: gap.toMs ?? input.toMs }));
  const holes = holesBetween([...input.covered, ...explained, ...input.damaged], input.fromMs, input.toMs);
  const found = holes.map((hole) => gapOfHole(input, hole));
  return [...known, ...damaged, ...found].sort((left, right) => left.fromMs - right.fromMs);
}
