/** Turns recording plans into wanted minutes per local hour; cameras that share a plan share the work. Pure. */
import type { RecordingPlan } from '../../src/contract/index.ts';
import type { LocalHour } from '../../src/model/zone.ts';
import { weekdayOf } from '../../src/model/zone.ts';

/** Per hour: all minutes (null), none (an empty array), or one flag per minute. */
export type WantedMinutes = Uint8Array | null;

const none = new Uint8Array(0);
const quarterMinutes = 15;
const allDay = 'T'.repeat(96);
const noDay = '.'.repeat(96);

function wantedOfHour(row: string, hour: LocalHour): WantedMinutes {
  const quarters = row.slice(hour.hour * 4, hour.hour * 4 + 4);
  if (quarters === 'TTTT') return null;
  if (quarters === '....') return none;
  const wanted = new Uint8Array(hour.minutes);
  for (let index = 0; index < hour.minutes; index++) {
    const quarter = Math.floor((hour.firstMinute + index) / quarterMinutes);
    wanted[index] = quarters[quarter] === 'T' ? 1 : 0;
  }
  return wanted;
}

/** Wanted minutes of a day's hours, computed once per plan. */
export class DayPlans {
  readonly #day: string;
  readonly #hours: readonly LocalHour[];
  readonly #known = new Map<string, readonly WantedMinutes[]>();

  /** `hours` are those of `day`, from `localDayHours`. */
  constructor(day: string, hours: readonly LocalHour[]) {
    this.#day = day;
    this.#hours = hours;
  }

  /** One entry per hour of the day. */
  of(plan: RecordingPlan): readonly WantedMinutes[] {
    const row = this.#rowOf(plan);
    let wanted = this.#known.get(row);
    if (!wanted) {
      wanted = this.#hours.map((hour) => wantedOfHour(row, hour));
      this.#known.set(row, wanted);
    }
    return wanted;
  }

  #rowOf(plan: RecordingPlan): string {
    if (plan === 'always') return allDay;
    if (plan === 'never') return noDay;
    return plan[weekdayOf(this.#day)] ?? noDay;
  }
}
