import { Memory } from 'lowdb';
import { describe, expect, it } from 'vitest';
import { keepBackups, keepBeforeMigration } from '../../../agent/settings/backup/keeper.ts';
import { backupName, dailyMax, hourlyMax, surplusBackups } from '../../../agent/settings/backup/plan.ts';
import {
  DurableAdapter,
  decodeEnvelope,
  type SettingsDisk,
} from '../../../agent/settings/durable-adapter.ts';
import { initialSettings } from '../../../agent/settings/initial.ts';
import { openSettings } from '../../../agent/settings/store.ts';
import { FakeClock } from '../control/fake-clock.ts';

const startMs = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;

function memoryDisk() {
  const files = new Map<string, string>();
  const disk: SettingsDisk = {
    read: async (path) => files.get(path) ?? null,
    writeSynced: async (path, text) => void files.set(path, text),
    rename: async (from, to) => {
      files.set(to, files.get(from) ?? '');
      files.delete(from);
    },
    syncFolder: async () => {},
    makeFolder: async () => {},
    list: async (path) =>
      [...files.keys()]
        .filter((name) => name.startsWith(`${path}/`))
        .map((name) => name.slice(path.length + 1)),
    remove: async (path) => void files.delete(path),
  };
  return { files, disk };
}

describe('the backups of the settings', () => {
  it('thin out to the last of each of 48 hours and of each of 30 days', () => {
    let kept: string[] = [];
    for (let quarter = 0; quarter < 60 * 24 * 4; quarter += 1) {
      kept.push(backupName(startMs + (quarter * hourMs) / 4));
      const surplus = new Set(surplusBackups(kept));
      kept = kept.filter((name) => !surplus.has(name));
    }
    // The 48 hours touch three days, whose last backups are among them.
    expect(kept.length).toBe(hourlyMax + dailyMax - 2);
    expect(kept.at(-1)).toBe('settings-2026-03-01T23-45-00Z.json');
    expect(kept[0]).toBe('settings-2026-01-31T23-45-00Z.json');
  });

  it('leave foreign files alone', () => expect(surplusBackups(['notes.txt', 'settings.json'])).toEqual([]));

  it('are made hourly, soon after a change, and at the end; each can take the place of the settings', async () => {
    const { files, disk } = memoryDisk();
    const clock = new FakeClock(startMs);
    const store = await openSettings({
      adapter: new Memory<unknown>(),
      initial: () => initialSettings({ nodeId: 'n', nodeName: 'n', timeZone: 'UTC', nowMs: 1 }),
    });
    const errors: unknown[] = [];
    const stop = keepBackups({ store, disk, folder: '/b', clock, onError: (error) => errors.push(error) });
    await clock.run(hourMs + 60_000, 30_000);
    expect(files.size).toBe(2);
    const rename = (name: string) =>
      store.update((draft) => {
        draft.node.name = name;
      });
    await rename('one');
    await rename('two');
    await clock.run(30_000, 10_000);
    // It took the place of the other one of its hour.
    expect([...files.keys()].sort()).toEqual([
      '/b/settings-2026-01-01T00-00-30Z.json',
      '/b/settings-2026-01-01T01-01-30Z.json',
    ]);
    clock.advance(1_000);
    await rename('three');
    await stop();
    expect(errors).toEqual([]);
    const newest = [...files.keys()].sort().at(-1) ?? '';
    files.set('/data/settings.json', files.get(newest) ?? '');
    const restored = new DurableAdapter<unknown>({ disk, folder: '/data', fileName: 'settings.json' });
    expect(await restored.read()).toMatchObject({ node: { name: 'three' } });
    const count = files.size;
    await rename('four');
    await clock.run(2 * hourMs, hourMs);
    expect(files.size).toBe(count);
  });

  it('keep the settings of an older version for ever, before the migrated ones are written', async () => {
    const { files, disk } = memoryDisk();
    const clock = new FakeClock(startMs);
    const old = { version: 0, was: 'otherwise' };
    const adapter = new Memory<unknown>();
    await adapter.write(old);
    let writtenAfter = -1;
    const write = adapter.write.bind(adapter);
    adapter.write = async (data) => {
      writtenAfter = files.size;
      return write(data);
    };
    const initial = () => initialSettings({ nodeId: 'n', nodeName: 'n', timeZone: 'UTC', nowMs: 1 });
    const keepOld = keepBeforeMigration({ disk, folder: '/b', clock });
    const steps = { 0: () => ({ ...(initial() as object) }) };
    const store = await openSettings({ adapter, initial, keepOld, steps });
    expect(store.current().node.id).toBe('n');
    expect(writtenAfter).toBe(1);
    const [path = ''] = files.keys();
    expect(path).toBe('/b/settings-of-version-0-2026-01-01T00-00-00Z.json');
    expect(decodeEnvelope(files.get(path) ?? '')?.document).toEqual(old);
    expect(surplusBackups([path.slice(3)])).toEqual([]);
    await openSettings({ adapter, initial, keepOld, steps });
    expect(files.size).toBe(1);
  });

  it('stop a migration that they cannot be made before', async () => {
    const adapter = new Memory<unknown>();
    await adapter.write({ version: 0 });
    const initial = () => initialSettings({ nodeId: 'n', nodeName: 'n', timeZone: 'UTC', nowMs: 1 });
    const keepOld = async () => {
      throw new Error('disk');
    };
    const steps = { 0: () => ({ ...(initial() as object) }) };
    await expect(openSettings({ adapter, initial, keepOld, steps })).rejects.toThrow('disk');
    expect(await adapter.read()).toEqual({ version: 0 });
  });
});
