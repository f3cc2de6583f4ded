/** Events for the journal, told so seldom that no attacker can fill it: each once in its time, all together within a rate. */

import { createRate } from '../../../src/model/rate.ts';
import type { Clock } from '../../adapters/clock.ts';
import { createRecent } from './recent.ts';

export interface JournalEvent {
  readonly level: 'info' | 'warning' | 'error';
  readonly event: string;
  readonly subject: string;
  readonly text: string;
}

/** Event and subject of what was told; of more the oldest is forgotten and may be told again. */
const toldMax = 10_000;
const tellPerSecond = 2;
const tellBurst = 50;

export interface Teller {
  /** Tells it unless the same event of the same subject was told less than `everyMs` ago. `text` is made only when it is told. */
  tell(
    level: JournalEvent['level'],
    event: string,
    subject: string,
    everyMs: number,
    text: () => string,
  ): void;
}

export function createTeller(clock: Clock, onEvent: (event: JournalEvent) => void): Teller {
  const told = createRecent<{ atMs: number }>(toldMax);
  const rate = createRate(tellPerSecond, tellBurst);
  let heldBack = 0;
  return {
    tell(level, event, subject, everyMs, text) {
      const nowMs = clock.monotonicMs();
      const last = told.of(`${event} ${subject}`, () => ({ atMs: Number.NEGATIVE_INFINITY }));
      if (nowMs - last.atMs < everyMs) return;
      // What is our own fault is always told: noise from outside must not hide it.
      if (level !== 'error' && !rate.take(nowMs)) {
        heldBack += 1;
        return;
      }
      last.atMs = nowMs;
      onEvent({ level, event, subject, text: text() });
      if (heldBack === 0) return;
      const more = heldBack;
      heldBack = 0;
      onEvent({
        level: 'warning',
        event: 'alarm.events-held-back',
        subject: 'intake',
        text: `${more} more events came too fast and were only counted`,
      });
    },
  };
}
