/** Alarm events for tests of the group's stores. */
import type { AlarmEvent, Settlement } from '../../agent/alarms/types.ts';

let made = 0;

export function newEvent(account = '1234', changes: Partial<AlarmEvent> = {}): AlarmEvent {
  made += 1;
  const fingerprint = `${process.pid.toString(16)}${made.toString(16)}`.padStart(32, '0').slice(-32);
  const receivedMs = 1_700_000_000_000 + made;
  return {
    id: `${fingerprint}-${receivedMs.toString(36)}`,
    fingerprint,
    kind: 'device',
    account,
    known: true,
    format: 'SIA-DCS',
    sequence: String((made % 9_999) + 1).padStart(4, '0'),
    data: `#${account}|Nri1/BA${made}`,
    extended: [{ type: 'V', value: 'http://192.0.2.7/clip?"ä"' }],
    content: { code: 'BA', qualifier: 'new', area: '1', zone: String(made), user: null, text: null },
    category: 'burglary',
    receivedMs,
    deviceTimeMs: null,
    way: 'direct',
    source: '192.0.2.7:4711',
    encrypted: false,
    raw: `ABCD0034"SIA-DCS"0001L0#${account}[#${account}|Nri1/BA${made}]`,
    takenBy: 'receiver-1',
    forward: true,
    ...changes,
  };
}

export const newEvents = (count: number, account?: string) =>
  Array.from({ length: count }, () => newEvent(account));

export const settled = (position: number): Settlement => ({
  ...{
    position,
    outcome: 'acknowledged',
    ackMs: 1_700_000_000_000,
    output: 'ARC',
    attempts: 1,
    problem: null,
  },
});
