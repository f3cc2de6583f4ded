import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSettingsDisk } from '../../../agent/adapters/settings-disk.ts';
import { loadCertificate } from '../../../agent/control/certificate.ts';
import { createDisposal } from '../../../agent/control/disposal.ts';
import { parseListen } from '../../../agent/control/listen-address.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-tls-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const load = (given: { certFile: string; keyFile: string } | null = null) =>
  loadCertificate({
    folder: join(folder, 'tls'),
    disk: createSettingsDisk(),
    nodeName: 'store-01',
    hosts: ['store-01', '127.0.0.1', '::1'],
    nowMs: Date.now(),
    given,
  });

describe('the certificate', () => {
  it('is made once and kept, so that pins stay good', async () => {
    const first = await load();
    expect(await load()).toEqual(first);
    expect(first.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(first.expiresAtMs).toBeGreaterThan(Date.now() + 10 * 365 * 86_400_000);
    const parsed = new X509Certificate(first.certPem);
    expect(parsed.checkHost('store-01')).toBe('store-01');
    expect(parsed.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(statSync(join(folder, 'tls', 'key.pem')).mode & 0o077).toBe(0);
  });

  it('is made anew when the first start was cut off between key and certificate', async () => {
    await load();
    rmSync(join(folder, 'tls', 'cert.pem'));
    expect((await load()).certPem).toContain('BEGIN CERTIFICATE');
  });

  it('is refused without its own key, instead of answering nobody', async () => {
    await load();
    const keyFile = join(folder, 'tls', 'key.pem');
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    for (const text of ['', 'junk', String(other.export({ type: 'pkcs8', format: 'pem' }))]) {
      writeFileSync(keyFile, text);
      await expect(load()).rejects.toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining('key'),
      });
    }
  });

  it('may be given, and a wrong file is refused by name', async () => {
    const own = await load();
    const [certFile, keyFile] = [join(folder, 'c.pem'), join(folder, 'k.pem')];
    writeFileSync(certFile, own.certPem);
    writeFileSync(keyFile, own.keyPem);
    expect((await load({ certFile, keyFile })).fingerprint).toBe(own.fingerprint);
    writeFileSync(certFile, 'no certificate');
    await expect(load({ certFile, keyFile })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('c.pem'),
    });
    await expect(load({ certFile: join(folder, 'none'), keyFile })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('the address to listen on', () => {
  it.each([
    ['127.0.0.1:6060', '127.0.0.1', 6060],
    ['[::1]:6060', '::1', 6060],
    [':6060', '0.0.0.0', 6060],
    ['6060', '0.0.0.0', 6060],
    ['store-01:0', 'store-01', 0],
  ])('%s is read', (text, host, port) => expect(parseListen(text)).toEqual({ host, port }));

  it.each(['', 'host', 'host:', 'host:99999', 'http://host:1', 'a b:1', '::1:6060'])(
    '"%s" is refused',
    (text) =>
      expect(() => parseListen(text)).toThrowError(expect.objectContaining({ code: 'invalid_input' })),
  );
});

describe('what was begun', () => {
  it('is ended backwards, once, whatever fails on the way', async () => {
    const ended: number[] = [];
    const disposal = createDisposal();
    disposal.add(() => ended.push(1));
    disposal.add(() => Promise.reject(new Error('two')));
    disposal.add(() => ended.push(3));
    await expect(Promise.all([disposal.dispose(), disposal.dispose()])).rejects.toThrow('two');
    expect(ended).toEqual([3, 1]);
  });
});
