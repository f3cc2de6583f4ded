/** One look at a space's folder: is it there, is it the one we know, does it take a synced write, and how long does that last. */
import { type Disk, DiskError, type DiskFault, faultOf } from '../disk.ts';
import { markerPath, readMarker, type SpaceMarker } from './marker.ts';
import { heldByAnother, type Owner, ownershipOf } from './ownership.ts';

const healthName = '.holdfast-health';
const healthBytes = 32;

export type Verdict =
  | { readonly ok: true; readonly marker: SpaceMarker; readonly deviceId: number; readonly latencyMs: number }
  | { readonly ok: false; readonly trouble: Trouble };

/** Why a space cannot be used, in words, and what to do. */
export interface Trouble {
  readonly state: 'lost' | 'error';
  readonly problem: string;
  readonly hint: string;
}

/** Never creates anything in a folder without the right marker (I3), nor in one that another node holds (I4). */
export async function inspectSpace(
  disk: Disk,
  space: { id: string; path: string },
  clock: { monotonicMs(): number },
  self: Owner,
): Promise<Verdict> {
  try {
    const entry = await disk.stat(markerPath(space.path));
    const marker = entry === null ? 'absent' : await readMarker(disk, space.path);
    if (entry === null || marker === 'absent') return { ok: false, trouble: await absence(disk, space.path) };
    if (marker === 'damaged') return { ok: false, trouble: damaged(space.path) };
    if (marker.spaceId !== space.id) return { ok: false, trouble: stranger(space.path, marker.spaceId) };
    if (ownershipOf(marker, self) === 'held')
      return { ok: false, trouble: heldByAnother(space.path, marker, self) };
    const startedMs = clock.monotonicMs();
    await syncedWrite(disk, `${space.path}/${healthName}`);
    return { ok: true, marker, deviceId: entry.deviceId, latencyMs: clock.monotonicMs() - startedMs };
  } catch (thrown) {
    return { ok: false, trouble: troubleOf(thrown) };
  }
}

const stateOfFault: Readonly<Record<DiskFault, Trouble['state']>> = {
  gone: 'lost',
  hung: 'lost',
  left: 'lost',
  full: 'error',
  'read-only': 'error',
  io: 'error',
  denied: 'error',
  other: 'error',
};

export function troubleOf(thrown: unknown): Trouble {
  const error =
    thrown instanceof DiskError ? thrown : new DiskError('other', String(thrown), { cause: thrown });
  return { state: stateOfFault[faultOf(error)], problem: error.message, hint: error.hint ?? '' };
}

async function syncedWrite(disk: Disk, path: string): Promise<void> {
  const exists = (await disk.stat(path)) !== null;
  const file = await disk.open(path, exists ? 'update' : 'create');
  try {
    await file.write([new Uint8Array(healthBytes).fill(0x2e)], 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function absence(disk: Disk, path: string): Promise<Trouble> {
  const folder = await disk.stat(path);
  return {
    state: 'lost',
    problem:
      folder === null ? `the folder ${path} is not there` : `${path} carries no marker of a storage space`,
    hint: 'Mount the disk or share at this path again; recording returns to it by itself. A new space must be initialised.',
  };
}

function damaged(path: string): Trouble {
  return {
    state: 'error',
    problem: `the marker in ${path} is damaged`,
    hint: 'Check the file system. Initialise the space again if it is healthy: that destroys the video on it.',
  };
}

function stranger(path: string, spaceId: string): Trouble {
  return {
    state: 'lost',
    problem: `${path} is not the folder it was: it belongs to space ${spaceId}`,
    hint: 'Mount the right disk at this path.',
  };
}
