/** Maps what the operating system says into AppErrors: the only place that knows errno names. */
import { AppError, type ErrorCode } from '../../src/errors.ts';

interface Entry {
  readonly code: ErrorCode;
  /** What the system means by it. */
  readonly words: string;
  readonly hint: string;
}

const noAccess: Entry = {
  code: 'forbidden',
  words: 'it is not allowed',
  hint: 'Give the user that runs the agent access to it.',
};

const known: Readonly<Record<string, Entry>> = {
  ENOENT: { code: 'not_found', words: 'it does not exist', hint: 'Check the path for a typing error.' },
  ENOTDIR: {
    code: 'invalid_input',
    words: 'a part of the path is a file, not a folder',
    hint: 'Check the path for a typing error.',
  },
  EISDIR: { code: 'invalid_input', words: 'it is a folder', hint: 'Name a file.' },
  ELOOP: {
    code: 'invalid_input',
    words: 'symbolic links lead in a circle',
    hint: 'Mend the links, or give the folder itself.',
  },
  ENAMETOOLONG: { code: 'invalid_input', words: 'the name is too long', hint: 'Choose a shorter one.' },
  EEXIST: {
    code: 'conflict',
    words: 'it exists already',
    hint: 'Choose another name, or remove what is there.',
  },
  ENOTEMPTY: { code: 'conflict', words: 'it is not empty', hint: 'Empty the folder first.' },
  EACCES: noAccess,
  EPERM: noAccess,
  EROFS: { code: 'forbidden', words: 'the file system is read-only', hint: 'Mount it writable.' },
  ENOSPC: { code: 'disk_full', words: 'the disk is full', hint: 'Free space on the disk.' },
  EDQUOT: {
    code: 'disk_full',
    words: "the user's disk quota is used up",
    hint: 'Raise the quota or free space.',
  },
  EADDRINUSE: {
    code: 'conflict',
    words: 'another program uses that port',
    hint: 'Choose another with --listen.',
  },
  EADDRNOTAVAIL: {
    code: 'invalid_input',
    words: 'this machine has no such address',
    hint: 'Correct --listen.',
  },
  EMFILE: {
    code: 'unavailable',
    words: 'too many files are open',
    hint: 'Raise the limit of open files (ulimit -n, LimitNOFILE).',
  },
  ETIMEDOUT: {
    code: 'timeout',
    words: 'no answer came in time',
    hint: 'Check that the other side is up and reachable.',
  },
  ECONNREFUSED: {
    code: 'unavailable',
    words: 'nobody listens',
    hint: 'Check that the other side is running.',
  },
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
  const said = errno ?? (thrown instanceof Error ? thrown.message : String(thrown));
  const reason = entry ? `${entry.words} (${said})` : said;
  return new AppError(entry?.code ?? 'internal', `cannot ${doing}: ${reason}`, {
    ...(entry ? { hint: entry.hint } : {}),
    ...(errno === null ? {} : { details: { errno } }),
    cause: thrown,
  });
}
