/** Opens the settings of a data folder, making those of a new node when there are none. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../adapters/clock.ts';
import { keepBeforeMigration } from './backup/keeper.ts';
import { DurableAdapter, type SettingsDisk } from './durable-adapter.ts';
import { initialSettings } from './initial.ts';
import { openSettings, type SettingsStore } from './store.ts';

export async function openNodeSettings(options: {
  disk: SettingsDisk;
  folder: string;
  fileName: string;
  nodeName: string;
  clock: Clock;
  onFallback: (problem: string) => void;
  onListenerError?: (error: unknown) => void;
  /** Where the settings of an older version are kept when they are migrated. */
  backupFolder: string;
}): Promise<SettingsStore> {
  const { disk, folder, fileName, nodeName, clock, onFallback, onListenerError, backupFolder } = options;
  return openSettings({
    adapter: new DurableAdapter<unknown>({ disk, folder, fileName, onFallback }),
    ...(onListenerError ? { onListenerError } : {}),
    keepOld: keepBeforeMigration({ disk, folder: backupFolder, clock }),
    initial: () =>
      initialSettings({
        nodeId: `n-${randomBytes(5).toString('hex')}`,
        nodeName,
        timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC',
        nowMs: clock.nowMs(),
      }),
  });
}
