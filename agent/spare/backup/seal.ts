/** Seals a backup between the members of a group: deflated, then AES-256-GCM, so that the store holds nothing it could read or change. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { AppError } from '../../../src/errors.ts';

const magic = Buffer.from('HFB1');
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = magic.length + nonceBytes + tagBytes;
/** Of a directory; what inflates to more is not one. */
const openBytesMax = 512 * 1024 * 1024;
const keyUse = 'holdfast group backup 1';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** What a seal is bound to: it does not open under another name or version. */
export interface SealedAs {
  readonly name: string;
  readonly version: number;
}

export interface BackupSealer {
  seal(body: Uint8Array, as: SealedAs): Promise<Uint8Array>;
  /** @throws AppError `unauthorized` when it was sealed under another key, or changed. */
  open(sealed: Uint8Array, as: SealedAs): Promise<Uint8Array>;
}

/** `secret`: the backup key, or the key of the group's store; all members give the same. `arcId` is the salt (RFC 5869). */
export function createBackupSealer(secret: string, arcId: string): BackupSealer {
  const key = Buffer.from(hkdfSync('sha256', secret, arcId, keyUse, keyBytes));
  return {
    async seal(body, as) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(contextOf(as));
      const sealed = Buffer.concat([cipher.update(await deflate(body)), cipher.final()]);
      return Buffer.concat([magic, nonce, cipher.getAuthTag(), sealed]);
    },
    async open(sealed, as) {
      try {
        return await inflate(decipher(key, Buffer.from(sealed), as), { maxOutputLength: openBytesMax });
      } catch {
        throw new AppError('unauthorized', `the backup ${as.name} cannot be opened`, {
          hint: 'Give this receiver the same backup key (or the same key of the store) as the host has.',
        });
      }
    },
  };
}

function decipher(key: Buffer, bytes: Buffer, as: SealedAs): Buffer {
  if (bytes.length < headBytes || !bytes.subarray(0, magic.length).equals(magic))
    throw new Error('no backup');
  const nonce = bytes.subarray(magic.length, magic.length + nonceBytes);
  const opened = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
    .setAAD(contextOf(as))
    .setAuthTag(bytes.subarray(magic.length + nonceBytes, headBytes));
  return Buffer.concat([opened.update(bytes.subarray(headBytes)), opened.final()]);
}

function contextOf({ name, version }: SealedAs): Buffer {
  return Buffer.from(`${name}\n${version}`);
}
