/** What inspection and export need of the settings: a new object only when the settings have changed. */
import type { Settings } from '../../src/settings/schema.ts';
import type { ReaderConfig } from '../inspection/types.ts';
import type { SettingsStore } from './store.ts';

export function readerConfigOf(store: SettingsStore): () => ReaderConfig {
  let from: Settings | null = null;
  let made: ReaderConfig | null = null;
  return () => {
    const settings = store.current();
    if (made === null || from !== settings) {
      from = settings;
      made = {
        timeZone: settings.node.timeZone,
        cameras: settings.cameras.map(({ id, name, channel, plan, createdAtMs }) => ({
          id,
          name,
          channel,
          plan,
          createdAtMs,
        })),
        spaces: settings.spaces.map(({ id, path }) => ({ id, path })),
      };
    }
    return made;
  };
}
