import { expect, test } from 'vitest';
import { mountOf, parseMountInfo } from '../../../agent/adapters/mount-table.ts';

const recorded = `22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
31 22 0:26 / /dev/shm rw,nosuid shared:4 - tmpfs tmpfs rw,inode64
88 22 8:17 / /mnt/Disk\\040one rw,relatime shared:50 - xfs /dev/sdb1 rw,attr2
90 22 0:55 / /mnt/nas rw,relatime shared:60 - nfs4 10.0.0.5:/export/video rw,vers=4.2
93 22 8:33 / /mnt/nas rw,relatime - ext4 /dev/sdc1 rw
a broken line
`;

test('mounts are read with their escapes, and what is not a mount is left out', () => {
  const mounts = parseMountInfo(recorded);
  expect(mounts).toHaveLength(5);
  expect(mounts[2]).toEqual({
    device: '8:17',
    mountPoint: '/mnt/Disk one',
    fsType: 'xfs',
    source: '/dev/sdb1',
  });
});

test('a path lies on the deepest mount above it, and on the later one of two at one place', () => {
  const mounts = parseMountInfo(recorded);
  expect(mountOf(mounts, '/mnt/Disk one/spaces/a')?.device).toBe('8:17');
  expect(mountOf(mounts, '/mnt/Disk onerous')?.device).toBe('259:2');
  expect(mountOf(mounts, '/mnt/nas')?.fsType).toBe('ext4');
  expect(mountOf([], '/')).toBeNull();
});
