/** The certificate of the authority that signed a server's, from a file of the machine where it is typed: read whole, bounded, and PEM. */
import { readFile, stat } from 'node:fs/promises';
import { AppError } from '../errors.ts';

/** As much as the contract takes. */
const bytesMax = 16_384;

/** @throws AppError `not_found`, or `invalid_input` for what is too large or no certificate. */
export async function readCaFile(path: string): Promise<string> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (size > bytesMax) {
    throw new AppError('invalid_input', `${path} is too large for a certificate`, {
      hint: 'At most 16 KiB: the authority alone, not a bundle of all.',
    });
  }
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new AppError('invalid_input', `${path} holds no certificate`, {
    hint: 'A PEM file, which begins with -----BEGIN CERTIFICATE-----.',
  });
}

function unreadable(path: string, cause: unknown): AppError {
  return new AppError('not_found', `cannot read ${path}`, {
    hint: 'A path on this machine, not on the node.',
    cause,
  });
}
