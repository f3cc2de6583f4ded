/** Backups in NATS's object store: the description is written last and names the parts, so an object is whole or the one before. */
import { type ObjectInfo, type ObjectStore, Objm, StorageType } from '@nats-io/obj';
import { AppError } from '../../../src/errors.ts';
import type { BackupStore, StoredBackup } from '../types.ts';
import { checkBytes } from './hub-backups.ts';
import type { NatsContext, NatsLink } from './nats-link.ts';

const callTimeoutMs = 5_000;
/** What a store that is slow still does. */
const bytesPerMs = 1_000;
/** A newer version may take the parts away while an older one is read. */
const triesMax = 3;

export function natsBackups(link: NatsLink, bucket: string): BackupStore {
  const open = (context: NatsContext) =>
    context.once(`objects ${bucket}`, () =>
      new Objm(context.client).create(bucket, { storage: StorageType.File, replicas: context.replicas }),
    );
  // The description is asked of the stream's leader: a version that was published is never overlooked.
  const find = async (store: ObjectStore, name: string) => {
    const info = await store.info(name);
    return info === null || info.deleted ? null : info;
  };
  return {
    put: (name, version, body, publishedMs) =>
      link.use(timeoutFor(body.length), async (context) => {
        checkBytes(body);
        const store = await open(context);
        const before = await store.info(name);
        const stored = before && !before.deleted ? storedOf(before) : null;
        if (stored && stored.version >= version) throw notNewer(stored);
        const metadata = { version: String(version), publishedMs: String(publishedMs) };
        await store.putBlob({ name, metadata }, body, { previousRevision: before?.revision ?? 0 });
      }),
    head: (name) =>
      link.use(callTimeoutMs, async (context) => {
        const info = await find(await open(context), name);
        return info && storedOf(info);
      }),
    async get(name) {
      for (let tries = 1; ; tries += 1) {
        const info = await link.use(callTimeoutMs, async (context) => find(await open(context), name));
        if (!info) return null;
        try {
          const body = await link.use(timeoutFor(info.size), async (context) =>
            readBody(await open(context), info),
          );
          return { backup: storedOf(info), body };
        } catch (error) {
          if (!(error instanceof AppError) || error.code !== 'conflict' || tries >= triesMax) throw error;
        }
      }
    },
    remove: (name) =>
      link.use(callTimeoutMs, async (context) => {
        const store = await open(context);
        if (await find(store, name)) await store.delete(name);
      }),
  };
}

const timeoutFor = (bytes: number) => callTimeoutMs + bytes / bytesPerMs;

/** The library checks the digest. @throws AppError `conflict` when it was replaced meanwhile. */
async function readBody(store: ObjectStore, info: ObjectInfo): Promise<Uint8Array> {
  const found = await store.get(info.name);
  if (found?.info.nuid !== info.nuid) throw replaced(info.name);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of found.data) {
    chunks.push(chunk);
    bytes += chunk.length;
  }
  if (bytes !== info.size) throw replaced(info.name);
  return Buffer.concat(chunks);
}

/** @throws AppError `protocol` when something else put it there. */
function storedOf({ name, size, metadata }: ObjectInfo): StoredBackup {
  const version = Number(metadata?.version);
  const publishedMs = Number(metadata?.publishedMs);
  if (Number.isSafeInteger(version) && Number.isSafeInteger(publishedMs)) {
    return { name, version, publishedMs, bytes: size };
  }
  throw new AppError('protocol', `${name} in the object store is no backup`, {
    hint: 'Give the group a bucket of its own.',
  });
}

function notNewer({ name, version }: StoredBackup): AppError {
  return new AppError('conflict', `${name} is there in version ${version} already`, {
    hint: 'Another host published it; take it over before publishing again.',
    details: { version },
  });
}

function replaced(name: string): AppError {
  return new AppError('conflict', `${name} was replaced while it was read`, { hint: 'Read it again.' });
}
