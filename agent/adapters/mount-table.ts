/** The node's mounts as the kernel tells them, and which of them a path lies on. */
import { readFile } from 'node:fs/promises';

export interface Mount {
  /** `major:minor` of the device. */
  readonly device: string;
  readonly mountPoint: string;
  readonly fsType: string;
  readonly source: string;
}

/** Parses `/proc/self/mountinfo` (proc(5)); lines that do not read as such are left out. */
export function parseMountInfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const fields = before?.split(' ') ?? [];
    const [fsType, source] = after?.split(' ') ?? [];
    const device = fields[2];
    const mountPoint = fields[4];
    if (!device || !mountPoint || !fsType) return [];
    return [{ device, mountPoint: unescapeOctal(mountPoint), fsType, source: unescapeOctal(source ?? '') }];
  });
}

/** The mount that holds `path`: the longest mount point above it, of two at the same place the later one. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | null {
  let best: Mount | null = null;
  for (const mount of mounts) {
    const folder = mount.mountPoint === '/' ? '/' : `${mount.mountPoint}/`;
    if (path !== mount.mountPoint && !path.startsWith(folder)) continue;
    if (best === null || mount.mountPoint.length >= best.mountPoint.length) best = mount;
  }
  return best;
}

/** [] where there is no such table. */
export async function readMounts(): Promise<Mount[]> {
  return parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''));
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
