/** A stored event as the API shows it, with the names that the directory has for it today. */
import type { Alarm } from '../../../src/contract/index.ts';
import type { AlarmEvent } from '../types.ts';
import type { StoredAlarm } from './types.ts';

export interface EventNames {
  /** Name of the device; null for an unknown account. */
  readonly device: string | null;
  readonly words: string;
}

export function presentAlarm(stored: StoredAlarm, namesOf: (event: AlarmEvent) => EventNames): Alarm {
  const { number, event, progress, acknowledgedBy, acknowledgedMs, resentOf } = stored;
  const { device, words } = namesOf(event);
  const { id, account, kind, format, receivedMs, deviceTimeMs, way, source, encrypted, raw, category } =
    event;
  return {
    ...{
      number,
      id,
      account,
      device,
      kind,
      format,
      category,
      receivedMs,
      deviceTimeMs,
      way,
      source,
      encrypted,
      raw,
    },
    ...event.content,
    words: resentOf === null ? words : `${words} (resent, of ${resentOf})`,
    video: event.extended.filter(({ type }) => type === 'V').map(({ value }) => value),
    ...progress,
    acknowledgedBy,
    acknowledgedMs,
  };
}
