/** What was recorded a second time after the clock was set back, and finds no room in a file: told, and where it lies. Pure. */
import type { Damage, LocatedPart } from './walk.ts';

/** Parts that lie closer make one stretch. */
const mergeMs = 2_000;

export class Repeated {
  readonly stretches: Damage[] = [];

  add({ header, segment }: LocatedPart): void {
    const { startMs: fromMs, endMs: toMs } = header;
    const detail =
      'recorded twice, as the clock was set back: the second time is left out, ' +
      `and lies in block ${segment.block} of space ${segment.spaceId}`;
    const last = this.stretches.at(-1);
    const goesOn = last?.detail === detail && fromMs >= last.fromMs && fromMs <= last.toMs + mergeMs;
    if (last !== undefined && goesOn)
      this.stretches[this.stretches.length - 1] = { ...last, toMs: Math.max(last.toMs, toMs) };
    else this.stretches.push({ fromMs, toMs, detail, reason: 'time-step' });
  }
}
