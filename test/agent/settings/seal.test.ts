import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSettingsDisk } from '../../../agent/adapters/settings-disk.ts';
import { createSealer, loadKey } from '../../../agent/settings/seal.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-seal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const load = (sealsExist = false) =>
  loadKey({ path: join(folder, 'secret.key'), folder, disk: createSettingsDisk(), sealsExist });
const secrets = { user: 'admin', password: 'p@ss:wörd' };

describe('sealed credentials', () => {
  it('open with the same key after a restart, and show nothing of themselves', async () => {
    const sealed = createSealer(await load()).seal(secrets, 'camera c1');
    expect(sealed).not.toContain('admin');
    expect(createSealer(await load(true)).open(sealed, 'camera c1')).toEqual(secrets);
  });

  it('differ each time, so that equal passwords cannot be told', async () => {
    const sealer = createSealer(await load());
    expect(sealer.seal(secrets, 'camera c1')).not.toBe(sealer.seal(secrets, 'camera c1'));
  });

  it('do not open for another camera, with another key, or after any change', async () => {
    const sealer = createSealer(await load());
    const sealed = sealer.seal(secrets, 'camera c1');
    const flipped = `${sealed.slice(0, -6)}${sealed.at(-6) === 'A' ? 'B' : 'A'}${sealed.slice(-5)}`;
    const other = createSealer(Buffer.alloc(32, 1));
    for (const attempt of [
      () => sealer.open(sealed, 'camera c2'),
      () => other.open(sealed, 'camera c1'),
      () => sealer.open(flipped, 'camera c1'),
      () => sealer.open('v1:', 'camera c1'),
      () => sealer.open('', 'camera c1'),
    ]) {
      expect(attempt).toThrowError(expect.objectContaining({ code: 'data_loss' }));
    }
  });
});

describe('the key file', () => {
  it.skipIf(process.platform === 'win32')('is readable by its owner only', async () => {
    await load();
    expect(statSync(join(folder, 'secret.key')).mode & 0o777).toBe(0o600);
  });

  it('is not made anew while seals exist, and not used when damaged', async () => {
    await expect(load(true)).rejects.toMatchObject({ code: 'data_loss' });
    writeFileSync(join(folder, 'secret.key'), 'short');
    await expect(load()).rejects.toMatchObject({ code: 'data_loss' });
  });
});
