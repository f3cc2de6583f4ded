/** The recorder's sign of life: a file's time stamp, by which the next recorder knows how long none ran. */
import { utimesSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/** UTC ms of the last sign; null before the first one ever. */
export function lastAliveMs(path: string): Promise<number | null> {
  return stat(path).then(
    (found) => Math.round(found.mtimeMs),
    () => null,
  );
}

/** Never throws: on a data folder that became read-only the cameras go on, and the next sign may succeed. */
export function markAlive(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    create(path);
  }
}

function create(path: string): void {
  try {
    writeFileSync(path, '');
  } catch {
    // The index tells of such a disk; a recorder that ended for it would stop every camera.
  }
}
