/** Which failed resources wait for a restart in place, how often that was tried, and when one that was given up is tried again. */
import type { Cancel, Clock } from '../../adapters/clock.ts';
import type { Item } from './item.ts';

/** Failures this far apart do not add up. */
const calmMs = 10 * 60_000;
/** A node that stays active because nobody can take over goes on trying. */
const retryMsMin = 5_000;
const retryMsMax = 60_000;

interface History {
  tries: number;
  failedAtMs: number;
  retries: number;
  cancelRetry: Cancel;
  /** The next attempt is a retry, which needs no try left. */
  retrying: boolean;
}

export class Repairs {
  readonly #clock: Clock;
  readonly #onRetry: () => void;
  readonly #waiting = new Set<Item>();
  readonly #histories = new Map<Item, History>();

  constructor(clock: Clock, onRetry: () => void) {
    this.#clock = clock;
    this.#onRetry = onRetry;
  }

  add(item: Item): void {
    this.#waiting.add(item);
  }

  /** The one that has waited longest, which then waits no more. */
  next(): Item | null {
    const [item] = this.#waiting;
    if (item === undefined) return null;
    this.#waiting.delete(item);
    return item;
  }

  /** Whether its failure is answered by a restart; counts it. */
  mayRestart(item: Item): boolean {
    const record = this.#history(item);
    const nowMs = this.#clock.monotonicMs();
    if (record.retrying) {
      record.retrying = false;
      return true;
    }
    if (nowMs - record.failedAtMs > calmMs) record.tries = 0;
    record.failedAtMs = nowMs;
    record.tries += 1;
    return record.tries <= item.config.restartTriesMax;
  }

  mended(item: Item): void {
    this.#history(item).retries = 0;
  }

  retryLater(item: Item): void {
    const record = this.#history(item);
    record.cancelRetry();
    const delayMs = Math.min(retryMsMax, retryMsMin * 2 ** record.retries);
    record.retries += 1;
    record.cancelRetry = this.#clock.after(delayMs, () => {
      record.retrying = true;
      this.add(item);
      this.#onRetry();
    });
  }

  forget(): void {
    for (const { cancelRetry } of this.#histories.values()) cancelRetry();
    this.#histories.clear();
    this.#waiting.clear();
  }

  #history(item: Item): History {
    const known = this.#histories.get(item);
    if (known !== undefined) return known;
    const record: History = {
      tries: 0,
      failedAtMs: Number.NEGATIVE_INFINITY,
      retries: 0,
      cancelRetry: () => {},
      retrying: false,
    };
    this.#histories.set(item, record);
    return record;
  }
}
