/** Handlers of `lock`: nothing is locked that is not there, nor more than a pool allows; a lock holds before it is answered. */
import { idSchema, type Lock } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { formatSize } from '../../../src/model/size.ts';
import {
  type LockSettings,
  locksMax,
  type PoolSettings,
  type Settings,
} from '../../../src/settings/schema.ts';
import type { LockConfig, LockUse, LockWeight } from '../../recorder/protocol/schema.ts';
import { callerOf, note } from '../api/context.ts';
import { api } from '../api/implementer.ts';
import { findByIdOrName } from '../find.ts';
import { locksAt, weighLocks } from '../locks.ts';
import type { Services } from '../services.ts';
import { requireRange } from './inspection.ts';

/** Locks that wait for the one being added: each is measured with all before it in place. */
const waitingMax = 32;

export function lockHandlers({ settings, recorder, board, clock }: Services) {
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (waiting >= waitingMax)
      throw new AppError('unavailable', `more than ${waitingMax} locks at once`, { hint: 'Try again.' });
    waiting += 1;
    const done = turn.then(work).finally(() => {
      waiting -= 1;
    });
    turn = done.catch(() => {});
    return done;
  };
  const forget = (id: string) =>
    settings.update((draft) => {
      draft.locks = draft.locks.filter((lock) => lock.id !== id);
    });
  const shown = (lock: LockSettings, weight: LockWeight | null): Lock => {
    const sum = (field: 'blocks' | 'bytes') =>
      weight?.held.reduce((all, held) => all + held[field], 0) ?? null;
    const cameraName = settings.current().cameras.find(({ id }) => id === lock.cameraId)?.name ?? null;
    return { ...lock, cameraName, blocks: sum('blocks'), bytes: sum('bytes') };
  };

  return {
    list: api.lock.list.handler(async ({ input }) => {
      const { locks: all, cameras } = settings.current();
      const locks = locksAt(all, clock.nowMs());
      const cameraId = input.camera === undefined ? null : cameraIdOf(cameras, input.camera);
      const wanted = locks
        .filter((lock) => cameraId === null || lock.cameraId === cameraId)
        .sort((a, b) => a.fromMs - b.fromMs);
      const isAsked = wanted.length > 0 && board.health() === 'running';
      const use = isAsked ? await weighLocks(recorder, wanted, { presence: false }).catch(() => null) : null;
      const weights = new Map(use?.weights.map((weight) => [weight.id, weight]));
      return wanted.map((lock) => shown(lock, weights.get(lock.id) ?? null));
    }),
    add: api.lock.add.handler(({ input, context }) =>
      inTurn(async () => {
        const current = settings.current();
        const nowMs = clock.nowMs();
        requireFewer(current, nowMs);
        requireLater(input.expiresAtMs, nowMs);
        const stretch: LockConfig = {
          id: 'lock-0',
          cameraId: cameraIdOf(current.cameras, input.camera),
          ...cut(input, nowMs),
        };
        const before = await weighLocks(recorder, [stretch], { presence: true });
        requireRecorded(before, input.camera, current.cameras);
        requireRoom(before, current.pools);
        const added = await settings.update((draft): LockSettings => {
          requireFewer(draft, nowMs);
          // Those that have expired hold nothing: here they make room.
          draft.locks = locksAt(draft.locks, nowMs);
          draft.counters.lock += 1;
          const lock = {
            ...stretch,
            id: `lock-${draft.counters.lock}`,
            note: input.note,
            createdBy: callerOf(context).user.slice(0, 64),
            createdAtMs: nowMs,
            expiresAtMs: input.expiresAtMs,
          };
          draft.locks.push(lock);
          return lock;
        });
        note(context, { subject: added.id, text: `${added.id} locks ${inWords(added)}`, after: added });
        try {
          await recorder.configure();
          // The oldest block may have gone between the two: a lock must not promise what is not there.
          const after = await weighLocks(recorder, [added], { presence: true });
          requireRecorded(after, input.camera, current.cameras);
          return shown(added, after.weights[0] ?? null);
        } catch (error) {
          await forget(added.id);
          await recorder.configure().catch(() => {});
          throw error;
        }
      }),
    ),
    remove: api.lock.remove.handler(async ({ input, context }) => {
      const before = settings.current().locks.find(({ id }) => id === input.id);
      if (!before) {
        throw new AppError('not_found', `there is no lock ${input.id}`, { hint: 'See: holdfast lock list.' });
      }
      await forget(before.id);
      note(context, { before, text: `${before.id} is removed: ${inWords(before)} may be overwritten` });
      await recorder.configure().catch(() => {});
      return { ok: true as const };
    }),
  };
}

