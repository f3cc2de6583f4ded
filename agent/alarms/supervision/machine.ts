/**
 * Decides which devices are lost: no message for their interval; and which are back. Pure: told the time, which must be
 * monotonic, so that setting the clock makes no alarm and hides none.
 *
 * A device is watched from when it was put here, heard or not: one that never reports is lost after its interval too.
 */
import { createDueHeap, type Due, type DueHeap } from './due-heap.ts';

export interface Transition {
  readonly account: string;
  readonly kind: 'lost' | 'restored';
  /** When it was last heard, null when never. */
  readonly heardMs: number | null;
}

export type Watch = 'never' | 'online' | 'lost';

/** Looked at in one sweep, so that it never holds up the sockets: a whole directory comes up at once after a start. */
export const checksPerSweepMax = 5_000;

interface Entry {
  readonly account: string;
  intervalMs: number;
  heardMs: number | null;
  /** Nothing before this counts against it. */
  sinceMs: number;
  lost: boolean;
  /** Of its check in the heap; one of another number is void. 0: none. */
  check: number;
}

interface Check extends Due {
  readonly entry: Entry;
  readonly number: number;
}

export class SupervisionMachine {
  readonly #entries = new Map<string, Entry>();
  /** A check lies here for each device that is not lost; it is moved on only when it comes up, not with each message. */
  readonly #checks: DueHeap<Check> = createDueHeap();
  /** Heard again since the last sweep. */
  readonly #back = new Set<Entry>();
  #checkNumber = 0;
  /** When it began to work: each device gets a whole interval from there. */
  #beganMs = Number.NEGATIVE_INFINITY;
  #lost = 0;
  #never = 0;

  /** Watches a device, or changes its interval; a longer silence than a new, shorter interval counts at once. */
  put(account: string, intervalMs: number, nowMs: number): void {
    const found = this.#entries.get(account);
    if (found?.intervalMs === intervalMs) return;
    const entry = found ?? { account, intervalMs, heardMs: null, sinceMs: nowMs, lost: false, check: 0 };
    entry.intervalMs = intervalMs;
    if (found === undefined) {
      this.#entries.set(account, entry);
      this.#never += 1;
    }
    if (!entry.lost) this.#schedule(entry);
  }

  remove(account: string): void {
    const entry = this.#entries.get(account);
    if (entry === undefined) return;
    this.#entries.delete(account);
    this.#back.delete(entry);
    entry.check = 0;
    if (entry.lost) this.#lost -= 1;
    else if (entry.heardMs === null) this.#never -= 1;
  }

  accounts(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /** From now on we answer for the devices: silence before this moment was another's to tell. */
  begin(nowMs: number): void {
    this.#beganMs = nowMs;
  }

  /** A message of an account came. Accounts that are not watched are no matter. */
  heard(account: string, nowMs: number): void {
    const entry = this.#entries.get(account);
    if (entry === undefined) return;
    if (entry.heardMs === null && !entry.lost) this.#never -= 1;
    entry.heardMs = nowMs;
    if (!entry.lost) return;
    this.#back.add(entry);
    this.#setFound(entry);
  }

  /**
   * Another receiver heard it at `atMs`. Only newer than what is known it counts, and what is lost is back by it only if that
   * is within its interval.
   */
  heardEarlier(account: string, atMs: number, nowMs: number): void {
    const entry = this.#entries.get(account);
    if (entry === undefined || (entry.heardMs !== null && entry.heardMs >= atMs)) return;
    if (entry.lost && nowMs - atMs >= entry.intervalMs) return;
    this.heard(account, atMs);
  }

  /** Those heard at or after `sinceMs`, in no order. */
  *heardSince(sinceMs: number): Iterable<{ account: string; heardMs: number }> {
    for (const { account, heardMs } of this.#entries.values()) {
      if (heardMs !== null && heardMs >= sinceMs) yield { account, heardMs };
    }
  }

  /** Those of which was told that they are lost, and not yet that they are back. */
  toldLost(): string[] {
    if (this.#lost + this.#back.size === 0) return [];
    const told = [...this.#entries.values()].filter((entry) => entry.lost || this.#back.has(entry));
    return told.map(({ account }) => account);
  }

  /**
   * Who answered before us told exactly these as lost. One of them that was heard within its interval is back; of the others
   * nothing is left to tell.
   */
  adopt(toldLost: ReadonlySet<string>, nowMs: number): void {
    for (const entry of this.#entries.values()) {
      const told = toldLost.has(entry.account);
      const lives = entry.heardMs !== null && nowMs - entry.heardMs < entry.intervalMs;
      if (told && !lives && !entry.lost) {
        entry.check = 0;
        this.#setLost(entry);
      } else if (!(told && !lives) && entry.lost) this.#setFound(entry);
      if (told && lives) this.#back.add(entry);
      else this.#back.delete(entry);
    }
  }

  /**
   * What happened since the last sweep, at most `limit`, after at most `checksPerSweepMax` looks; the rest comes with the
   * next. A device that came back and was lost again gives both, in order.
   */
  sweep(nowMs: number, limit: number): Transition[] {
    const found: Transition[] = [];
    for (const entry of this.#back) {
      if (found.length >= limit) return found;
      this.#back.delete(entry);
      found.push({ account: entry.account, kind: 'restored', heardMs: entry.heardMs });
    }
    for (let looks = 0; looks < checksPerSweepMax && found.length < limit; looks += 1) {
      const check = this.#checks.take(nowMs);
      if (check === null) break;
      const { entry, number } = check;
      if (entry.check !== number) continue;
      if (this.#dueMs(entry) > nowMs) {
        this.#schedule(entry);
        continue;
      }
      entry.check = 0;
      this.#setLost(entry);
      found.push({ account: entry.account, kind: 'lost', heardMs: entry.heardMs });
    }
    return found;
  }

  /** What was known before a restart; of an account that was put. It makes no transition, and takes back no later message. */
  restore(account: string, heardMs: number | null, lost: boolean): void {
    const entry = this.#entries.get(account);
    if (entry === undefined || entry.heardMs !== null || entry.lost) return;
    if (heardMs !== null) {
      entry.heardMs = heardMs;
      this.#never -= 1;
    }
    if (!lost) return;
    entry.check = 0;
    this.#setLost(entry);
  }

  /** Null for an account that is not watched. */
  watchOf(account: string): { readonly watch: Watch; readonly heardMs: number | null } | null {
    const entry = this.#entries.get(account);
    if (entry === undefined) return null;
    const heard = entry.heardMs === null ? 'never' : 'online';
    return { watch: entry.lost ? 'lost' : heard, heardMs: entry.heardMs };
  }

  counts(): { total: number; online: number; lost: number; never: number } {
    const total = this.#entries.size;
    return { total, online: total - this.#lost - this.#never, lost: this.#lost, never: this.#never };
  }

  #setLost(entry: Entry): void {
    if (entry.heardMs === null) this.#never -= 1;
    entry.lost = true;
    this.#lost += 1;
  }

  #setFound(entry: Entry): void {
    entry.lost = false;
    this.#lost -= 1;
    if (entry.heardMs === null) this.#never += 1;
    this.#schedule(entry);
  }

  #dueMs(entry: Entry): number {
    return Math.max(entry.heardMs ?? entry.sinceMs, entry.sinceMs, this.#beganMs) + entry.intervalMs;
  }

  #schedule(entry: Entry): void {
    this.#checkNumber += 1;
    entry.check = this.#checkNumber;
    this.#checks.push({ dueMs: this.#dueMs(entry), entry, number: entry.check });
  }
}
