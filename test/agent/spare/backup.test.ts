/** The group's backup: sealed, published on change, followed by the spares in seconds, and never half taken over. */
import { describe, expect, it } from 'vitest';
import { createBackupSealer } from '../../../agent/spare/backup/seal.ts';
import { Site } from './receivers.ts';

const name = 'HF_Backup_site_a';

describe('the seal', () => {
  const sealer = createBackupSealer('a secret of the store', 'site');
  const as = { name, version: 3 };
  const body = Buffer.from('1001,1002');

  it('opens under the same secret, name and version, and hides what it holds', async () => {
    const sealed = await sealer.seal(body, as);
    expect(Buffer.from(await sealer.open(sealed, as))).toEqual(body);
    expect(Buffer.from(sealed).includes('1001')).toBe(false);
  });

  it.each([
    [
      'another secret',
      async (sealed: Uint8Array) => createBackupSealer('another one', 'site').open(sealed, as),
    ],
    [
      'another group',
      async (sealed: Uint8Array) => createBackupSealer('a secret of the store', 'yard').open(sealed, as),
    ],
    ['another version', async (sealed: Uint8Array) => sealer.open(sealed, { name, version: 2 })],
    [
      'another name',
      async (sealed: Uint8Array) => sealer.open(sealed, { name: 'HF_Backup_site_b', version: 3 }),
    ],
    ['nothing', async () => sealer.open(Buffer.alloc(0), as)],
  ])('does not open under %s', async (_what, open) => {
    const sealed = await sealer.seal(body, as);
    await expect(open(sealed)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('does not open with a changed byte anywhere', async () => {
    const sealed = Buffer.from(await sealer.seal(body, as));
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      await expect(sealer.open(changed, as)).rejects.toMatchObject({ code: 'unauthorized' });
    }
  });
});

describe('publishing and following', () => {
  it('brings a change on the host to the spares within two seconds', async () => {
    const site = new Site();
    const [a, b, c] = await site.group('a', 'b', 'c');
    a?.directory.edit('1001,1002,1003');
    a?.group.directoryChanged();
    expect(
      await site.until(
        () => b?.directory.text === '1001,1002,1003' && c?.directory.text === b?.directory.text,
        5_000,
      ),
    ).toBeLessThan(2_000);
    await site.run(2_000);
    expect(b?.status().backup).toMatchObject({ name, state: 'updated', devices: 3, problem: null });
    expect(b?.status().backup.version).toBe(a?.status().backup.version);
    expect(a?.status().members[1]).toMatchObject({
      backupState: 'updated',
      backupVersion: a?.status().backup.version,
    });
  });

  it('publishes changes that come together once', async () => {
    const site = new Site();
    const [a] = await site.group('a', 'b');
    const before = a?.status().backup.version ?? 0;
    for (const text of ['1', '1,2', '1,2,3', '1,2,3,4']) {
      a?.directory.edit(text);
      a?.group.directoryChanged();
    }
    await site.run(3_000);
    expect(site.store.backups.size).toBe(1);
    expect(a?.status().backup).toMatchObject({ devices: 4, state: 'updated' });
    expect((a?.status().backup.version ?? 0) - before).toBeLessThanOrEqual(4);
  });

  it('is found within a minute when nobody told of it', async () => {
    const site = new Site();
    const [, b] = await site.group('a', 'b');
    const version = (site.store.backups.get(name)?.backup.version ?? 0) + 5;
    const body = await createBackupSealer('a secret of the store', 'site').seal(Buffer.from('9'), {
      name,
      version,
    });
    site.store.backups.set(name, { backup: { name, version, publishedMs: 1, bytes: body.byteLength }, body });
    site.store.cut.add('a');
    const tookMs = await site.until(() => b?.directory.text === '9', 70_000);
    expect(tookMs).toBeGreaterThan(2_000);
    expect(tookMs).toBeLessThanOrEqual(61_000);
  });

  it('is fetched at once by hand', async () => {
    const site = new Site();
    const [, b] = await site.group('a', 'b');
    const version = 50;
    const body = await createBackupSealer('a secret of the store', 'site').seal(Buffer.from('9'), {
      name,
      version,
    });
    site.store.backups.set(name, { backup: { name, version, publishedMs: 1, bytes: body.byteLength }, body });
    await site.while(b?.group.synchronise());
    expect(b?.directory.text).toBe('9');
  });

  it('keeps what a spare has when the backup cannot be opened, and says so', async () => {
    const site = new Site();
    await site.group('a');
    const b = site.receiver('b');
    await b.make({ secret: 'a different key' }).connect({ replaceOwn: false });
    await site.run(3_000);
    expect(b.directory.text).toBe('');
    expect(b.status().backup).toMatchObject({
      state: 'failed',
      problem: `the backup ${name} cannot be opened`,
    });
    expect(b.notes.filter(({ event }) => event === 'group.backup-failed')).toHaveLength(1);
    await expect(site.while(b.group.synchronise())).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('waits for the store, and goes on by itself', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b');
    site.store.down = true;
    a?.directory.edit('5');
    a?.group.directoryChanged();
    await site.run(10_000);
    expect(a?.status().backup.state).toBe('failed');
    site.store.down = false;
    await site.until(() => b?.directory.text === '5', 35_000);
  });

  it('publishes nothing anew when a host was restarted and nothing changed', async () => {
    const site = new Site();
    const [a] = await site.group('a', 'b');
    const version = a?.status().backup.version;
    await site.while(a?.group.close());
    await a?.make().start();
    await site.run(5_000);
    expect(a?.status().backup).toMatchObject({ version, state: 'updated' });
  });

  it('goes above what is there when a host lost its count', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b');
    await site.while(a?.group.close());
    site.store.backups.set(name, {
      backup: { name, version: 40, publishedMs: 1, bytes: 1 },
      body: Buffer.alloc(1),
    });
    if (a) a.memory = null;
    a?.directory.edit('6');
    await a?.make().start();
    await site.until(() => b?.directory.text === '6', 10_000);
    expect(a?.status().backup.version).toBe(41);
  });
});

describe('edits', () => {
  it('are refused on a spare with the name of the host, also after a restart without the store', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b');
    expect(a?.directory.refusal).toBeNull();
    expect(b?.directory.refusal).toBe('this receiver is spare 1 of the group: edit on the host A');
    await site.while(b?.group.close());
    if (b) b.directory.refusal = null;
    site.store.down = true;
    await b?.make().start();
    expect(b?.directory.refusal).toBe('this receiver is spare 1 of the group: edit on the host A');
  });
});

describe('the table of the ingress', () => {
  it('is published with each change, and by whoever begins to work', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b');
    expect(site.store.ingress?.accounts.map(({ account }) => account)).toEqual(['1001', '1002']);
    a?.directory.edit('1001,1002,1003');
    a?.group.directoryChanged();
    await site.until(() => site.store.ingress?.accounts.length === 3, 3_000);
    expect(site.store.ingress?.version).toBe(a?.status().backup.version);
    await site.run(2_000);
    site.store.cut.add('a');
    site.store.ingress = null;
    await site.until(() => b?.works === true, 10_000);
    await site.run(500);
    expect(site.store.ingress).toMatchObject({ version: b?.status().backup.version });
  });

  it('comes again from the host when the store was away, as it may have lost it', async () => {
    const site = new Site();
    await site.group('a', 'b');
    site.store.down = true;
    await site.run(3_000);
    site.store.ingress = null;
    site.store.down = false;
    await site.until(() => site.store.ingress?.accounts.length === 2, 10_000);
  });
});
