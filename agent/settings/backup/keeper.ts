/** Backs the settings up into the data folder, every hour and soon after a change; any of them can take the place of settings.json. */
import { join } from 'node:path';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import { encodeEnvelope, type SettingsDisk } from '../durable-adapter.ts';
import type { SettingsStore } from '../store.ts';
import { backupName, migrationBackupName, surplusBackups } from './plan.ts';

const hourMs = 3_600_000;
/** Changes made together become one backup. */
const settleMs = 30_000;

export interface BackupOptions {
  store: SettingsStore;
  disk: SettingsDisk;
  folder: string;
  clock: Clock;
  onError: (error: unknown) => void;
}

/** Returns how to stop. */
export function keepBackups(options: BackupOptions): () => Promise<void> {
  const { store, clock, onError } = options;
  let writing: Promise<void> = Promise.resolve();
  let cancelSettle: Cancel | null = null;
  let stopped = false;
  const backUp = () => {
    writing = writing.then(() => writeBackup(options)).catch(onError);
  };
  const hourly = () => {
    backUp();
    cancelHourly = clock.after(hourMs, hourly);
  };
  let cancelHourly = clock.after(settleMs, hourly);
  store.onChange(() => {
    if (stopped) return;
    cancelSettle ??= clock.after(settleMs, () => {
      cancelSettle = null;
      backUp();
    });
  });
  return async () => {
    stopped = true;
    cancelHourly();
    if (cancelSettle) {
      cancelSettle();
      backUp();
    }
    await writing;
  };
}

async function writeBackup({ store, disk, folder, clock }: BackupOptions): Promise<void> {
  await writeDocument({ disk, folder, name: backupName(clock.nowMs()), document: store.current() });
  for (const name of surplusBackups(await disk.list(folder))) await disk.remove(join(folder, name));
}

/** Before an upgrade changes the settings: kept until a person removes it. `version` is that of the document. */
export function keepBeforeMigration(options: {
  disk: SettingsDisk;
  folder: string;
  clock: Pick<Clock, 'nowMs'>;
}): (document: unknown, version: unknown) => Promise<void> {
  const { disk, folder, clock } = options;
  return (document, version) =>
    writeDocument({ disk, folder, name: migrationBackupName(version, clock.nowMs()), document });
}

async function writeDocument(backup: {
  disk: SettingsDisk;
  folder: string;
  name: string;
  document: unknown;
}): Promise<void> {
  const { disk, folder, name, document } = backup;
  const path = join(folder, name);
  await disk.makeFolder(folder);
  await disk.writeSynced(`${path}.tmp`, encodeEnvelope({ serial: 0, document }));
  await disk.rename(`${path}.tmp`, path);
  await disk.syncFolder(folder);
}
