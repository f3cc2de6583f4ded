/** A secret for a command: from a file, from standard input, typed without echo, or in the open as an argument. */
import { readFile, stat } from 'node:fs/promises';
import { AppError } from '../errors.ts';
import type { CliIo } from './io.ts';
import { askPassword, readStdinLines } from './prompt.ts';

const fileBytesMax = 4_096;

export interface SecretSource {
  /** What it is called in questions and errors: `ARC key`. */
  name: string;
  /** Name of the flag without dashes: `key`. */
  flag: string;
  /** Given in the open: everybody on this machine can see it while the command runs. */
  value: string | undefined;
  /** Path of a file that holds nothing else; `-` is standard input. */
  file: string | undefined;
}

/** Null when neither was given. @throws AppError when both were, or the file holds none. */
export async function readSecret(io: CliIo, source: SecretSource): Promise<string | null> {
  const { name, flag, value, file } = source;
  if (value !== undefined && file !== undefined) {
    throw new AppError('invalid_input', `--${flag} and --${flag}-file both give the ${name}`, {
      hint: 'give one of them',
    });
  }
  if (value !== undefined) return value;
  if (file === undefined) return null;
  const secret = file === '-' ? ((await readStdinLines(io))[0] ?? '') : await firstLine(file);
  if (secret.trim() !== '') return secret.trim();
  throw new AppError('invalid_input', `${file === '-' ? 'standard input' : file} holds no ${name}`);
}

/** The same, asked for on the terminal when it was not given. */
export async function needSecret(io: CliIo, source: SecretSource): Promise<string> {
  const given = await readSecret(io, source);
  if (given !== null) return given;
  try {
    return await askPassword(io, `${source.name}: `);
  } catch (error) {
    if (!(error instanceof AppError) || error.message === 'cancelled') throw error;
    throw new AppError('invalid_input', `the ${source.name} is missing`, {
      hint: `give --${source.flag}-file FILE (- for standard input)`,
      cause: error,
    });
  }
}

async function firstLine(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > fileBytesMax)
      throw new AppError('invalid_input', `${path} is too large for a secret`);
    return (await readFile(path, 'utf8')).split(/\r?\n/)[0] ?? '';
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('not_found', `cannot read ${path}`, { cause: error });
  }
}
