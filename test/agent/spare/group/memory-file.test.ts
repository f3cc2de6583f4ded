/** What a member remembers: there after a restart, and never a reason not to start. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createSettingsDisk } from '../../../../agent/adapters/settings-disk.ts';
import { type GroupMemory, openGroupMemory } from '../../../../agent/spare/group/memory-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-group-'));
const path = join(folder, 'group.json');
const open = () =>
  openGroupMemory({ path, disk: createSettingsDisk(), onError: (error) => errors.push(error) });
const errors: unknown[] = [];
const memory: GroupMemory = {
  arcId: 'site',
  role: 'spare-1',
  roster: { version: 1, members: [{ id: 'a', name: 'A', role: 'host', joinedMs: 1 }] },
  settledThrough: 7,
  copy: { name: 'HF_Backup_site_a', version: 3, publishedMs: 1, updatedMs: 2, bytes: 9 },
};

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the memory of a member', () => {
  it('keeps the last of several, for its owner only, and forgets', async () => {
    const file = open();
    expect(await file.read()).toBeNull();
    file.write({ ...memory, role: 'host' });
    file.write(memory);
    await file.close();
    expect(await open().read()).toEqual(memory);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    file.write(null);
    await file.close();
    expect(await open().read()).toBeNull();
    writeFileSync(path, '{"arcId": "si');
    expect(await open().read()).toBeNull();
    expect(errors).toEqual([]);
  });

  it('tells a disk that cannot be written, and goes on', async () => {
    const file = open();
    file.write(memory);
    await file.close();
    expect(errors).toHaveLength(1);
  });
});
