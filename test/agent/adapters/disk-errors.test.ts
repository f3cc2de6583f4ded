import { expect, test } from 'vitest';
import { toDiskError } from '../../../agent/adapters/disk-errors.ts';

const failed = (code: string) => Object.assign(new Error(`${code}: something, fdatasync`), { code });

test.each([
  ['EROFS', 'read-only', 'the file system is read-only (EROFS): cannot sync /mnt/a/blk'],
  ['ENOSPC', 'full', 'the disk is full (ENOSPC): cannot sync /mnt/a/blk'],
  ['EIO', 'io', 'the disk reports an error (EIO): cannot sync /mnt/a/blk'],
  ['ESTALE', 'gone', 'the disk, share or file is not there (ESTALE): cannot sync /mnt/a/blk'],
  ['EACCES', 'denied', 'the system refuses access (EACCES): cannot sync /mnt/a/blk'],
  ['EMLINK', 'other', 'the system refuses (EMLINK): cannot sync /mnt/a/blk'],
] as const)('%s is said in words, with what to do', (errno, fault, message) => {
  const error = toDiskError(failed(errno), 'sync /mnt/a/blk');
  expect(error).toMatchObject({ fault, message, details: { errno } });
  expect(error.hint).toMatch(/\w{3}/);
});
