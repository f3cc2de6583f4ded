import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realDisk } from '../../../agent/adapters/disk.ts';
import { createFolders } from '../../../agent/adapters/folders.ts';
import { writeMarker } from '../../../agent/storage/space/marker.ts';
import { folderEntrySchema } from '../../../src/contract/index.ts';

let folder = '';
const folders = createFolders(() => 'n-own');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-folders-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const mark = (path: string, ownerNode: string) =>
  writeMarker(realDisk(), path, {
    formatVersion: 1,
    spaceId: 's3',
    name: 'x',
    quotaBytes: 512 * 2 ** 20,
    blockBytes: 8 * 2 ** 20,
    blocks: 64,
    ownerNode,
    ownerEpoch: 1,
    createdMs: 1,
    state: 'ready',
  });

describe('a folder', () => {
  it('that is empty tells its room and that it can be written', async () => {
    const { entry, marked } = await folders.inspect(folder);
    expect(folderEntrySchema.parse(entry)).toMatchObject({
      path: folder,
      empty: true,
      writable: true,
      holdfast: null,
    });
    expect(entry.freeBytes).toBeGreaterThan(0);
    expect(marked).toBeNull();
  });

  it('that holds a file is not empty; what file systems leave behind does not count', async () => {
    mkdirSync(join(folder, 'lost+found'));
    expect((await folders.inspect(folder)).entry.empty).toBe(true);
    writeFileSync(join(folder, '.hidden'), '');
    expect((await folders.inspect(folder)).entry.empty).toBe(false);
  });

  it('that is a space says whose', async () => {
    await mark(folder, 'n-own');
    expect(await folders.inspect(folder)).toMatchObject({
      entry: { holdfast: { spaceId: 's3', ownerNode: 'n-own', ours: true } },
      marked: { quotaBytes: 512 * 2 ** 20, blockBytes: 8 * 2 ** 20 },
    });
    await mark(folder, 'n-other');
    expect((await folders.inspect(folder)).entry.holdfast?.ours).toBe(false);
  });

  it('on the disk of the operating system is known as such', async () => {
    expect((await folders.inspect('/')).entry.systemDisk).toBe(true);
  });

  it.skipIf(process.getuid?.() === 0)('that cannot be written says so', async () => {
    chmodSync(folder, 0o500);
    expect((await folders.inspect(folder)).entry.writable).toBe(false);
  });

  it('that is none is refused with the reason', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(folders.inspect(join(folder, 'none'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(folders.inspect(join(folder, 'file'))).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(folders.browse(join(folder, 'none'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(folders.makeFolder(folder)).rejects.toMatchObject({ code: 'conflict' });
    await expect(folders.makeFolder(join(folder, 'a', 'b'))).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('browsing', () => {
  it('lists folders in order, without files and hidden ones, and the way up', async () => {
    for (const name of ['b', 'a', '.git']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'file'), '');
    const found = await folders.browse(folder);
    expect(found.entries.map((entry) => entry.name)).toEqual(['a', 'b']);
    expect(found).toMatchObject({ path: folder, parent: tmpdir() });
    await folders.makeFolder(join(folder, 'c'));
    expect((await folders.browse(folder)).entries).toHaveLength(3);
  });

  it('begins with the mounts of the node', async () => {
    const { path, parent, entries } = await folders.browse(undefined);
    expect({ path, parent }).toEqual({ path: null, parent: null });
    expect(entries.length).toBeGreaterThan(0);
    for (const entry of entries) expect(folderEntrySchema.parse(entry).kind).toBe('mount');
  });
});
