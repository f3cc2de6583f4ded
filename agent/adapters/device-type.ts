/** Tells solid-state from rotating, network and memory storage by what the Linux kernel says of a mount. */
import { readFile, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DeviceType } from '../storage/disk.ts';
import { type Mount, mountOf, readMounts } from './mount-table.ts';

const memoryTypes = new Set(['tmpfs', 'ramfs']);
const networkTypes = new Set([
  'nfs',
  'nfs4',
  'cifs',
  'smb3',
  'smbfs',
  'ceph',
  'glusterfs',
  'fuse.sshfs',
  'fuse.glusterfs',
  '9p',
  'afs',
]);

/** `unknown` where the system does not say. */
export async function deviceTypeOf(path: string): Promise<DeviceType> {
  const real = await realpath(path).catch(() => path);
  const mount = mountOf(await readMounts(), real);
  return mount === null ? 'unknown' : deviceTypeOfMount(mount);
}

async function deviceTypeOfMount(mount: Mount): Promise<DeviceType> {
  if (memoryTypes.has(mount.fsType)) return 'memory';
  if (networkTypes.has(mount.fsType)) return 'nas';
  const rotational = await rotationalFlag(mount.device);
  return rotational === null ? 'unknown' : rotational ? 'hdd' : 'ssd';
}

/** A partition has no queue of its own: its disk, one folder up, has. */
async function rotationalFlag(device: string): Promise<boolean | null> {
  const folder = await realpath(`/sys/dev/block/${device}`).catch(() => null);
  if (folder === null) return null;
  for (const place of [folder, dirname(folder)]) {
    const text = await readFile(`${place}/queue/rotational`, 'utf8').catch(() => null);
    if (text !== null) return text.trim() === '1';
  }
  return null;
}