function inWords({ cameraId, fromMs, toMs, note: why }: LockSettings): string {
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
  return `${cameraId} from ${from} to ${to}${why === '' ? '' : ` (${why})`}`;
}

/** A removed camera is still found by its id, as long as there is video of it. */
function cameraIdOf(cameras: Settings['cameras'], wanted: string): string {
  try {
    return findByIdOrName(cameras, wanted, 'camera').id;
  } catch (error) {
    const isGone = error instanceof AppError && error.code === 'not_found';
    if (isGone && idSchema.safeParse(wanted).success) return wanted;
    throw error;
  }
}

/** What is not recorded yet cannot be promised: the end is cut at the present. */
function cut(range: { fromMs: number; toMs: number }, nowMs: number): { fromMs: number; toMs: number } {
  requireRange(range);
  if (range.fromMs < nowMs) return { fromMs: range.fromMs, toMs: Math.min(range.toMs, nowMs) };
  throw new AppError('invalid_input', 'fromMs: the stretch lies in the future', {
    hint: 'Lock what is recorded; record first.',
    details: { field: 'fromMs' },
  });
}

function requireLater(expiresAtMs: number | null, nowMs: number): void {
  if (expiresAtMs === null || expiresAtMs > nowMs) return;
  throw new AppError('invalid_input', 'expiresAtMs: the lock would have expired already', {
    hint: 'Give a moment in the future, or none: then it holds until somebody unlocks.',
    details: { field: 'expiresAtMs' },
  });
}

function requireFewer({ locks }: Settings, nowMs: number): void {
  if (locksAt(locks, nowMs).length < locksMax) return;
  throw new AppError('conflict', `a node holds at most ${locksMax} locks`, {
    hint: 'Remove those that are not needed any more: holdfast lock list.',
  });
}

function requireRecorded({ weights }: LockUse, camera: string, cameras: Settings['cameras']): void {
  const [weight] = weights;
  if (weight && weight.presentMs > 0 && weight.held.length > 0) return;
  const isKnown = cameras.some(({ id, name }) => id === camera || name === camera);
  throw new AppError('not_found', `nothing of ${camera} is recorded in this stretch`, {
    hint: isKnown
      ? 'See which hours hold video: holdfast inspect.'
      : 'No camera has this id or name now; a removed one goes by its id. See: holdfast inspect.',
  });
}

/** @throws AppError `disk_full` with the figures of the first pool that would hold too much. */
function requireRoom({ weights, shares }: LockUse, pools: readonly PoolSettings[]): void {
  for (const pool of pools) {
    const held = weights.flatMap((weight) => weight.held).filter(({ poolId }) => poolId === pool.id);
    const addedBytes = held.reduce((sum, one) => sum + one.addedBytes, 0);
    const mine = shares.filter(({ poolId }) => poolId === pool.id);
    const totalBytes = mine.reduce((sum, share) => sum + share.totalBytes, 0);
    const lockedBytes = mine.reduce((sum, share) => sum + share.lockedBytes, 0);
    const { maxLockedPercent } = pool;
    if (addedBytes === 0 || lockedBytes + addedBytes <= (totalBytes * maxLockedPercent) / 100) continue;
    const percent = (((lockedBytes + addedBytes) * 100) / Math.max(1, totalBytes)).toFixed(1);
    throw new AppError(
      'disk_full',
      `${pool.id} (${pool.name}) would hold ${formatSize(lockedBytes + addedBytes)} of locked video, ${percent} % of ` +
        `its ${formatSize(totalBytes)}; at most ${maxLockedPercent} % may be locked`,
      {
        hint: `Lock a shorter stretch, remove a lock, or allow more: holdfast pool edit ${pool.id} --max-locked PERCENT.`,
        details: { poolId: pool.id, lockedBytes, addedBytes, totalBytes, maxLockedPercent },
      },
    );
  }
}
