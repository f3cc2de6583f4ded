/** Handlers of `space`: a folder becomes a space only after every look at what that could destroy. */
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { FolderEntry, Space } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { printable } from '../../../src/model/printable.ts';
import { formatSize } from '../../../src/model/size.ts';
import { type Settings, type SpaceSettings, spacesMax } from '../../../src/settings/schema.ts';
import { note } from '../api/context.ts';
import { api } from '../api/implementer.ts';
import { findById, requireConfirmation } from '../find.ts';
import { requireUnlocked } from '../locks.ts';
import type { Services } from '../services.ts';

export const quotaMinBytes = 64 * 1024 * 1024;

interface AddInput {
  path: string;
  name?: string | undefined;
  quotaBytes: number;
  confirm?: string | undefined;
  allowSystemDisk: boolean;
}

export function spaceHandlers({ settings, recorder, folders, board, clock, dataDir }: Services) {
  const shown = (id: string): Space => findById(board.spaces(), id, 'space');
  const existing = (id: string) => findById(settings.current().spaces, id, 'space');
  const unlocked = (id: string) =>
    requireUnlocked({ settings, recorder, clock }, `the space ${id}`, ({ spaceId }) => spaceId === id);
  const forget = (id: string) =>
    settings.update((draft) => {
      draft.spaces = draft.spaces.filter((space) => space.id !== id);
    });

  return {
    list: api.space.list.handler(() => board.spaces()),
    browse: api.space.browse.handler(({ input }) => {
      if (input.path !== undefined) requireAbsolute(input.path);
      return folders.browse(input.path);
    }),
    makeFolder: api.space.makeFolder.handler(async ({ input, context }) => {
      requireAbsolute(input.path);
      await folders.makeFolder(input.path);
      note(context, { subject: input.path.slice(0, 64), text: `folder ${input.path} created` });
      return { ok: true as const };
    }),
    add: api.space.add.handler(async ({ input, context }) => {
      const path = requireAbsolute(input.path);
      requireQuota(input.quotaBytes);
      requireOutsideOf(path, dataDir);
      requireApart(settings.current(), path);
      // Without a recorder nothing could be initialised: say so before anything is kept.
      await recorder.request({ method: 'status' });
      const { entry, marked } = await folders.inspect(path);
      const recover = checkFolder(entry, { ...input, path });
      const layout = recover !== null && marked ? marked : folders.layout(input.quotaBytes);
      const added = await settings.update((draft): SpaceSettings => {
        requireApart(draft, path);
        const space: SpaceSettings = {
          id: recover ?? nextSpaceId(draft),
          name: input.name ?? defaultName(path),
          path,
          quotaBytes: layout.quotaBytes,
          blockBytes: layout.blockBytes,
          createdAtMs: clock.nowMs(),
        };
        requireUnknown(draft, space.id);
        draft.counters.space = Math.max(
          draft.counters.space,
          Number(/^s(\d{1,9})$/.exec(space.id)?.[1] ?? 0),
        );
        draft.spaces.push(space);
        return space;
      });
      note(context, {
        subject: added.id,
        text: `space ${added.id} added: ${path}, ${formatSize(added.quotaBytes)}`,
        after: added,
      });
      try {
        await recorder.configure();
        if (recover === null) await recorder.request({ method: 'initializeSpace', spaceId: added.id });
      } catch (error) {
        await forget(added.id);
        await recorder.configure().catch(() => {});
        throw error;
      }
      return shown(added.id);
    }),
    initialize: api.space.initialize.handler(async ({ input }) => {
      const space = existing(input.id);
      requireConfirmation(space, input.confirm, `initialising ${space.id} destroys what is recorded there`);
      await unlocked(space.id);
      await recorder.request({ method: 'initializeSpace', spaceId: space.id });
      return shown(space.id);
    }),
    cancel: api.space.cancel.handler(async ({ input }) => {
      await recorder.request({ method: 'cancelJob', spaceId: existing(input.id).id });
      return { ok: true as const };
    }),
    delete: api.space.delete.handler(async ({ input, context }) => {
      const space = existing(input.id);
      requireConfirmation(space, input.confirm, `deleting the space ${space.id} ends recording there`);
      await unlocked(space.id);
      const { state } = shown(space.id);
      await settings.update((draft) => {
        const users = draft.pools.filter((pool) => pool.shares.some((share) => share.spaceId === space.id));
        if (users.length > 0 && state !== 'lost' && state !== 'error') {
          throw new AppError('conflict', `the space ${space.id} is ${state} and pools use it`, {
            hint: `Take it out of these pools first: ${users.map((pool) => pool.id).join(', ')}.`,
          });
        }
        for (const pool of users) pool.shares = pool.shares.filter((share) => share.spaceId !== space.id);
        draft.spaces = draft.spaces.filter((candidate) => candidate.id !== space.id);
      });
      note(context, {
        before: space,
        text: `space ${space.id} (${space.path}) deleted; its files stay on disk`,
      });
      await recorder.configure().catch(() => {});
      return { ok: true as const };
    }),
    restore: api.space.restore.handler(async ({ input }) => {
      const space = existing(input.id);
      if (shown(space.id).state === 'normal') {
        const consequence = `${space.id} is normal: rebuilding its index interrupts what records there`;
        requireConfirmation(space, input.confirm ?? '', consequence);
      }
      await recorder.request({ method: 'restoreSpace', spaceId: space.id });
      return shown(space.id);
    }),
  };
}

