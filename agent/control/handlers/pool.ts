/** Handlers of `pool`: capacity is given in whole blocks and never twice. */
import type { Pool } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { formatSize } from '../../../src/model/size.ts';
import { type PoolSettings, poolsMax, type Settings } from '../../../src/settings/schema.ts';
import { note } from '../api/context.ts';
import { api } from '../api/implementer.ts';
import { findById, findByIdOrName, requireConfirmation } from '../find.ts';
import { holdsLocked, requireUnlocked, weighLocks } from '../locks.ts';
import type { Services } from '../services.ts';

type Share = PoolSettings['shares'][number];

export function poolHandlers({ settings, recorder, board, clock }: Services) {
  const shown = (id: string): Pool => findById(board.pools(), id, 'pool');
  const tellRecorder = () => recorder.configure().catch(() => {});
  const change = async (id: string, edit: (pool: PoolSettings, draft: Settings) => void) => {
    const before = findById(settings.current().pools, id, 'pool');
    const after = await settings.update((draft) => {
      const pool = findById(draft.pools, id, 'pool');
      edit(pool, draft);
      return pool;
    });
    await tellRecorder();
    return { before, after };
  };

  return {
    list: api.pool.list.handler(() => board.pools()),
    show: api.pool.show.handler(({ input }) => findByIdOrName(board.pools(), input.id, 'pool')),
    add: api.pool.add.handler(async ({ input, context }) => {
      const added = await settings.update((draft): PoolSettings => {
        if (draft.pools.length >= poolsMax) {
          throw new AppError('conflict', `a node holds at most ${poolsMax} pools`, {
            hint: 'Expand one instead.',
          });
        }
        requireFreeName(draft, input.name, null);
        const shares = input.shares.map((share) => wholeBlocks(draft, share));
        requireDistinct(shares);
        for (const share of shares) requireCapacity(draft, share, null);
        draft.counters.pool += 1;
        const pool: PoolSettings = {
          id: `p${draft.counters.pool}`,
          name: input.name,
          strategy: input.strategy,
          cycleDays: cycleDaysFor(input.strategy, input.cycleDays ?? null),
          maxLockedPercent: input.maxLockedPercent,
          syncIntervalMs: draft.recording.syncIntervalMs,
          shares,
          createdAtMs: clock.nowMs(),
        };
        draft.pools.push(pool);
        return pool;
      });
      note(context, { subject: added.id, text: `pool ${added.id} (${added.name}) added`, after: added });
      await tellRecorder();
      return shown(added.id);
    }),
    edit: api.pool.edit.handler(async ({ input, context }) => {
      const { before, after } = await change(input.id, (pool, draft) => {
        if (input.name !== undefined) requireFreeName(draft, input.name, pool.id);
        pool.name = input.name ?? pool.name;
        pool.strategy = input.strategy ?? pool.strategy;
        pool.cycleDays = cycleDaysFor(pool.strategy, input.cycleDays ?? pool.cycleDays);
        pool.maxLockedPercent = input.maxLockedPercent ?? pool.maxLockedPercent;
      });
      note(context, { before, after, text: `pool ${input.id} changed` });
      return shown(input.id);
    }),
    expandable: api.pool.expandable.handler(({ input }) => {
      const current = settings.current();
      const pool = findById(current.pools, input.id, 'pool');
      return current.spaces.map((space) => ({
        spaceId: space.id,
        bytes: availableBytes(current, space.id, pool.id),
      }));
    }),
    expand: api.pool.expand.handler(async ({ input, context }) => {
      await requireRoomForLocks({ settings, recorder }, input.id, input.share);
      const { before, after } = await change(input.id, (pool, draft) => {
        const share = wholeBlocks(draft, input.share, { zeroAllowed: true });
        requireCapacity(draft, share, pool.id);
        pool.shares = pool.shares.filter((candidate) => candidate.spaceId !== share.spaceId);
        if (share.bytes > 0) pool.shares.push(share);
        if (pool.shares.length === 0) {
          throw new AppError('conflict', 'a pool needs at least one space', {
            hint: 'Delete the pool instead.',
          });
        }
      });
      note(context, { before: before.shares, after: after.shares, text: `pool ${input.id} resized` });
      return shown(input.id);
    }),
    delete: api.pool.delete.handler(async ({ input, context }) => {
      const pool = findById(settings.current().pools, input.id, 'pool');
      requireConfirmation(pool, input.confirm, `deleting the pool ${pool.id} frees its video`);
      await requireUnlocked(
        { settings, recorder, clock },
        `the pool ${pool.id}`,
        ({ poolId }) => poolId === pool.id,
      );
      await settings.update((draft) => {
        const cameras = draft.cameras.filter((camera) => camera.poolId === pool.id);
        if (cameras.length > 0) {
          const who = cameras.length === 1 ? '1 camera records' : `${cameras.length} cameras record`;
          throw new AppError('conflict', `${who} into the pool ${pool.id}`, {
            hint: `Move or remove them first: ${cameras
              .slice(0, 10)
              .map((camera) => camera.id)
              .join(', ')}.`,
          });
        }
        draft.pools = draft.pools.filter((candidate) => candidate.id !== pool.id);
      });
      note(context, { before: pool, text: `pool ${pool.id} (${pool.name}) deleted` });
      await tellRecorder();
      return { ok: true as const };
    }),
  };
}

