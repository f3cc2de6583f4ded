/** The 60 minutes of one local hour of a camera, each with its seconds and reason, and the gap rows that touch it. */
import type { InspectionHourDetail } from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import { localDay } from '../../src/model/zone.ts';
import { DayFacts, type GridSource } from './day-facts.ts';
import { type HourFacts, isOverwritten, isWanted, secondsOf, shortfallOf } from './plan.ts';
import { type LedgerGap, reasonOfMinute } from './reasons.ts';
import { Roster } from './roster.ts';
import type { HourInput } from './types.ts';

const minuteMs = 60_000;
const minutesPerHour = 60;
const ledgerMarginMs = 2_000;
const gapsMax = 1_000;

type Minute = InspectionHourDetail['minutes'][number];

function minuteOf(facts: HourFacts, minute: number, gaps: readonly LedgerGap[]): Minute {
  if (minute >= facts.minutes) return { minute, seconds: 0, planned: false, reason: null };
  const isMissing = shortfallOf(facts, minute) > 0;
  const explained = isMissing ? reasonOfMinute(facts, minute, gaps) : null;
  return {
    minute,
    seconds: secondsOf(facts.present[facts.offset + minute] ?? 0),
    planned: isWanted(facts, minute),
    reason: isMissing && isOverwritten(facts, minute) ? 'overwritten' : explained,
  };
}

/** Throws `not_found` for a camera that is neither in the settings nor has video in that day. */
export function hourDetail(source: GridSource, input: HourInput): InspectionHourDetail {
  const { catalog, config } = source;
  const roster = new Roster(config, undefined);
  const day = new DayFacts(
    source,
    roster,
    localDay(input.startMs, config.timeZone),
    catalog.oldest(source.nowMs),
  );
  const row = roster.cameras.findIndex((camera) => camera.id === input.cameraId);
  const index = day.hours.findLastIndex((hour) => hour.startMs <= input.startMs);
  const facts = day.of(row, index);
  if (!facts) {
    throw new AppError('not_found', `no camera ${JSON.stringify(input.cameraId)}`, {
      hint: 'List the cameras with `holdfast camera list`.',
    });
  }
  const fromMs = facts.startMs;
  const toMs = fromMs + facts.minutes * minuteMs;
  const ledger = catalog.gridGaps(fromMs - ledgerMarginMs, toMs + ledgerMarginMs).get(input.cameraId) ?? [];
  const gaps = catalog.gaps({ cameraId: input.cameraId, fromMs, toMs, limit: gapsMax });
  return {
    cameraId: input.cameraId,
    startMs: facts.startMs,
    timeZone: config.timeZone,
    minutes: Array.from({ length: minutesPerHour }, (_, minute) => minuteOf(facts, minute, ledger)),
    gaps: gaps.reverse(),
  };
}
