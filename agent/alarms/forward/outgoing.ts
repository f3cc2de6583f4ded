/** What an event says to this ARC: as it was received, or converted; with or without its links to pictures. */
import type { AlarmOutput } from '../../../src/contract/index.ts';
import type { ExtendedField } from '../dc09/frame.ts';
import type { AlarmEvent } from '../types.ts';

export type Dc09Config = Extract<AlarmOutput, { kind: 'dc09' }>;

/** Data of the event in another format, null when it cannot be said in it. */
export type Convert = (event: AlarmEvent, to: 'SIA-DCS' | 'ADM-CID') => string | null;

export interface Outgoing {
  readonly id: string;
  readonly data: string;
  readonly extended: readonly ExtendedField[];
  /** It was to be converted, and goes as it came. */
  readonly unconverted: boolean;
}

/** A bracket or control character, which no frame can hold: with a blank for it the event reaches the ARC, else it never would. */
const unsendable = /[[\]]|[^\x20-\x7e\x80-\xff]/g;
const sendable = (text: string) => text.replace(unsendable, ' ');

export function outgoingOf(
  event: AlarmEvent,
  { format, videoLinks }: Pick<Dc09Config, 'format' | 'videoLinks'>,
  convert: Convert,
): Outgoing {
  const extended = event.extended
    .filter(({ type }) => videoLinks || type !== 'V')
    .map(({ type, value }) => ({ type: sendable(type), value: sendable(value) }));
  const asReceived = { id: event.format, data: sendable(event.data), extended, unconverted: false };
  if (format === 'as-received' || format === event.format) return asReceived;
  const data = convert(event, format);
  return data === null
    ? { ...asReceived, unconverted: true }
    : { id: format, data, extended, unconverted: false };
}
