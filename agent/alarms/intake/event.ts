/** Makes the event out of an opened frame: all that was said is kept, what is not understood as well. */
import { byteTextOf } from '../dc09/byte-text.ts';
import { contentOfFrame, eventFingerprint } from '../dc09/event/codec.ts';
import type { Dc09Frame } from '../dc09/frame.ts';
import type { AlarmEvent } from '../types.ts';
import { eventId, fingerprintOf } from './fingerprint.ts';

export interface EventOrigin {
  readonly known: boolean;
  readonly receivedMs: number;
  readonly way: 'direct' | 'hub';
  /** `host:port`. */
  readonly source: string;
  readonly takenBy: string;
}

/** `categorise` is asked for what it is and whether it goes on; `frame` is opened, `bytes` are those it came as, LF to CR. */
export function eventOfFrame(
  frame: Dc09Frame,
  bytes: Uint8Array,
  origin: EventOrigin,
  categorise: (format: string, content: AlarmEvent['content']) => Pick<AlarmEvent, 'category' | 'forward'>,
): AlarmEvent {
  const fingerprint = fingerprintOf(eventFingerprint(frame));
  const content = contentOfFrame(frame);
  return {
    id: eventId(fingerprint, origin.receivedMs),
    fingerprint,
    kind: 'device',
    account: frame.account.toUpperCase(),
    known: origin.known,
    format: frame.id,
    sequence: frame.sequence,
    data: frame.data,
    extended: frame.extended,
    content,
    ...categorise(frame.id, content),
    receivedMs: origin.receivedMs,
    deviceTimeMs: deviceTime(frame),
    way: origin.way,
    source: origin.source,
    encrypted: frame.encrypted,
    raw: rawOf(frame, bytes),
    takenBy: origin.takenBy,
  };
}

/** Null also for a clock that stands before 1970: the text is kept in the raw frame. */
function deviceTime({ timestamp }: Dc09Frame): number | null {
  return timestamp === null || timestamp.utcMs < 0 ? null : timestamp.utcMs;
}

/** As it came without LF, CR and NULs; of an encrypted one the content stands where its hex stood. */
function rawOf(frame: Dc09Frame, bytes: Uint8Array): string {
  const text = byteTextOf(bytes, 1, bytes.lastIndexOf(0x0d));
  if (frame.body === null) return text;
  const head = text.slice(0, text.indexOf('[') + 1);
  const inner = [frame.data, ...frame.extended.map(({ type, value }) => type + value)].join('][');
  return `${head}${inner}]${frame.timestamp === null ? '' : `_${frame.timestamp.text}`}`;
}
