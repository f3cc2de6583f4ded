/** Spoils frames the way bad lines, bad devices and bad people do. */
import type { PanelFault } from './options.ts';

/** Twice what the length field of a frame can tell. */
const oversizedBytes = 8_192;
const hourMs = 3_600_000;

/** Frames that a receiver never answers, so that nobody waits for it. */
export const unanswered: ReadonlySet<PanelFault> = new Set(['bad-crc', 'truncated', 'oversized', 'slow']);

/** Sent once, whatever comes of it. */
export function isSentOnce(fault: PanelFault | null): boolean {
  return fault !== null && (unanswered.has(fault) || fault === 'wrong-time' || fault === 'flood');
}

/** How far the clock of the panel is off. */
export const clockErrorMs = (fault: PanelFault | null): number => (fault === 'wrong-time' ? -hourMs : 0);

export function spoil(frame: Uint8Array<ArrayBuffer>, fault: PanelFault | null): Uint8Array<ArrayBuffer> {
  if (fault === 'bad-crc') return withWrongCrc(frame);
  if (fault === 'truncated') return frame.slice(0, Math.floor(frame.length / 2));
  return fault === 'oversized' ? swollen(frame) : frame;
}

/** Another hex digit where the CRC begins. */
function withWrongCrc(frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const spoilt = frame.slice();
  spoilt[1] = frame[1] === 0x30 ? 0x31 : 0x30;
  return spoilt;
}

/** The head as it was, then more letters than any frame has, and its end. */
function swollen(frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const spoilt = new Uint8Array(oversizedBytes).fill(0x41);
  spoilt.set(frame.subarray(0, frame.length - 1));
  spoilt[oversizedBytes - 1] = 0x0d;
  return spoilt;
}
