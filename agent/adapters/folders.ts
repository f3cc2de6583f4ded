/** Folders and disks as control asks for them; every look has a deadline, so that a NAS that hangs holds up nobody. */
import { access, constants, mkdir, readdir, realpath, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FolderEntry } from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import type { Folders } from '../control/ports.ts';
import { readMarker } from '../storage/space/marker.ts';
import { planSpace } from '../storage/space/plan.ts';
import { deviceTypeOf } from './device-type.ts';
import { realDisk } from './disk.ts';
import { errnoOf, fromErrno } from './errno.ts';
import { mountOf, readMounts } from './mount-table.ts';

const systemRoot = process.platform === 'win32' ? `${process.env.SystemDrive ?? 'C:'}\\` : '/';
const deadlineMs = 5_000;
const entriesMax = 500;
/** File systems that never hold a space. */
const virtualTypes = new Set([
  'proc',
  'sysfs',
  'devtmpfs',
  'devpts',
  'cgroup',
  'cgroup2',
  'mqueue',
  'debugfs',
  'tracefs',
  'securityfs',
  'pstore',
  'bpf',
  'configfs',
  'fusectl',
  'hugetlbfs',
  'autofs',
  'binfmt_misc',
  'efivarfs',
  'squashfs',
  'nsfs',
  'ramfs',
  'rpc_pipefs',
]);

/** Where systems mount memory and their own affairs with types of ordinary file systems: not offered, and taken when typed. */
const systemFolders = /^\/(dev|proc|run(?!\/media\/)|sys)(\/|$)/;

export function createFolders(nodeId: () => string): Folders {
  const inspect = (path: string, kind: FolderEntry['kind'] = 'folder') => inspectFolder(path, kind, nodeId());
  return {
    layout: planSpace,
    inspect: (path) =>
      within(path, async () => {
        await refuseVirtual(path);
        return inspect(path);
      }),
    makeFolder: (path) =>
      within(path, () =>
        mkdir(path, { mode: 0o750 }).catch(async (error: unknown) => {
          if (errnoOf(error) === 'ENOENT') throw await noFolder(dirname(path));
          throw fromErrno(error, `create ${path}`);
        }),
      ),
    browse: (path) =>
      within(path ?? '/', async () => {
        const found = path === undefined ? await mountPoints() : await subfolders(path);
        const kind = path === undefined ? 'mount' : 'folder';
        const looks = found.slice(0, entriesMax).map((one) => inspect(one, kind).catch(() => null));
        const entries = (await Promise.all(looks)).flatMap((look) => (look ? [look.entry] : []));
        const parent = path === undefined || dirname(path) === path ? null : dirname(path);
        return { path: path ?? null, parent, entries };
      }),
  };
}

async function within<T>(path: string, run: () => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      reject(
        new AppError('timeout', `no answer from ${path} within ${deadlineMs / 1000} s`, {
          hint: 'Check the network share or the disk behind this path.',
        }),
      ),
    deadlineMs,
  );
  try {
    return await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function inspectFolder(path: string, kind: FolderEntry['kind'], nodeId: string) {
  const [found, root] = await Promise.all([statFolder(path), stat(systemRoot).catch(() => null)]);
  const [room, names, writable, deviceType, marker] = await Promise.all([
    statfs(path).catch(() => null),
    readdir(path).catch(() => null),
    access(path, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    ),
    deviceTypeOf(path),
    readMarker(realDisk(), path).catch(() => 'absent' as const),
  ]);
  const entry: FolderEntry = {
    path,
    name: basename(path) || path,
    kind,
    totalBytes: room ? room.blocks * room.bsize : null,
    freeBytes: room ? room.bavail * room.bsize : null,
    deviceType,
    systemDisk: root !== null && found.dev === root.dev,
    writable,
    // What cannot be listed may hold anything.
    empty: names?.every((name) => name === 'lost+found') ?? false,
    holdfast:
      typeof marker === 'string'
        ? null
        : { spaceId: marker.spaceId, ownerNode: marker.ownerNode, ours: marker.ownerNode === nodeId },
  };
  const marked =
    typeof marker === 'string' ? null : { blockBytes: marker.blockBytes, quotaBytes: marker.quotaBytes };
  return { entry, marked };
}

async function statFolder(path: string) {
  const found = await stat(path).catch(async (error: unknown) => {
    if (errnoOf(error) === 'ENOENT') throw await noFolder(path);
    throw fromErrno(error, `open ${path}`);
  });
  if (found.isDirectory()) return found;
  throw new AppError('invalid_input', `path: ${path} is not a folder`, {
    hint: 'Choose a folder.',
    details: { field: 'path' },
  });
}

/** `details.missing` only when one new folder would do: a longer missing path is more likely a typing error. */
async function noFolder(path: string): Promise<AppError> {
  let nearest = dirname(path);
  while (nearest !== dirname(nearest) && !(await isFolder(nearest))) nearest = dirname(nearest);
  const look = `see what is there: holdfast space browse ${nearest}`;
  const isLast = nearest === dirname(path);
  return new AppError('not_found', `there is no folder ${path}`, {
    hint: isLast
      ? `Make it (with holdfast space add … --create, or New folder on the Storage page), or ${look}.`
      : `The nearest that exists is ${nearest}. Check the path for a typing error; ${look}.`,
    details: { field: 'path', nearest, ...(isLast ? { missing: path } : {}) },
  });
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}

/** @throws AppError `invalid_input` for what the kernel shows as files, such as /proc and /sys. */
async function refuseVirtual(path: string): Promise<void> {
  const mount = mountOf(await readMounts(), await realpath(path).catch(() => path));
  if (!mount || !virtualTypes.has(mount.fsType)) return;
  throw new AppError('invalid_input', `path: ${path} is a ${mount.fsType} of the system and holds no files`, {
    hint: 'Choose a folder on a disk: holdfast space browse shows them.',
    details: { field: 'path' },
  });
}

async function mountPoints(): Promise<string[]> {
  const mounts = (await readMounts()).filter(
    ({ fsType, mountPoint }) => !virtualTypes.has(fsType) && !systemFolders.test(mountPoint),
  );
  const points = await Promise.all(
    mounts.map(async ({ mountPoint }) =>
      (await stat(mountPoint).catch(() => null))?.isDirectory() ? mountPoint : null,
    ),
  );
  const found = [...new Set(points.filter((point) => point !== null))].sort();
  return found.length > 0 ? found : [await realpath('/')];
}

async function subfolders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(async (error: unknown) => {
    if (errnoOf(error) === 'ENOENT') throw await noFolder(path);
    throw fromErrno(error, `list ${path}`);
  });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => join(path, entry.name))
    .sort();
}
