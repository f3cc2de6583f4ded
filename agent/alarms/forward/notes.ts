/** What the journal says of the forwarder's decisions. */
import type { Clock } from '../../adapters/clock.ts';
import type { Convert } from './outgoing.ts';
import type { PlanEffect } from './plan.ts';

export interface ForwardNote {
  readonly level: 'info' | 'warning' | 'error';
  readonly event: string;
  /** Name of the output. */
  readonly subject: string;
  readonly text: string;
}

/** What every output is given. */
export interface OutputDeps {
  readonly clock: Clock;
  readonly convert: Convert;
  onNote(note: ForwardNote): void;
}

/** Null for what is every day's business. */
export function noteOf(effect: PlanEffect, nameOf: (outputId: string) => string): ForwardNote | null {
  switch (effect.kind) {
    case 'output-failed':
      return note('error', 'alarm.arc-failed', nameOf(effect.outputId), effect.problem);
    case 'output-recovered':
      return note('info', 'alarm.arc-recovered', nameOf(effect.outputId), 'the ARC acknowledges again');
    case 'switched': {
      const text = `events go to ${nameOf(effect.to)} instead of ${nameOf(effect.from)}`;
      return note('warning', 'alarm.arc-switched', nameOf(effect.to), text);
    }
    case 'event-stuck': {
      const { account, data } = effect.queued.event;
      const text = `an event of ${account} is not acknowledged and is tried on: ${shortened(data)} (${effect.problem})`;
      return note('warning', 'alarm.event-stuck', nameOf(effect.outputId), text);
    }
    case 'settle': {
      const { outcome, problem } = effect.settlement;
      if (outcome === 'acknowledged') return null;
      const { account, data } = effect.queued.event;
      const text = `an event of ${account} was refused and is kept, to be sent again by hand: ${shortened(data)} (${problem ?? 'no reason given'})`;
      return note('error', 'alarm.event-refused', nameOf(effect.outputId), text);
    }
  }
}

const note = (level: ForwardNote['level'], event: string, subject: string, text: string): ForwardNote => ({
  level,
  event,
  subject,
  text,
});

const dataShownMax = 80;

function shortened(data: string): string {
  const plain = data.replace(/[^\x20-\x7e]+/g, ' ');
  return plain.length > dataShownMax ? `${plain.slice(0, dataShownMax)}…` : plain;
}
