import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromSqlite, inTransaction, openSqlite } from '../../../agent/adapters/sqlite.ts';
import { inTransaction as inHubTransaction, openDatabase } from '../../../agent/hub/database.ts';
import { toAppError } from '../../../src/errors.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-sqlite-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const schemaSql = 'CREATE TABLE IF NOT EXISTS note (text TEXT NOT NULL) STRICT';
const open = (version = 1) =>
  openSqlite({ path: join(folder, 'notes.db'), schemaSql, version, busyTimeoutMs: 0 });

function failureOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    return toAppError(error);
  }
  throw new Error('it did not fail');
}

describe('an SQLite file', () => {
  it('is for its owner alone, keeps its version, and is refused when a newer release wrote it', () => {
    open(2).close();
    if (process.platform !== 'win32') expect(statSync(join(folder, 'notes.db')).mode & 0o077).toBe(0);
    open(2).close();
    expect(failureOf(() => open(1))).toMatchObject({ code: 'unsupported' });
  });

  it('keeps all of a transaction, or nothing of it when it throws', () => {
    const database = open();
    const put = (text: string) => database.prepare('INSERT INTO note VALUES (?)').run(text);
    inTransaction(database, 'keep', () => put('a'));
    const failed = failureOf(() =>
      inTransaction(database, 'keep', () => {
        put('b');
        throw new Error('no');
      }),
    );
    expect(failed).toMatchObject({ code: 'internal', message: 'cannot keep: no' });
    expect(database.prepare('SELECT text FROM note').all()).toMatchObject([{ text: 'a' }]);
    database.close();
  });

  it('that another holds is unavailable, and nothing was written', () => {
    const [one, other] = [open(), open()];
    one.exec('BEGIN IMMEDIATE');
    expect(failureOf(() => inTransaction(other, 'write', () => 0))).toMatchObject({ code: 'unavailable' });
    one.close();
    other.close();
  });
});

describe('the errors of an SQLite file', () => {
  const damage = () => {
    const path = join(folder, 'damaged.db');
    writeFileSync(path, 'no database at all, and long enough to be taken for the header of one '.repeat(8));
    return path;
  };

  it('call a damaged file of a node data loss, and that of the hub internal, where data loss means a lost history', () => {
    const path = damage();
    expect(failureOf(() => openSqlite({ path, schemaSql, version: 1 }))).toMatchObject({
      code: 'data_loss',
      hint: "Check the disk, and the file with sqlite3's integrity_check.",
    });
    expect(failureOf(() => openDatabase(path))).toMatchObject({
      code: 'internal',
      hint: "Check the disk of the hub, and the database with sqlite3's integrity_check.",
    });
  });

  it('send whoever runs the hub to its disk, also from a transaction', () => {
    const database = openDatabase(join(folder, 'hub.db'));
    const full = Object.assign(new Error('database or disk is full'), { errcode: 13 });
    const failed = failureOf(() =>
      inHubTransaction(database, 'write', () => {
        throw full;
      }),
    );
    expect(failed).toMatchObject({ code: 'disk_full', hint: 'Free space on the disk of the hub.' });
    expect(fromSqlite(full, 'write')).toMatchObject({ code: 'disk_full', hint: 'Free space on the disk.' });
    database.close();
  });
});
