/** The settings in memory and on disk: one writer, each change validated whole, durable before it is seen. */

import type { Adapter } from 'lowdb';
import { Low } from 'lowdb';
import { AppError } from '../../src/errors.ts';
import { type MigrationSteps, migrateSettings, parseSettings } from '../../src/settings/migrate.ts';
import { type Settings, settingsVersion } from '../../src/settings/schema.ts';

/** Most changes waiting for the disk. */
const waitingMax = 256;

export interface SettingsStore {
  /** The present settings; never change them in place. */
  current(): Settings;
  /**
   * `change` gets a private copy and edits it; what it returns is given back once the change is on disk.
   * Changes run one after the other, so `change` sees all earlier ones.
   * @throws AppError `invalid_input` when the result is not valid: then nothing changed.
   */
  update<R>(change: (draft: Settings) => R): Promise<R>;
  onChange(listener: (settings: Settings) => void): void;
  /** Waits for changes under way. */
  close(): Promise<void>;
}

/** Loads, migrates and validates; writes `initial()` when there is nothing yet. */
export async function openSettings(options: {
  adapter: Adapter<unknown>;
  initial: () => unknown;
  /** Keeps the document of an older version as it is, before the migrated one takes its place. */
  keepOld?: (document: unknown, version: unknown) => Promise<void>;
  steps?: MigrationSteps;
  /** Told what a listener threw: the change is made all the same, and the other listeners hear of it. */
  onListenerError?: (error: unknown) => void;
}): Promise<SettingsStore> {
  const low = new Low<unknown>(options.adapter, null);
  await low.read();
  const created = low.data === null;
  const before = created ? options.initial() : low.data;
  const settings = migrateSettings(before, options.steps);
  if (created || versionOf(before) !== settingsVersion) {
    if (!created) await options.keepOld?.(before, versionOf(before));
    low.data = settings;
    await low.write();
  }
  return createStore(low, settings, options.onListenerError ?? (() => {}));
}

function versionOf(document: unknown): unknown {
  return typeof document === 'object' && document !== null && 'version' in document ? document.version : null;
}

function createStore(
  low: Low<unknown>,
  loaded: Settings,
  onListenerError: (error: unknown) => void,
): SettingsStore {
  const listeners: ((settings: Settings) => void)[] = [];
  let current = loaded;
  let tail: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const apply = async <R>(change: (draft: Settings) => R): Promise<R> => {
    const draft = structuredClone(current);
    const result = change(draft);
    const next = parseSettings(draft);
    low.data = next;
    try {
      await low.write();
    } catch (error) {
      low.data = current;
      throw error;
    }
    current = next;
    for (const listener of listeners) {
      try {
        listener(next);
      } catch (error) {
        onListenerError(error);
      }
    }
    return result;
  };
  return {
    current: () => current,
    update(change) {
      if (waiting >= waitingMax) {
        throw new AppError('unavailable', 'too many changes of the settings are waiting', {
          hint: 'Try again in a moment; look at the disk of the data folder when it stays so.',
        });
      }
      waiting += 1;
      const done = tail
        .then(() => apply(change))
        .finally(() => {
          waiting -= 1;
        });
      tail = done.catch(() => {});
      return done;
    },
    onChange: (listener) => listeners.push(listener),
    close: async () => {
      await tail;
    },
  };
}
