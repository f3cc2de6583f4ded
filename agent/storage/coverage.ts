/** Splits parts into UTC minutes: where each minute lies in its block and how much of it is present, never more than is true (I1). */
import type { MinuteSpan } from './index/rows.ts';

export const minuteMs = 60_000;

export interface TimedRange {
  /** Arrival UTC ms. */
  readonly startMs: number;
  readonly endMs: number;
  /** The part header's place in the block, and the length from there to behind the part. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/**
 * The minutes of one block while it is written. Parts come in order of arrival; what overlaps the part before counts
 * once. A part that begins more than a minute before the end of the last one belongs into another block.
 */
export class MinuteTally {
  readonly #minutes = new Map<number, MinuteSpan>();
  readonly #dirty = new Set<number>();
  #presentToMs = 0;

  /** Goes on where the index left off; `presentToMs` is the end of the last part. */
  resume(minutes: readonly MinuteSpan[], presentToMs: number): void {
    for (const span of minutes) this.#minutes.set(span.minute, span);
    this.#presentToMs = presentToMs;
  }

  add(part: TimedRange): void {
    const last = Math.floor((part.endMs - 1) / minuteMs);
    for (let minute = Math.floor(part.startMs / minuteMs); minute <= last; minute += 1)
      this.#touch(minute, part);
    this.#presentToMs = Math.max(this.#presentToMs, part.endMs);
    this.#forgetBefore(Math.floor(this.#presentToMs / minuteMs) - 1);
  }

  /** Minutes that changed since they were last taken. */
  takeDirty(): MinuteSpan[] {
    const spans = [...this.#dirty].flatMap((minute) => this.#minutes.get(minute) ?? []);
    this.#dirty.clear();
    this.#forgetBefore(Math.floor(this.#presentToMs / minuteMs) - 1);
    return spans;
  }

  /** Gives back what was taken and could not be committed. */
  putBack(spans: readonly MinuteSpan[]): void {
    for (const span of spans) {
      if (!this.#minutes.has(span.minute)) this.#minutes.set(span.minute, span);
      this.#dirty.add(span.minute);
    }
  }

  #touch(minute: number, part: TimedRange): void {
    const known = this.#minutes.get(minute);
    const fromMs = Math.max(part.startMs, minute * minuteMs, this.#presentToMs);
    const newMs = Math.max(0, Math.min(part.endMs, (minute + 1) * minuteMs) - fromMs);
    const offsetBytes = known?.offsetBytes ?? part.offsetBytes;
    this.#minutes.set(minute, {
      minute,
      offsetBytes,
      lengthBytes: part.offsetBytes + part.lengthBytes - offsetBytes,
      presentMs: Math.min(minuteMs, (known?.presentMs ?? 0) + newMs),
    });
    this.#dirty.add(minute);
  }

  #forgetBefore(minute: number): void {
    if (this.#minutes.size <= 3) return;
    for (const known of this.#minutes.keys()) {
      if (known < minute && !this.#dirty.has(known)) this.#minutes.delete(known);
    }
  }
}
