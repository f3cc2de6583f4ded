/** The authority's certificate from a file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCaFile } from '../../../src/client/ca-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-ca-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the certificate of an authority', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

  it('is the whole of its file', async () => {
    const path = join(folder, 'ca.pem');
    await writeFile(path, pem);
    expect(await readCaFile(path)).toBe(pem);
  });

  it('is none when the file is away, a folder, too large, or something else', async () => {
    const key = join(folder, 'key.pem');
    await writeFile(key, '-----BEGIN PRIVATE KEY-----\nMIIB\n');
    const large = join(folder, 'large.pem');
    await writeFile(large, pem.repeat(400));
    await expect(readCaFile(join(folder, 'none.pem'))).rejects.toThrow('cannot read');
    await expect(readCaFile(folder)).rejects.toThrow('cannot read');
    await expect(readCaFile(large)).rejects.toThrow('too large');
    await expect(readCaFile(key)).rejects.toThrow('holds no certificate');
    await expect(readCaFile(key)).rejects.not.toThrow('MIIB');
  });
});
