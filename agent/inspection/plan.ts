/** Judges one hour of one camera: what the plan wanted, what is held, what is missing. Pure, no allocation per minute. */
import type { HourState } from '../../src/contract/index.ts';

const minuteMs = 60_000;

/**
 * A minute that is short by less than this counts as whole: arrival times jitter. A real loss of 2 s leaves at least
 * 1 s in one of the two minutes it can touch, so it is always seen.
 */
export const toleranceMs = 1_000;

/** Video shows in the index with this delay: a part of 2 s, a sync of up to 5 s, the commit, and the writer's queue. */
export const settleMs = 10_000;

/** A new camera has this long to connect before the plan counts against it. */
export const connectGraceMs = 15_000;

/** Half a second and more rounds to a second that is held. */
const heldMs = 500;

/** Order of the state codes in grid columns. */
export const hourStates = [
  'no-plan',
  'normal',
  'exception',
  'event-plan',
  'unchecked',
] as const satisfies readonly HourState[];
export const stateCode = { noPlan: 0, normal: 1, exception: 2, unchecked: 4 } as const;

export interface HourFacts {
  /** Milliseconds held, one number per minute, 0-60,000. */
  readonly present: Uint16Array;
  /** Index in `present` of the hour's first minute. */
  readonly offset: number;
  /** How many minutes the hour has. */
  readonly minutes: number;
  readonly startMs: number;
  /** 1 for each minute that the plan wants; null: all of them. */
  readonly wanted: Uint8Array | null;
  /** The camera exists (and had time to connect) from here on. */
  readonly wantedFromMs: number;
  /** Later than this nothing is judged. */
  readonly checkedToMs: number;
  /** Video before this was overwritten. */
  readonly oldestMs: number;
}

/** Result of `judgeHour`, reused between calls. */
export interface HourVerdict {
  state: number;
  /** Minutes that hold video. */
  heldMinutes: number;
  /** What the plan wanted of the time that has passed. */
  expectedMs: number;
  /** What is not held of it, tolerance applied. */
  missingMs: number;
  /** The part of `missingMs` that was not overwritten. */
  lostMs: number;
}

export function newVerdict(): HourVerdict {
  return { state: stateCode.noPlan, heldMinutes: 0, expectedMs: 0, missingMs: 0, lostMs: 0 };
}

/** How much of minute `index` the plan wanted and should be in the index by now. */
function expectedOf(facts: HourFacts, index: number): number {
  if (facts.wanted !== null && facts.wanted[index] !== 1) return 0;
  const atMs = facts.startMs + index * minuteMs;
  const fromMs = Math.max(atMs, facts.wantedFromMs);
  const endMs = atMs + minuteMs;
  const toMs = Math.min(endMs, facts.checkedToMs);
  return toMs > fromMs ? toMs - fromMs : 0;
}

/** What is missing of minute `index`, 0 when within the tolerance. */
export function shortfallOf(facts: HourFacts, index: number): number {
  const shortMs = expectedOf(facts, index) - (facts.present[facts.offset + index] ?? 0);
  return shortMs >= toleranceMs ? shortMs : 0;
}

/** Whether the plan wants minute `index` of a camera that exists by then, passed or not. */
export function isWanted(facts: HourFacts, index: number): boolean {
  if (facts.wanted !== null && facts.wanted[index] !== 1) return false;
  return facts.startMs + (index + 1) * minuteMs > facts.wantedFromMs;
}

export function isOverwritten(facts: HourFacts, index: number): boolean {
  return facts.startMs + index * minuteMs < facts.oldestMs;
}

function isAnyWanted(facts: HourFacts): boolean {
  for (let index = facts.minutes - 1; index >= 0; index--) if (isWanted(facts, index)) return true;
  return false;
}

function stateOf(facts: HourFacts, verdict: HourVerdict): number {
  if (verdict.expectedMs === 0) return isAnyWanted(facts) ? stateCode.unchecked : stateCode.noPlan;
  if (verdict.lostMs > 0) return stateCode.exception;
  return verdict.missingMs > 0 ? stateCode.unchecked : stateCode.normal;
}

/**
 * Judge one hour. `exception`: something is lost that was not overwritten. `unchecked`: nothing of the planned time has
 * passed, or the only loss is that older video was overwritten. `no-plan`: nothing planned, or no camera yet.
 */
export function judgeHour(facts: HourFacts, verdict: HourVerdict): void {
  verdict.heldMinutes = 0;
  verdict.expectedMs = 0;
  verdict.missingMs = 0;
  verdict.lostMs = 0;
  if (isPlain(facts) && isWhole(facts)) {
    verdict.heldMinutes = facts.minutes;
    verdict.expectedMs = facts.minutes * minuteMs;
    verdict.state = stateCode.normal;
    return;
  }
  for (let index = 0; index < facts.minutes; index++) judgeMinute(facts, index, verdict);
  verdict.state = stateOf(facts, verdict);
}

/** All of the hour is wanted and has passed: nearly every hour of a month. */
function isPlain(facts: HourFacts): boolean {
  const endMs = facts.startMs + facts.minutes * minuteMs;
  return facts.wanted === null && facts.wantedFromMs <= facts.startMs && facts.checkedToMs >= endMs;
}

function isWhole({ present, offset, minutes }: HourFacts): boolean {
  for (let index = offset; index < offset + minutes; index++) {
    if ((present[index] ?? 0) <= minuteMs - toleranceMs) return false;
  }
  return true;
}

function judgeMinute(facts: HourFacts, index: number, verdict: HourVerdict): void {
  const presentMs = facts.present[facts.offset + index] ?? 0;
  if (presentMs >= heldMs) verdict.heldMinutes++;
  const expectedMs = expectedOf(facts, index);
  verdict.expectedMs += expectedMs;
  const shortMs = expectedMs - presentMs;
  if (shortMs < toleranceMs) return;
  verdict.missingMs += shortMs;
  if (!isOverwritten(facts, index)) verdict.lostMs += shortMs;
}

/** Seconds held in a minute, as reports print them. */
export function secondsOf(presentMs: number): number {
  return Math.min(60, Math.round(presentMs / 1_000));
}
