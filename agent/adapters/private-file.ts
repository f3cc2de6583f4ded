/** Makes sure a file exists and is readable by its owner only, before a library opens it with its own defaults. */
import { closeSync, fchmodSync, openSync } from 'node:fs';
import { fromErrno } from './errno.ts';

export function makePrivate(path: string): void {
  try {
    const file = openSync(path, 'a', 0o600);
    if (process.platform !== 'win32') fchmodSync(file, 0o600);
    closeSync(file);
  } catch (error) {
    throw fromErrno(error, `open ${path}`);
  }
}
