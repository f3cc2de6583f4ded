/** Backups on the hub, in parts: what was cut off is never seen, and what arrives is what was announced. */
import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '../../../src/errors.ts';
import { type HubObject, ingressAccountsPerPartMax, partBytesMax } from '../../hub/protocol/schema.ts';
import { type BackupStore, backupBytesMax, type IngressTable, type StoredBackup } from '../types.ts';
import type { HubLink } from './hub-link.ts';

const partTimeoutMs = 5_000;
/** A newer version may come while an older one is read. */
const triesMax = 3;
/** Uploads that wait for each other: a member has its backup and the digest of supervision. */
const waitingMax = 8;

export function hubBackups(link: HubLink): BackupStore {
  const head = async (name: string) =>
    (await link.ask('object', { op: 'object-head', name }, partTimeoutMs)).object;
  const read = async (object: HubObject) => {
    const parts: Buffer[] = [];
    for (let part = 0; part < partsOf(object.bytes); part += 1) {
      const { name, version } = object;
      const { body } = await link.ask('part', { op: 'object-get', name, version, part }, partTimeoutMs);
      parts.push(Buffer.from(body, 'base64'));
    }
    const body = Buffer.concat(parts);
    if (body.length === object.bytes && digestOf(body) === object.digest) return body;
    throw new AppError('data_loss', `${object.name} is damaged on the hub`, {
      hint: 'Publish it again from the host; check the disk of the hub.',
    });
  };
  const upload = async (object: HubObject, body: Uint8Array) => {
    const token = newUpload();
    const parts = partsOf(body.length);
    for (let part = 0; part < parts; part += 1) {
      const bytes = body.subarray(part * partBytesMax, (part + 1) * partBytesMax);
      const request = { op: 'object-put', upload: token, object, part, last: part === parts - 1 } as const;
      await link.ask('done', { ...request, body: Buffer.from(bytes).toString('base64') }, partTimeoutMs);
    }
  };
  let uploading: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    async put(name, version, body, publishedMs) {
      checkBytes(body);
      if (waiting >= waitingMax) throw tooMany();
      const object = { name, version, publishedMs, bytes: body.length, digest: digestOf(body) };
      // One after the other: the hub takes the first part of another for the end of the one before.
      waiting += 1;
      const done = uploading.then(() => upload(object, body));
      uploading = done
        .catch(() => {})
        .finally(() => {
          waiting -= 1;
        });
      await done;
    },
    async head(name) {
      const object = await head(name);
      return object && storedOf(object);
    },
    async get(name) {
      for (let tries = 1; ; tries += 1) {
        const object = await head(name);
        if (!object) return null;
        try {
          return { backup: storedOf(object), body: await read(object) };
        } catch (error) {
          if (!(error instanceof AppError) || error.code !== 'conflict' || tries >= triesMax) throw error;
        }
      }
    },
    async remove(name) {
      await link.ask('done', { op: 'object-remove', name }, partTimeoutMs);
    },
  };
}

/** Tells the hub's DC-09 ingress which devices it serves. */
export async function publishToIngress(link: HubLink, { version, accounts }: IngressTable): Promise<void> {
  const upload = newUpload();
  const parts = Math.max(1, Math.ceil(accounts.length / ingressAccountsPerPartMax));
  for (let part = 0; part < parts; part += 1) {
    const first = part * ingressAccountsPerPartMax;
    const request = { op: 'ingress-put', upload, version, part, last: part === parts - 1 } as const;
    const some = accounts.slice(first, first + ingressAccountsPerPartMax);
    await link.ask('done', { ...request, accounts: some }, partTimeoutMs);
  }
}

/** @throws AppError `invalid_input`. */
export function checkBytes(body: Uint8Array): void {
  if (body.length <= backupBytesMax) return;
  throw new AppError(
    'invalid_input',
    `a backup of ${body.length} bytes, at most ${backupBytesMax} are kept`,
    {
      hint: 'Remove devices that are not used any more.',
    },
  );
}

function tooMany(): AppError {
  return new AppError('unavailable', `${waitingMax} backups are on their way to the hub`, {
    hint: 'The hub is slower than they are made; they are published again.',
  });
}

const partsOf = (bytes: number) => Math.max(1, Math.ceil(bytes / partBytesMax));
const digestOf = (body: Uint8Array) => createHash('sha256').update(body).digest('hex');
const newUpload = () => randomBytes(8).toString('hex');

function storedOf({ name, version, publishedMs, bytes }: HubObject): StoredBackup {
  return { name, version, publishedMs, bytes };
}