/** A share may shrink down to what is locked of it. */
async function requireRoomForLocks(
  { settings, recorder }: Pick<Services, 'settings' | 'recorder'>,
  poolId: string,
  wanted: Share,
): Promise<void> {
  const { locks, pools, spaces } = settings.current();
  const spaceId = findByIdOrName(spaces, wanted.spaceId, 'space').id;
  const present = findById(pools, poolId, 'pool').shares.find((share) => share.spaceId === spaceId);
  if (locks.length === 0 || present === undefined || wanted.bytes >= present.bytes) return;
  const { weights, shares } = await weighLocks(recorder, locks, { presence: false });
  const isHere = (place: { poolId: string | null; spaceId: string }) =>
    place.poolId === poolId && place.spaceId === spaceId;
  const lockedBytes = shares.find(isHere)?.lockedBytes ?? 0;
  if (wanted.bytes >= lockedBytes) return;
  const holding = weights.filter(({ held }) => held.some(isHere)).map(({ id }) => id);
  throw holdsLocked(`of ${spaceId} the pool ${poolId} needs ${formatSize(lockedBytes)}, as it`, holding);
}

function wholeBlocks(draft: Settings, share: Share, options: { zeroAllowed?: boolean } = {}): Share {
  const space = findByIdOrName(draft.spaces, share.spaceId, 'space');
  const bytes = Math.floor(share.bytes / space.blockBytes) * space.blockBytes;
  if (bytes === 0 && !(options.zeroAllowed && share.bytes === 0)) {
    throw new AppError(
      'invalid_input',
      `shares: ${formatSize(share.bytes)} of ${space.id} is less than one block`,
      {
        hint: `Give at least ${formatSize(space.blockBytes)}, the block size of ${space.id}.`,
        details: { field: 'shares' },
      },
    );
  }
  return { spaceId: space.id, bytes };
}

function requireDistinct(shares: readonly Share[]): void {
  if (new Set(shares.map((share) => share.spaceId)).size === shares.length) return;
  throw new AppError('invalid_input', 'shares: a space is named twice', {
    hint: 'Name each space once, with the sum.',
    details: { field: 'shares' },
  });
}

/** What a space can give to one pool, with what that pool has of it already. */
function availableBytes(settings: Settings, spaceId: string, poolId: string | null): number {
  const space = findById(settings.spaces, spaceId, 'space');
  const given = settings.pools
    .filter((pool) => pool.id !== poolId)
    .flatMap((pool) => pool.shares)
    .filter((share) => share.spaceId === spaceId)
    .reduce((sum, share) => sum + share.bytes, 0);
  return Math.max(0, Math.floor(space.quotaBytes / space.blockBytes) * space.blockBytes - given);
}

function requireCapacity(draft: Settings, share: Share, poolId: string | null): void {
  const available = availableBytes(draft, share.spaceId, poolId);
  if (share.bytes <= available) return;
  throw new AppError(
    'disk_full',
    `the space ${share.spaceId} can give ${formatSize(available)}, not ${formatSize(share.bytes)}`,
    {
      hint: 'Ask for less, or take the rest from another space.',
      details: { spaceId: share.spaceId, availableBytes: available, wantedBytes: share.bytes },
    },
  );
}

function requireFreeName(draft: Settings, name: string, ownId: string | null): void {
  if (!draft.pools.some((pool) => pool.name === name && pool.id !== ownId)) return;
  throw new AppError('conflict', `there is a pool called ${name} already`, { hint: 'Choose another name.' });
}

function cycleDaysFor(strategy: PoolSettings['strategy'], cycleDays: number | null): number | null {
  if (strategy === 'capacity') return null;
  if (cycleDays !== null) return cycleDays;
  throw new AppError('invalid_input', 'cycleDays: the strategy cycle needs a number of days', {
    hint: 'Give the days to keep, for example --cycle-days 30.',
    details: { field: 'cycleDays' },
  });
}
