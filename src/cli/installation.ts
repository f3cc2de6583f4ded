/** Where this copy of Holdfast lies, its version, its built programs, and the data folder it uses when none is named. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { localSocketPath } from '../client/address.ts';
import { AppError } from '../errors.ts';

/** The folder of package.json, from src/cli as well as from dist/src/cli. */
export const root = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new AppError('internal', 'package.json is missing beside the program');
  return findRoot(parent);
}

export function version(): string {
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

/** A program of the build, by its path below dist without `.js`: `agent/main`, `tui/main`. */
export function builtProgram(name: string): string {
  const path = join(root, 'dist', `${name}.js`);
  if (!existsSync(path)) {
    throw new AppError('unavailable', `${name} is not built`, { hint: `run "npm run build" in ${root}` });
  }
  return path;
}

export interface DataDirFacts {
  env: NodeJS.ProcessEnv;
  /** The clone this program runs from, or null when it is installed. */
  clone: string | null;
  accessible(path: string): boolean;
  exists(path: string): boolean;
  home: string;
  platform: NodeJS.Platform;
}

/**
 * HOLDFAST_DATA; in a clone `.holdfast/data` of it (or the demo's folder while only the demo runs);
 * `/var/lib/holdfast` (Windows: `%ProgramData%\Holdfast`) when it is accessible; else a folder of the user.
 */
export function defaultDataDir(facts: DataDirFacts = realFacts()): string {
  const { env, clone, platform } = facts;
  if (env.HOLDFAST_DATA) return env.HOLDFAST_DATA;
  if (clone !== null) {
    const own = join(clone, '.holdfast', 'data');
    const demo = demoDataDir(clone);
    const onlyDemo =
      !facts.exists(localSocketPath(own, platform)) && facts.exists(localSocketPath(demo, platform));
    return onlyDemo ? demo : own;
  }
  const shared =
    platform === 'win32' ? join(env.ProgramData ?? 'C:\\ProgramData', 'Holdfast') : '/var/lib/holdfast';
  if (facts.accessible(shared)) return shared;
  return platform === 'win32'
    ? join(env.LOCALAPPDATA ?? join(facts.home, 'AppData', 'Local'), 'Holdfast')
    : join(env.XDG_DATA_HOME ?? join(facts.home, '.local', 'share'), 'holdfast');
}

export function demoDataDir(base: string = root): string {
  return join(base, '.holdfast', 'demo');
}

function realFacts(): DataDirFacts {
  return {
    env: process.env,
    clone: existsSync(join(root, '.git')) ? root : null,
    accessible: (path) => {
      try {
        accessSync(path, constants.R_OK | constants.X_OK);
        return true;
      } catch {
        return false;
      }
    },
    exists: existsSync,
    home: homedir(),
    platform: process.platform,
  };
}
