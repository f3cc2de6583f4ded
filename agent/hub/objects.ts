/** Objects of the hub's accounts, which are the group's backups: whole or not at all, and never an older version over a newer one. */
import { createHash, type Hash, randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { AppError } from '../../src/errors.ts';
import { inTransaction } from './database.ts';
import { type HubObject, partBytesMax } from './protocol/schema.ts';
import { createUploadsUnderWay } from './uploads-under-way.ts';

/** Of four members the backup and the digest of supervision, and what earlier members left. */
const objectsPerAccountMax = 16;
/** Four members, and what connections that are dead and not yet known to be may have begun. */
const uploadsPerAccountMax = 8;

export interface ObjectPart {
  upload: string;
  object: HubObject;
  part: number;
  last: boolean;
  body: Uint8Array;
}

export interface Objects {
  list(account: string): HubObject[];
  head(account: string, name: string): HubObject | null;
  /** @throws AppError `conflict` when it is another version by now. */
  part(account: string, name: string, version: number, part: number): Uint8Array;
  remove(account: string, name: string): void;
  /** The uploads of one connection, one at a time. */
  uploads(account: string): Uploads;
}

interface Uploads {
  /** With the last part the object takes the place of the one before. @throws AppError `conflict`, `invalid_input`, `disk_full`. */
  put(part: ObjectPart): void;
  /** What was begun and not finished is gone. */
  close(): void;
}

interface Upload {
  /** Chosen by the client. */
  token: string;
  /** Of its rows. */
  id: string;
  object: HubObject;
  hash: Hash;
  bytes: number;
  parts: number;
}

const objectRow = z.object({
  name: z.string(),
  version: z.number(),
  published_ms: z.number(),
  bytes: z.number(),
  digest: z.string(),
  upload: z.string(),
});
const bodyRow = z.object({ body: z.instanceof(Uint8Array) });

/** Uploads that a crash cut off are removed. */
export function openObjects(database: DatabaseSync): Objects {
  inTransaction(database, 'remove unfinished uploads', () => {
    database.exec('DELETE FROM object_part WHERE upload NOT IN (SELECT upload FROM object)');
  });
  return new SqliteObjects(database);
}

class SqliteObjects implements Objects {
  readonly #database: DatabaseSync;
  readonly #underWay = createUploadsUnderWay(uploadsPerAccountMax);

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  list(account: string): HubObject[] {
    return this.#database
      .prepare('SELECT * FROM object WHERE account = ? ORDER BY name')
      .all(account)
      .map((row) => fromRow(objectRow.parse(row)));
  }

  head(account: string, name: string): HubObject | null {
    const row = this.#row(account, name);
    return row && fromRow(row);
  }

  part(account: string, name: string, version: number, part: number): Uint8Array {
    const row = this.#row(account, name);
    if (row?.version !== version) throw changed(name);
    const found = this.#database
      .prepare('SELECT body FROM object_part WHERE upload = ? AND number = ?')
      .get(row.upload, part);
    if (found !== undefined) return bodyRow.parse(found).body;
    throw new AppError('not_found', `${name} has no part ${part}`, { hint: 'Ask for its head again.' });
  }

  remove(account: string, name: string): void {
    inTransaction(this.#database, `remove ${name}`, () => this.#drop(account, name));
  }

  uploads(account: string): Uploads {
    let current: Upload | null = null;
    let end = () => {};
    const abandon = () => {
      if (current) this.#forget(current.id);
      current = null;
      end();
    };
    return {
      put: (part) => {
        if (part.part === 0) {
          abandon();
          this.#checkNewer(account, part.object);
          const { upload: token, object } = part;
          end = this.#underWay.begin(account, abandon);
          current = { token, id: randomUUID(), object, hash: createHash('sha256'), bytes: 0, parts: 0 };
        }
        if (!current || current.parts !== part.part || current.token !== part.upload) throw outOfOrder();
        try {
          this.#take(account, current, part);
        } catch (error) {
          abandon();
          throw error;
        }
        if (!part.last) return;
        current = null;
        end();
      },
      close: abandon,
    };
  }

  #take(account: string, upload: Upload, { body, last }: ObjectPart): void {
    upload.bytes += body.length;
    if (upload.bytes > upload.object.bytes || (!last && body.length !== partBytesMax)) throw notWhole();
    upload.hash.update(body);
    inTransaction(this.#database, `write a part of ${upload.object.name}`, () => {
      this.#database.prepare('INSERT INTO object_part VALUES (?, ?, ?)').run(upload.id, upload.parts, body);
      if (last) this.#finish(account, upload);
    });
    upload.parts += 1;
  }

  #finish(account: string, { id, object, hash, bytes }: Upload): void {
    if (bytes !== object.bytes || hash.digest('hex') !== object.digest) throw notWhole();
    this.#checkNewer(account, object);
    this.#drop(account, object.name);
    const { name, version, publishedMs, digest } = object;
    this.#database
      .prepare('INSERT INTO object VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(account, name, version, publishedMs, bytes, digest, id);
  }

  #checkNewer(account: string, { name, version }: HubObject): void {
    const stored = this.head(account, name);
    if (stored && stored.version >= version) {
      throw new AppError('conflict', `${name} is there in version ${stored.version} already`, {
        hint: 'Another host published it; take it over before publishing again.',
        details: { version: stored.version },
      });
    }
    if (stored || this.list(account).length < objectsPerAccountMax) return;
    throw new AppError('forbidden', `an account keeps at most ${objectsPerAccountMax} backups`, {
      hint: 'Disable the group of a receiver that is gone: its backup is removed with it.',
    });
  }

  #drop(account: string, name: string): void {
    const row = this.#row(account, name);
    if (!row) return;
    this.#database.prepare('DELETE FROM object_part WHERE upload = ?').run(row.upload);
    this.#database.prepare('DELETE FROM object WHERE account = ? AND name = ?').run(account, name);
  }

  /** What cannot be removed now, on a full disk or while another process writes, is removed at the next start. */
  #forget(upload: string): void {
    try {
      this.#database
        .prepare('DELETE FROM object_part WHERE upload = ? AND upload NOT IN (SELECT upload FROM object)')
        .run(upload);
    } catch {
      // A database that is damaged says so to the next who asks.
    }
  }

  #row(account: string, name: string): z.infer<typeof objectRow> | null {
    const row = this.#database
      .prepare('SELECT * FROM object WHERE account = ? AND name = ?')
      .get(account, name);
    return row === undefined ? null : objectRow.parse(row);
  }
}

function fromRow({ name, version, published_ms, bytes, digest }: z.infer<typeof objectRow>): HubObject {
  return { name, version, publishedMs: published_ms, bytes, digest };
}

function changed(name: string): AppError {
  return new AppError('conflict', `${name} is another version by now`, { hint: 'Ask for its head again.' });
}

function outOfOrder(): AppError {
  return new AppError('invalid_input', 'a part of an upload that was not begun here', {
    hint: 'Begin again with part 0.',
  });
}

function notWhole(): AppError {
  return new AppError('invalid_input', 'the parts do not make the object that was announced', {
    hint: 'Begin again with part 0.',
  });
}
