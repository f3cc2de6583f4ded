/** What locks hold, asked of the recorder; and the refusals that keep locked video from being destroyed by a command. */

import { AppError } from '../../src/errors.ts';
import type { LockSettings, Settings } from '../../src/settings/schema.ts';
import type { LockConfig, LockUse, LockWeight } from '../recorder/protocol/schema.ts';
import type { RecorderPort, Services } from './services.ts';

/** Names in a refusal. */
const namedMax = 10;

/** Those that have not expired. */
export function locksAt(locks: readonly LockSettings[], nowMs: number): LockSettings[] {
  return locks.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs);
}

/** What the recorder needs to know of a lock. */
export function lockConfigOf({ id, cameraId, fromMs, toMs, expiresAtMs }: LockConfig): LockConfig {
  return { id, cameraId, fromMs, toMs, expiresAtMs: expiresAtMs ?? null };
}

/** @throws AppError `unavailable` while the recorder is away. */
export async function weighLocks(
  recorder: RecorderPort,
  locks: readonly LockConfig[],
  options: { presence: boolean },
): Promise<LockUse> {
  const { lockUse } = await recorder.request({
    method: 'weighLocks',
    locks: locks.map(lockConfigOf),
    ...options,
  });
  if (lockUse) return lockUse;
  throw new AppError('protocol', 'the recorder answered without what the locks hold');
}

/** @throws AppError `conflict` that names the locks which hold video where `isThere` says; `unavailable` when nobody can tell. */
export async function requireUnlocked(
  { settings, recorder, clock }: Pick<Services, 'settings' | 'recorder' | 'clock'>,
  what: string,
  isThere: (held: LockWeight['held'][number]) => boolean,
): Promise<void> {
  const locks = locksAt(settings.current().locks, clock.nowMs());
  if (locks.length === 0) return;
  const { weights } = await weighLocks(recorder, locks, { presence: false });
  const holding = weights.filter(({ held }) => held.some(isThere)).map(({ id }) => id);
  if (holding.length > 0) throw holdsLocked(what, holding);
}

/** @throws AppError `conflict` that names the locks of a camera. */
export function requireNoLocks({ locks }: Settings, cameraId: string, nowMs: number): void {
  const holding = locksAt(locks, nowMs)
    .filter((lock) => lock.cameraId === cameraId)
    .map(({ id }) => id);
  if (holding.length === 0) return;
  throw new AppError('conflict', `the camera ${cameraId} has locked video: ${named(holding)}`, {
    hint: `Disable it instead (holdfast camera edit ${cameraId} --disable), or remove the locks first.`,
    details: { locks: holding },
  });
}

/** For what would take more than the unlocked part of a share. */
export function holdsLocked(what: string, locks: readonly string[]): AppError {
  return new AppError('conflict', `${what} holds locked video: ${named(locks)}`, {
    hint: `If it is not needed any more, remove the locks first: holdfast lock remove ${locks[0] ?? 'LOCK'}.`,
    details: { locks },
  });
}

function named(locks: readonly string[]): string {
  const more = locks.length - namedMax;
  return `${locks.slice(0, namedMax).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
