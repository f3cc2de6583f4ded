/** Small JSON files in the user's configuration folder, mode 0600, replaced atomically and bounded when read. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { AppError } from '../errors.ts';

/** `HOLDFAST_CONFIG`, else the platform's place for a user's settings. */
export function configDir(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (env.HOLDFAST_CONFIG) return env.HOLDFAST_CONFIG;
  if (platform === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'holdfast');
  return join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'holdfast');
}

/** The file's content, or `empty` when there is none. A damaged file is an error that names it. */
export function readPrivateJson<T>(path: string, schema: z.ZodType<T>, empty: T): T {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return empty;
    throw new AppError('unavailable', `cannot read ${path}`, { cause: error });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new AppError('invalid_input', `${path} is damaged`, {
      hint: 'remove the file; addresses will be trusted anew at first contact',
      cause: error,
    });
  }
}

export function writePrivateJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new AppError('unavailable', `cannot write ${path}`, { cause: error });
  }
}
