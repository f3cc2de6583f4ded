/** Maps what the operating system says into AppErrors: the only place that knows errno names. */
import { AppError, type ErrorCode } from '../../src/errors.ts';

const known: Readonly<Record<string, { code: ErrorCode; hint: string }>> = {
  ENOENT: { code: 'not_found', hint: 'Check that the path exists.' },
  ENOTDIR: { code: 'invalid_input', hint: 'A part of the path is a file, not a folder.' },
  EEXIST: { code: 'conflict', hint: 'Choose another name, or remove what is there.' },
  ENOTEMPTY: { code: 'conflict', hint: 'Empty the folder first.' },
  EACCES: { code: 'forbidden', hint: 'Give the user that runs the agent access to it.' },
  EPERM: { code: 'forbidden', hint: 'Give the user that runs the agent access to it.' },
  EROFS: { code: 'forbidden', hint: 'The file system is mounted read-only: mount it writable.' },
  ENOSPC: { code: 'disk_full', hint: 'Free space on the disk.' },
  EDQUOT: { code: 'disk_full', hint: "Raise the user's disk quota or free space." },
  EADDRINUSE: { code: 'conflict', hint: 'Another program uses that port: choose another with --listen.' },
  EADDRNOTAVAIL: { code: 'invalid_input', hint: 'This machine has no such address: correct --listen.' },
  EMFILE: { code: 'unavailable', hint: 'Raise the limit of open files (ulimit -n, LimitNOFILE).' },
  ETIMEDOUT: { code: 'timeout', hint: 'Check that the other side is up and reachable.' },
  ECONNREFUSED: { code: 'unavailable', hint: 'Check that the other side is running.' },
};

/** The errno name of anything thrown by the operating system, null when it has none. */
export function errnoOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !('code' in thrown)) return null;
  return typeof thrown.code === 'string' ? thrown.code : null;
}

/** An AppError that says what was being done; `doing` reads like "write /data/settings.json". */
export function fromErrno(thrown: unknown, doing: string): AppError {
  if (thrown instanceof AppError) return thrown;
  const errno = errnoOf(thrown);
  const entry = errno === null ? undefined : known[errno];
  const reason = errno ?? (thrown instanceof Error ? thrown.message : String(thrown));
  return new AppError(entry?.code ?? 'internal', `cannot ${doing}: ${reason}`, {
    ...(entry ? { hint: entry.hint } : {}),
    ...(errno === null ? {} : { details: { errno } }),
    cause: thrown,
  });
}
