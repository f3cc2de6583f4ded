/** The node's TLS certificate: made at first start, or given files; clients pin its fingerprint. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { AppError } from '../../src/errors.ts';
import { errnoOf, fromErrno } from '../adapters/errno.ts';
import type { SettingsDisk } from '../settings/durable-adapter.ts';

export interface Certificate {
  certPem: string;
  keyPem: string;
  /** SHA-256, upper-case hex pairs with colons. */
  fingerprint: string;
  expiresAtMs: number;
}

const validityMs = 20 * 365 * 86_400_000;

export async function loadCertificate(options: {
  folder: string;
  disk: SettingsDisk;
  nodeName: string;
  /** Addresses and names that clients may use. */
  hosts: readonly string[];
  nowMs: number;
  given: { certFile: string; keyFile: string } | null;
}): Promise<Certificate> {
  const { folder, disk, given } = options;
  if (given) return describe(await readGiven(given.certFile), await readGiven(given.keyFile), given.certFile);
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  const found = await readPair(certFile, keyFile);
  if (found) return describe(found.certPem, found.keyPem, certFile);
  const made = await makeCertificate(options);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // The certificate comes last: without it the pair is made anew.
  await disk.writeSynced(keyFile, made.keyPem);
  await disk.writeSynced(`${certFile}.tmp`, made.certPem);
  await disk.rename(`${certFile}.tmp`, certFile);
  await disk.syncFolder(folder);
  return describe(made.certPem, made.keyPem, certFile);
}

async function makeCertificate(options: { nodeName: string; hosts: readonly string[]; nowMs: number }) {
  const names = options.hosts.map((host) =>
    /^[\d.]+$|:/.test(host) ? { type: 7 as const, ip: host } : { type: 2 as const, value: host },
  );
  const made = await generate([{ name: 'commonName', value: `holdfast ${options.nodeName}`.slice(0, 64) }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // A node whose clock is behind must not refuse its own certificate.
    notBeforeDate: new Date(options.nowMs - 86_400_000),
    notAfterDate: new Date(options.nowMs + validityMs),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: names },
    ],
  });
  return { certPem: made.cert, keyPem: made.private };
}

async function readPair(
  certFile: string,
  keyFile: string,
): Promise<{ certPem: string; keyPem: string } | null> {
  try {
    return { certPem: await readFile(certFile, 'utf8'), keyPem: await readFile(keyFile, 'utf8') };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw fromErrno(error, `read ${certFile}`);
  }
}

async function readGiven(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw fromErrno(error, `read ${path}`);
  }
}

function describe(certPem: string, keyPem: string, certFile: string): Certificate {
  try {
    const parsed = new X509Certificate(certPem);
    if (!isKeyOf(parsed, keyPem)) throw wrongKey(certFile);
    return { certPem, keyPem, fingerprint: parsed.fingerprint256, expiresAtMs: Date.parse(parsed.validTo) };
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('invalid_input', `${certFile} is not a certificate in PEM form`, {
      hint: 'Put a whole certificate there, or remove the file so that a new one is made.',
      cause,
    });
  }
}

/** A server takes an empty or foreign key as it is, and then answers nobody. */
function isKeyOf(certificate: X509Certificate, keyPem: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

function wrongKey(certFile: string): AppError {
  return new AppError(
    'invalid_input',
    `the private key beside ${certFile} is not the one of that certificate`,
    {
      hint: 'Put the right key there, or remove both files so that new ones are made: clients then have to accept it.',
    },
  );
}
