/**
 * Sequence numbers of what is sent to one ARC. An event keeps its number over all attempts (DC-09, retransmission), so that
 * an answer that comes late still counts, for this event and for no other.
 */
import type { AlarmEvent } from '../types.ts';

export interface Series {
  readonly eventId: string;
  readonly sequence: string;
  readonly account: string;
  /** An answer to an earlier attempt came while none was under way. */
  late: 'ACK' | 'DUH' | null;
}

/** Unanswered events whose number is remembered. */
const seriesMax = 20_000;
const sequenceMax = 9_999;

export class SeriesBook {
  readonly #byEvent = new Map<string, Series>();
  readonly #byAnswer = new Map<string, Series>();
  #last: number;

  /** `last`: of an earlier run, so that numbers do not begin anew with each. */
  constructor(last: number) {
    this.#last = last % sequenceMax;
  }

  of(event: AlarmEvent): Series {
    const known = this.#byEvent.get(event.id);
    if (known) return known;
    this.#last = (this.#last % sequenceMax) + 1;
    const sequence = String(this.#last).padStart(4, '0');
    const series: Series = { eventId: event.id, sequence, account: event.account, late: null };
    this.#byEvent.set(event.id, series);
    this.#byAnswer.set(keyOf(sequence, event.account), series);
    if (this.#byEvent.size > seriesMax) this.#forgetOldest();
    return series;
  }

  /** The one that an answer speaks of; some ARCs leave the account out. */
  answered(sequenceNumber: number, account: string, underWay: Series | null): Series | null {
    const sequence = String(sequenceNumber).padStart(4, '0');
    if (account === '') return underWay?.sequence === sequence ? underWay : null;
    return this.#byAnswer.get(keyOf(sequence, account)) ?? null;
  }

  forget(series: Series): void {
    this.#byEvent.delete(series.eventId);
    const key = keyOf(series.sequence, series.account);
    if (this.#byAnswer.get(key) === series) this.#byAnswer.delete(key);
  }

  #forgetOldest(): void {
    const [oldest] = this.#byEvent.values();
    if (oldest) this.forget(oldest);
  }
}

const keyOf = (sequence: string, account: string) => `${sequence} ${account.toUpperCase()}`;
