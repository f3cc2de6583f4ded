/** Which locks touch what is on the screen, and how that is said in a few words. Pure. */
import type { Lock } from '../../../src/contract/index.ts';
import { clock, dayOf } from '../../format/time.ts';

interface Stretch {
  cameraId: string;
  fromMs: number;
  toMs: number;
}

export function locksIn(locks: readonly Lock[], { cameraId, fromMs, toMs }: Stretch): Lock[] {
  return locks.filter((lock) => lock.cameraId === cameraId && lock.fromMs < toMs && lock.toMs > fromMs);
}

/** `14:30:00 - 14:45:00`; with its days when it is not within one. */
function lockedTimes({ fromMs, toMs }: Lock, timeZone: string): string {
  const [from, to] = [dayOf(fromMs, timeZone), dayOf(toMs - 1, timeZone)];
  if (from === to) return `${clock(fromMs, timeZone)} - ${clock(toMs, timeZone)}`;
  return `${from} ${clock(fromMs, timeZone)} - ${to} ${clock(toMs, timeZone)}`;
}

/** `locked 14:30:00 - 14:45:00 lock-3 (case 2217)`; of several the first and how many more. */
export function lockedWords(locks: readonly Lock[], timeZone: string): string {
  const [first] = locks;
  if (first === undefined) return '';
  const why = first.note === '' ? '' : ` (${first.note})`;
  const more = locks.length > 1 ? ` and ${locks.length - 1} more` : '';
  return `locked ${lockedTimes(first, timeZone)} ${first.id}${why}${more}`;
}
