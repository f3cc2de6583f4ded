/** What the system says about a file that a command was to write, as an error with a hint. */
import { AppError, type ErrorCode } from '../errors.ts';

interface Words {
  code: ErrorCode;
  message(path: string): string;
  hint: string;
}

const noFolder: Words = {
  code: 'not_found',
  message: (path) => `the folder of ${path} does not exist`,
  hint: 'make it first, or choose another place',
};
const noRoom: Words = {
  code: 'disk_full',
  message: (path) => `no room for ${path}`,
  hint: 'write less, or to another disk',
};
const denied: Words = {
  code: 'forbidden',
  message: (path) => `${path} may not be written`,
  hint: 'choose a place where you may write',
};

const known: Readonly<Record<string, Words>> = {
  ENOENT: noFolder,
  ENOTDIR: noFolder,
  ENOSPC: noRoom,
  EDQUOT: noRoom,
  EFBIG: noRoom,
  EACCES: denied,
  EPERM: denied,
  EROFS: denied,
  EISDIR: {
    code: 'conflict',
    message: (path) => `${path} is a folder`,
    hint: 'name a file in it',
  },
  EEXIST: {
    code: 'conflict',
    message: (path) => `${path} exists`,
    hint: 'choose another name, or remove it first',
  },
};

/** Null when it is no error of the file. */
export function fileError(thrown: unknown, path: string): AppError | null {
  const words = known[errnoOf(thrown)];
  return words ? new AppError(words.code, words.message(path), { hint: words.hint, cause: thrown }) : null;
}

/** The errno name of anything thrown, empty when it has none. */
export function errnoOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
