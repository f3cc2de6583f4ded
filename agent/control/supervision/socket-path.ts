/** Where a process of a data folder listens for control: a Unix socket in it, on Windows a named pipe made of its path. */
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';

export function processSocketPath(
  name: 'recorder' | 'guard' | 'receiver',
  dataDir: string,
  platform: NodeJS.Platform,
): string {
  if (platform !== 'win32') return join(dataDir, `${name}.sock`);
  const digest = createHash('sha256').update(resolve(dataDir).toLowerCase()).digest('hex');
  return `\\\\.\\pipe\\holdfast-${name}-${digest.slice(0, 16)}`;
}
