/** Maps errno to the disk's own words, once: the block store knows faults, not numbers. */
import { DiskError, type DiskFault } from '../storage/disk.ts';
import { errnoOf } from './errno.ts';

const faults: Readonly<Record<string, DiskFault>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EROFS: 'read-only',
  EIO: 'io',
  ENXIO: 'io',
  EREMOTEIO: 'io',
  EUCLEAN: 'io',
  ENODEV: 'gone',
  ENOENT: 'gone',
  ENOTDIR: 'gone',
  ESTALE: 'gone',
  ENOTCONN: 'gone',
  ESHUTDOWN: 'gone',
  EHOSTDOWN: 'gone',
  EHOSTUNREACH: 'gone',
  EACCES: 'denied',
  EPERM: 'denied',
  ETIMEDOUT: 'hung',
};

const words: Readonly<Record<DiskFault, string>> = {
  full: 'the disk is full',
  'read-only': 'the file system is read-only',
  io: 'the disk reports an error',
  gone: 'the disk, share or file is not there',
  denied: 'the system refuses access',
  hung: 'the storage does not answer',
  left: 'the space was left',
  other: 'the system refuses',
};

/** `doing` reads like "write /mnt/a/blocks/000/blk-000001.mp4"; the message says in words what is wrong, then the errno. */
export function toDiskError(thrown: unknown, doing: string): DiskError {
  if (thrown instanceof DiskError) return thrown;
  const errno = errnoOf(thrown) ?? undefined;
  const fault = (errno === undefined ? undefined : faults[errno]) ?? 'other';
  const reason = errno ?? (thrown instanceof Error ? thrown.message : String(thrown));
  return new DiskError(fault, `${words[fault]} (${reason}): cannot ${doing}`, { errno, cause: thrown });
}
