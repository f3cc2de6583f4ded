/** Seals secrets of the settings with AES-256-GCM under the node's key file: the settings alone give no password away. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AppError } from '../../src/errors.ts';
import { errnoOf, fromErrno } from '../adapters/errno.ts';
import type { SettingsDisk } from './durable-adapter.ts';

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const prefix = 'v1:';

/** What is kept secret about a camera. `url` is present when the address itself carries secrets, in its query. */
export const credentialsSchema = z.strictObject({
  user: z.string().nullable(),
  password: z.string().nullable(),
  url: z.string().optional(),
});
export type Credentials = z.infer<typeof credentialsSchema>;

export interface Sealer {
  /** `context` binds the secret to its object: a seal moved to another object does not open. */
  seal(credentials: Credentials, context: string): string;
  /** @throws AppError `data_loss` when the key file is another one or the seal was tampered with. */
  open(sealed: string, context: string): Credentials;
  /** The same for any secret text. */
  sealText(text: string, context: string): string;
  openText(sealed: string, context: string): string;
}

export function createSealer(key: Buffer): Sealer {
  const sealText = (text: string, context: string) => {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return prefix + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
  };
  const decipher = (sealed: string, context: string) => {
    if (!sealed.startsWith(prefix)) throw new Error('unknown form');
    const bytes = Buffer.from(sealed.slice(prefix.length), 'base64');
    const opened = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    const body = opened.update(bytes.subarray(nonceBytes + tagBytes));
    return Buffer.concat([body, opened.final()]).toString('utf8');
  };
  const attempt = <T>(context: string, run: () => T): T => {
    try {
      return run();
    } catch {
      throw new AppError('data_loss', `the sealed credentials of ${context} cannot be opened`, {
        hint: 'Put the right key file back into the data folder, or enter the credentials again.',
      });
    }
  };
  return {
    sealText,
    openText: (sealed, context) => attempt(context, () => decipher(sealed, context)),
    seal: (credentials, context) => sealText(JSON.stringify(credentials), context),
    open: (sealed, context) =>
      attempt(context, () => credentialsSchema.parse(JSON.parse(decipher(sealed, context)))),
  };
}

/**
 * The node's key, made at first start. `sealsExist`: a missing key is then an error, since a new one opens nothing.
 */
export async function loadKey(options: {
  path: string;
  disk: SettingsDisk;
  folder: string;
  sealsExist: boolean;
}): Promise<Buffer> {
  const found = await readKey(options.path);
  if (found) return found;
  if (options.sealsExist) {
    throw new AppError('data_loss', `the key file ${options.path} is missing`, {
      hint: 'Put it back from a backup: passwords of cameras, keys of devices and of a pair are sealed with it.',
    });
  }
  const key = randomBytes(keyBytes);
  await options.disk.writeSynced(`${options.path}.tmp`, `${key.toString('base64')}\n`);
  await options.disk.rename(`${options.path}.tmp`, options.path);
  await options.disk.syncFolder(options.folder);
  return key;
}

async function readKey(path: string): Promise<Buffer | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw fromErrno(error, `read ${path}`);
  }
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === keyBytes) return key;
  throw new AppError('data_loss', `the key file ${path} is damaged`, {
    hint: 'Put it back from a backup: it must hold 32 bytes in base64.',
  });
}

/** What a camera's seal is bound to. */
export function sealContext(cameraId: string): string {
  return `camera ${cameraId}`;
}
