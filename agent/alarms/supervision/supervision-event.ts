/** The event that says a device is lost, or back: in the format the device itself uses, so that its ARC understands it. */
import { buildContactId, buildSiaData } from '../dc09/event/codec.ts';
import { eventId, fingerprintOf } from '../intake/fingerprint.ts';
import type { AlarmEvent } from '../types.ts';
import type { Transition } from './machine.ts';

/** SIA communications fail and restoral. */
const siaCodes = { lost: 'YC', restored: 'YK' } as const;
/** Contact ID communication trouble; its restore has the same code. */
const contactIdCode = '350';

/**
 * The fingerprint has in it who watched and when the device was last heard: a device that is lost by two ways, or twice,
 * makes two events, and one that is told again after a failure makes one.
 */
export function supervisionEvent(
  { account, kind }: Pick<Transition, 'account' | 'kind'>,
  about: {
    readonly format: string;
    /** UTC. */
    readonly heardMs: number | null;
    readonly nowMs: number;
    readonly takenBy: string;
  },
): AlarmEvent {
  const contactId = about.format === 'ADM-CID';
  const format = contactId ? 'ADM-CID' : 'SIA-DCS';
  const content: AlarmEvent['content'] = {
    code: contactId ? contactIdCode : siaCodes[kind],
    qualifier: kind === 'lost' ? 'new' : 'restore',
    area: null,
    zone: null,
    user: null,
    text: null,
  };
  const data = (contactId ? buildContactId : buildSiaData)(account, content) ?? '';
  const fingerprint = fingerprintOf(
    JSON.stringify(['supervision', about.takenBy, account, kind, about.heardMs ?? about.nowMs]),
  );
  return {
    id: eventId(fingerprint, about.nowMs),
    fingerprint,
    kind: 'supervision',
    account,
    known: true,
    format,
    sequence: '0000',
    data,
    extended: [],
    content,
    category: 'supervision',
    receivedMs: about.nowMs,
    deviceTimeMs: null,
    way: 'local',
    source: about.takenBy,
    encrypted: false,
    raw: `"${format}"0000L0#${account}[${data}]`,
    takenBy: about.takenBy,
    forward: true,
  };
}
