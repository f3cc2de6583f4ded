/** Keeps a log file bounded: one that has grown too large is put aside when it is opened, in place of the one before. */
import { renameSync, statSync } from 'node:fs';

const logBytesMax = 16 * 1024 * 1024;

export function rotateWhenLarge(path: string, bytesMax = logBytesMax): void {
  try {
    if (statSync(path).size > bytesMax) renameSync(path, `${path}.1`);
  } catch {
    // There is none yet.
  }
}
