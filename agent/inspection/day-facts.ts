/** Reads what a day's cells are judged by, and judges them one after the other. */
import { type LocalHour, localDayHours } from '../../src/model/zone.ts';
import type { Catalog, Presence } from './catalog.ts';
import { connectGraceMs, type HourFacts, type HourVerdict, judgeHour, newVerdict, settleMs } from './plan.ts';
import type { Roster } from './roster.ts';
import type { ReaderCamera, ReaderConfig } from './types.ts';
import { DayPlans, type WantedMinutes } from './wanted.ts';

const minuteMs = 60_000;

export interface GridSource {
  readonly catalog: Catalog;
  readonly config: ReaderConfig;
  readonly nowMs: number;
}

/** A day of the appliance's time zone with all that was read for it. */
export class DayFacts {
  readonly hours: readonly LocalHour[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly #roster: Roster;
  readonly #presence: Presence;
  readonly #plans: DayPlans;
  readonly #oldest: ReadonlyMap<string, number>;
  readonly #nowMs: number;

  /** Cameras that were removed and have video in the day join `roster`. `oldest` comes from the catalog. */
  constructor(source: GridSource, roster: Roster, day: string, oldest: ReadonlyMap<string, number>) {
    this.hours = localDayHours(day, source.config.timeZone);
    this.fromMs = this.hours[0]?.startMs ?? 0;
    const last = this.hours.at(-1);
    this.toMs = last ? last.startMs + last.minutes * minuteMs : 0;
    this.#roster = roster;
    this.#presence = source.catalog.presence(roster, this.fromMs, this.toMs);
    this.#plans = new DayPlans(day, this.hours);
    this.#oldest = oldest;
    this.#nowMs = source.nowMs;
  }

  /** Facts about hour `index` of the roster's camera `row`; null when there is no such camera or hour. */
  of(row: number, index: number): HourFacts | null {
    const camera = this.#roster.cameras[row];
    const hour = this.hours[index];
    return camera && hour ? this.#factsOf(this.#cameraFacts(camera, row), hour, index) : null;
  }

  /** Judge every cell, camera by camera. `verdict` is the same object each time. */
  each(visit: (row: number, index: number, facts: HourFacts, verdict: HourVerdict) => void): void {
    const verdict = newVerdict();
    this.#roster.cameras.forEach((camera, row) => {
      const cameraFacts = this.#cameraFacts(camera, row);
      this.hours.forEach((hour, index) => {
        const facts = this.#factsOf(cameraFacts, hour, index);
        judgeHour(facts, verdict);
        visit(row, index, facts, verdict);
      });
    });
  }

  #cameraFacts(camera: ReaderCamera, row: number): CameraFacts {
    return {
      offset: row * this.#presence.stride,
      wanted: this.#plans.of(camera.plan),
      wantedFromMs: camera.createdAtMs === undefined ? 0 : camera.createdAtMs + connectGraceMs,
      oldestMs: this.#oldest.get(camera.id) ?? 0,
    };
  }

  #factsOf(camera: CameraFacts, hour: LocalHour, index: number): HourFacts {
    return {
      present: this.#presence.data,
      offset: camera.offset + (hour.startMs - this.#presence.fromMs) / minuteMs,
      minutes: hour.minutes,
      startMs: hour.startMs,
      wanted: camera.wanted[index] ?? null,
      wantedFromMs: camera.wantedFromMs,
      checkedToMs: this.#nowMs - settleMs,
      oldestMs: camera.oldestMs,
    };
  }
}

/** What is the same for all hours of a camera's day. */
interface CameraFacts {
  readonly offset: number;
  readonly wanted: readonly WantedMinutes[];
  readonly wantedFromMs: number;
  readonly oldestMs: number;
}
