/** An event as intake makes it, for tests of what comes after. */
import type { AlarmEvent } from '../../../agent/alarms/types.ts';

export function sampleEvent(change: Partial<AlarmEvent> = {}): AlarmEvent {
  const id = change.id ?? 'e1';
  return {
    id,
    fingerprint: id.padStart(32, '0'),
    kind: 'device',
    account: '1234',
    known: true,
    format: 'SIA-DCS',
    sequence: '0001',
    data: '#1234|Nri1/BA501',
    extended: [],
    content: { code: 'BA', qualifier: 'new', area: '1', zone: '501', user: null, text: null },
    category: 'burglary',
    receivedMs: 1_800_000_000_000,
    deviceTimeMs: null,
    way: 'direct',
    source: '192.0.2.7',
    encrypted: false,
    raw: '"SIA-DCS"0001L0#1234[#1234|Nri1/BA501]',
    takenBy: 'node-1',
    forward: true,
    ...change,
  };
}
