/** Where the recorder of a data folder listens: a Unix socket in it, on Windows a named pipe made of its path. */
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';

export function recorderSocketPath(dataDir: string, platform: NodeJS.Platform): string {
  if (platform !== 'win32') return join(dataDir, 'recorder.sock');
  const digest = createHash('sha256').update(resolve(dataDir).toLowerCase()).digest('hex');
  return `\\\\.\\pipe\\holdfast-recorder-${digest.slice(0, 16)}`;
}