function requireAbsolute(path: string): string {
  if (isAbsolute(path) && !path.includes('\0')) return resolve(path);
  throw new AppError(
    'invalid_input',
    `path: expected an absolute path, got "${printable(path.slice(0, 80))}"`,
    {
      hint: 'Write the whole path, from the root.',
      details: { field: 'path' },
    },
  );
}

function requireQuota(quotaBytes: number): void {
  if (quotaBytes >= quotaMinBytes) return;
  throw new AppError('invalid_input', `quotaBytes: ${formatSize(quotaBytes)} is too small for a space`, {
    hint: `Give at least ${formatSize(quotaMinBytes)} (64 MiB).`,
    details: { field: 'quotaBytes' },
  });
}

/** Id of the space whose marker lies there when it is ours, to be recovered; null for a folder to be initialised. */
function checkFolder(folder: FolderEntry, input: AddInput): string | null {
  const refuse = (message: string, hint: string, details: Record<string, unknown> = {}) =>
    new AppError('conflict', message, { hint, details });
  if (!folder.writable) {
    throw new AppError('forbidden', `the agent cannot write to ${input.path}`, {
      hint: 'Give the user that runs the agent write access to the folder.',
    });
  }
  if (folder.systemDisk && !input.allowSystemDisk) {
    throw refuse(
      `${input.path} lies on the disk of the operating system`,
      'Choose another disk, or allow it expressly: a full system disk stops the node.',
      { systemDisk: true },
    );
  }
  if (folder.holdfast?.ours) return folder.holdfast.spaceId;
  if (!folder.empty && !isConfirmed(input)) {
    const owner = folder.holdfast ? `belongs to the node ${folder.holdfast.ownerNode}` : 'is not empty';
    throw refuse(
      `${input.path} ${owner}`,
      `Choose an empty folder, or confirm with the path typed again (--yes ${input.path}).`,
      { confirm: input.path },
    );
  }
  if (folder.freeBytes !== null && input.quotaBytes > folder.freeBytes) {
    const wanted = formatSize(input.quotaBytes);
    const free = formatSize(folder.freeBytes);
    throw new AppError('disk_full', `a quota of ${wanted} does not fit: ${free} are free in ${input.path}`, {
      hint: 'Choose a smaller quota, or free space on the disk.',
      details: { wantedBytes: input.quotaBytes, freeBytes: folder.freeBytes },
    });
  }
  return null;
}

function isConfirmed(input: AddInput): boolean {
  return input.confirm !== undefined && isAbsolute(input.confirm) && resolve(input.confirm) === input.path;
}

/** A space in a folder of its own below the data folder is possible, one around settings and index is not. */
function requireOutsideOf(path: string, dataDir: string): void {
  if (!isWithin(resolve(dataDir), path)) return;
  throw new AppError('conflict', `${path} holds the data folder of this node (${dataDir})`, {
    hint: 'Choose a folder of its own for video.',
  });
}

function requireApart(draft: Settings, path: string): void {
  if (draft.spaces.length >= spacesMax) {
    throw new AppError('conflict', `a node holds at most ${spacesMax} spaces`, { hint: 'Delete one first.' });
  }
  const other = draft.spaces.find((space) => isWithin(path, space.path) || isWithin(space.path, path));
  if (!other) return;
  throw new AppError('conflict', `${path} and the space ${other.id} (${other.path}) lie in one another`, {
    hint: 'Choose a folder outside every space.',
    details: { spaceId: other.id },
  });
}

function isWithin(inner: string, outer: string): boolean {
  const way = relative(outer, inner);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

function requireUnknown(draft: Settings, id: string): void {
  if (!draft.spaces.some((space) => space.id === id)) return;
  throw new AppError(
    'conflict',
    `the folder carries the marker of the space ${id}, which is known elsewhere`,
    {
      hint: 'It is a copy of that space, or the space was moved: delete the old entry first.',
    },
  );
}

function nextSpaceId(draft: Settings): string {
  do draft.counters.space += 1;
  while (draft.spaces.some((space) => space.id === `s${draft.counters.space}`));
  return `s${draft.counters.space}`;
}

function defaultName(path: string): string {
  const last =
    path
      .split(/[/\\]/)
      .filter((part) => part !== '')
      .at(-1) ?? path;
  return (
    last
      .replace(/\p{Cc}/gu, '')
      .trim()
      .slice(0, 64) || 'space'
  );
}
