/** Names an event by what the device said: equal for the same event by two ways, so that it is forwarded once. */
import { createHash } from 'node:crypto';

const fingerprintHexDigits = 32;

/** 32 hex digits of SHA-256 over the byte text that `eventFingerprint` gives, or another that names the event. */
export function fingerprintOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, fingerprintHexDigits);
}

/** The id of an event: given where it was first received, the same everywhere after. */
export function eventId(fingerprint: string, receivedMs: number): string {
  return `${fingerprint}-${Math.max(0, Math.floor(receivedMs)).toString(36)}`;
}
