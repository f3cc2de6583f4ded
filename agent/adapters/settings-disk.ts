/** The real disk under the settings: files of mode 0600, each write synced before it is believed. */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import type { SettingsDisk } from '../settings/durable-adapter.ts';
import { errnoOf, fromErrno } from './errno.ts';

async function missingAs<T>(fallback: T, doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return fallback;
    throw fromErrno(error, doing);
  }
}

async function mapped<T>(doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw fromErrno(error, doing);
  }
}

export function createSettingsDisk(platform: NodeJS.Platform = process.platform): SettingsDisk {
  return {
    read: (path) => missingAs<string | null>(null, `read ${path}`, () => readFile(path, 'utf8')),
    writeSynced: (path, text) =>
      mapped(`write ${path}`, async () => {
        const file = await open(path, 'w', 0o600);
        try {
          await file.writeFile(text);
          await file.sync();
        } finally {
          await file.close();
        }
      }),
    rename: (from, to) => mapped(`rename ${from}`, () => rename(from, to)),
    async syncFolder(path) {
      // Windows cannot open a folder for syncing; NTFS journals renames itself.
      if (platform === 'win32') return;
      await mapped(`sync ${path}`, async () => {
        const folder = await open(path, 'r');
        try {
          await folder.sync();
        } finally {
          await folder.close();
        }
      });
    },
    makeFolder: (path) =>
      mapped(`create ${path}`, async () => {
        await mkdir(path, { recursive: true, mode: 0o700 });
      }),
    list: (path) => missingAs<string[]>([], `list ${path}`, () => readdir(path)),
    remove: (path) => mapped(`remove ${path}`, () => rm(path, { force: true })),
  };
}
