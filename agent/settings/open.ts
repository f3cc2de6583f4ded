/** Opens the settings of a data folder, making those of a new node when there are none. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../adapters/clock.ts';
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
}): Promise<SettingsStore> {
  const { disk, folder, fileName, nodeName, clock, onFallback } = options;
  return openSettings({
    adapter: new DurableAdapter<unknown>({ disk, folder, fileName, onFallback }),
    initial: () =>
      initialSettings({
        nodeId: `n-${randomBytes(5).toString('hex')}`,
        nodeName,
        timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC',
        nowMs: clock.nowMs(),
      }),
  });
}
