/** A file of the console's machine as items: read and checked here, so that the first of its problems show before the node is asked. */
import { readFile, stat } from 'node:fs/promises';
import { AppError } from '../../../src/errors.ts';
import type { FileItems } from '../../../src/model/item-file.ts';
import { plural } from '../../format/numbers.ts';

const bytesMax = 64 * 1024 * 1024;
/** Problems told in the form; the import of the command line tells more. */
const toldMax = 3;

export interface ItemFile<Item> {
  readonly parse: (text: string) => FileItems<Item>;
  /** One of them in words: `device`. */
  readonly item: string;
}

/** @throws AppError `not_found`, or `invalid_input` with the first problems and their lines. */
export async function readItems<Item>(
  path: string,
  { parse, item }: ItemFile<Item>,
): Promise<readonly Item[]> {
  const { size } = await stat(path).catch(() => {
    throw new AppError('not_found', `there is no file ${path}`, {
      hint: 'A path on the machine of this console, not on the node.',
    });
  });
  if (size > bytesMax)
    throw new AppError('invalid_input', 'the file is too large', { hint: 'At most 64 MiB.' });
  const { items, problems } = parse(await readFile(path, 'utf8'));
  if (problems.length > 0) {
    const told = problems.slice(0, toldMax).map(({ place, text }) => `${place}: ${text}`);
    throw new AppError('invalid_input', `the file has ${plural(problems.length, 'problem')}`, {
      hint: told.join('; '),
    });
  }
  if (items.length > 0) return items;
  throw new AppError('invalid_input', `the file holds no ${item}`, {
    hint: 'A CSV file begins with a line of column names.',
  });
}
