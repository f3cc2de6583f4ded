/** Files with one item a row, as commands read and write them: problems with their place, and nothing half done. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { AppError } from '../errors.ts';
import type { FileItems } from '../model/item-file.ts';
import type { CommandContext } from './command.ts';
import { errnoOf, fileError } from './file-errors.ts';

const fileBytesMax = 64 * 1024 * 1024;
/** Problems that are shown; the rest is counted. */
const shownMax = 20;

export async function readItems<Item>(
  { output }: CommandContext,
  path: string,
  parse: (text: string) => FileItems<Item>,
): Promise<readonly Item[]> {
  const { items, problems } = parse(await readText(path));
  if (problems.length > 0) {
    for (const { place, text } of problems.slice(0, shownMax)) output.note(`${place}: ${text}`);
    if (problems.length > shownMax) output.note(`and ${problems.length - shownMax} more`);
    throw new AppError('invalid_input', `${path} has ${problems.length} problems: nothing was done`, {
      hint: 'put them right and try again',
      details: { problems: problems.slice(0, shownMax) },
    });
  }
  if (items.length > 0) return items;
  throw new AppError('invalid_input', `${path} holds nothing`, {
    hint: 'a CSV file needs a line of column names',
  });
}

async function readText(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > fileBytesMax) {
      throw new AppError('invalid_input', `${path} is too large`, { hint: 'at most 64 MiB' });
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(errnoOf(error) === 'EACCES' ? 'forbidden' : 'not_found', `cannot read ${path}`, {
      cause: error,
    });
  }
}

/** To a file that is not there yet, or to standard output for `-`. It may hold secrets: only its owner reads it. */
export async function writeItems({ io }: CommandContext, path: string, text: string): Promise<void> {
  if (path === '-') {
    io.stdout.write(text);
    return;
  }
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw fileError(error, path) ?? new AppError('unavailable', `cannot write ${path}`, { cause: error });
  }
}
