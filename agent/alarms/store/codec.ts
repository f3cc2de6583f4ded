/** What is hashed: an event and what became of it as texts of which there is exactly one each. Pure. */
import type { AlarmEvent } from '../types.ts';
import { alarmEventSchema } from './schema.ts';

const rawShownMax = 4_096;

/** Always the same text for the same event: fields in this order, whoever made the object. */
export function eventText(event: AlarmEvent): string {
  const { content } = event;
  return JSON.stringify({
    id: event.id,
    fingerprint: event.fingerprint,
    kind: event.kind,
    account: event.account,
    known: event.known,
    format: event.format,
    sequence: event.sequence,
    data: event.data,
    extended: event.extended.map(({ type, value }) => ({ type, value })),
    content: {
      code: content.code,
      qualifier: content.qualifier,
      area: content.area,
      zone: content.zone,
      user: content.user,
      text: content.text,
    },
    category: event.category,
    receivedMs: event.receivedMs,
    deviceTimeMs: event.deviceTimeMs,
    way: event.way,
    source: event.source,
    encrypted: event.encrypted,
    raw: event.raw,
    takenBy: event.takenBy,
    forward: event.forward,
  });
}

/** Null for a text of which no event can be read. */
export function eventOrNull(text: string): AlarmEvent | null {
  try {
    return alarmEventSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Shown where the record of an event is damaged, or of a release that is not known here: it hides none of the others. */
export function damagedEvent({
  number,
  event,
}: {
  readonly number: number;
  readonly event: string;
}): AlarmEvent {
  const nothing = { code: null, qualifier: null, area: null, zone: null, user: null };
  return {
    id: `damaged-${number}`,
    fingerprint: '0'.repeat(32),
    kind: 'device',
    account: '',
    known: false,
    format: '',
    sequence: '',
    data: '',
    extended: [],
    content: { ...nothing, text: 'the record of this event cannot be read: see holdfast alarm verify' },
    category: 'other',
    receivedMs: 0,
    deviceTimeMs: null,
    way: 'local',
    source: '',
    encrypted: false,
    raw: event.slice(0, rawShownMax),
    takenBy: '',
    forward: false,
  };
}

export interface SettledColumns {
  readonly number: number;
  readonly state: number;
  readonly attempts: number;
  readonly output: string | null;
  readonly ackMs: number | null;
  readonly problem: string | null;
}

export function settledText(settled: SettledColumns): string {
  const { number, state, attempts, output, ackMs, problem } = settled;
  return JSON.stringify([number, state, attempts, output, ackMs, problem]);
}

export interface SeenColumns {
  readonly number: number;
  readonly by: string;
  readonly atMs: number;
}

export function seenText({ number, by, atMs }: SeenColumns): string {
  return JSON.stringify([number, by, atMs]);
}

export interface AuditLink {
  readonly n: number;
  readonly timeMs: number;
  readonly what: string;
  readonly ref: number;
}

/** What the chain covers of an entry besides the hash before it and its own digest. */
export function linkText({ n, timeMs, what, ref }: AuditLink): string {
  return JSON.stringify([n, timeMs, what, ref]);
}
