/** Knows the fingerprints of the last two minutes, so that the same event by another way is not stored twice. */
import { duplicateWindowMs } from '../types.ts';

/** Beyond it the oldest are forgotten: a duplicate is then forwarded, which is allowed, and nothing is lost. */
const fingerprintsMax = 500_000;

interface Seen {
  readonly number: number;
  readonly receivedMs: number;
}

export class RecentFingerprints {
  readonly #kept = new Map<string, Seen>();
  /** Of the transaction under way. */
  readonly #added = new Map<string, Seen>();

  /** Number of the row that has it, null without one inside the window. */
  find(fingerprint: string, receivedMs: number): number | null {
    const seen = this.#added.get(fingerprint) ?? this.#kept.get(fingerprint);
    return seen !== undefined && isNear(seen, receivedMs) ? seen.number : null;
  }

  add(fingerprint: string, number: number, receivedMs: number): void {
    this.#added.set(fingerprint, { number, receivedMs });
  }

  commit(nowMs: number): void {
    for (const [fingerprint, seen] of this.#added) {
      // Anew, so that the order stays the one of the last reception.
      this.#kept.delete(fingerprint);
      this.#kept.set(fingerprint, seen);
    }
    this.#added.clear();
    for (const [fingerprint, seen] of this.#kept) {
      if (isNear(seen, nowMs) && this.#kept.size <= fingerprintsMax) break;
      this.#kept.delete(fingerprint);
    }
  }

  rollback(): void {
    this.#added.clear();
  }
}

/** Either way: clocks are set back, too. */
function isNear(seen: Seen, ms: number): boolean {
  return Math.abs(ms - seen.receivedMs) <= duplicateWindowMs;
}
