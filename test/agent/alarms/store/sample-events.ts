/** Events for tests of the store, each of its own fingerprint unless told otherwise. */
import { eventId, fingerprintOf } from '../../../../agent/alarms/intake/fingerprint.ts';
import type { AlarmEvent } from '../../../../agent/alarms/types.ts';

export const startMs = Date.UTC(2026, 4, 1);

export function sampleEvent(index: number, change: Partial<AlarmEvent> = {}): AlarmEvent {
  const account = change.account ?? String(1_000 + (index % 500));
  const receivedMs = change.receivedMs ?? startMs + index * 1_000;
  const fingerprint = fingerprintOf(`${account} ${index}`);
  const sequence = String((index % 9_999) + 1).padStart(4, '0');
  return {
    id: eventId(fingerprint, receivedMs),
    fingerprint,
    kind: 'device',
    account,
    known: true,
    format: 'SIA-DCS',
    sequence,
    data: `#${account}|Nri1/BA${index % 100}`,
    extended: [],
    content: { code: 'BA', qualifier: 'new', area: '1', zone: String(index % 100), user: null, text: null },
    category: 'burglary',
    receivedMs,
    deviceTimeMs: receivedMs - 1_000,
    way: 'direct',
    source: '192.0.2.7:40000',
    encrypted: false,
    raw: `5C2A0030"SIA-DCS"${sequence}R1L0#${account}[#${account}|Nri1/BA${index % 100}]_12:00:00,05-01-2026`,
    takenBy: 'node-1',
    forward: true,
    ...change,
  };
}
