/** The hub's objects while another process holds its database: what fails is refused, and a connection that ends harms nobody. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAccounts } from '../../../agent/hub/accounts.ts';
import { openDatabase } from '../../../agent/hub/database.ts';
import { openObjects } from '../../../agent/hub/objects.ts';

let folder: string;
let database: ReturnType<typeof openDatabase>;
let other: ReturnType<typeof openDatabase>;
const partBytes = 262_144;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-objects-'));
  database = openDatabase(join(folder, 'hub.db'));
  other = openDatabase(join(folder, 'hub.db'));
  openAccounts(database).add('one', 0);
});
afterEach(() => {
  database.close();
  other.close();
  rmSync(folder, { recursive: true, force: true });
});

const whole = Buffer.alloc(2 * partBytes);
const object = {
  ...{ name: 'backup', version: 1, publishedMs: 1, bytes: whole.length },
  digest: createHash('sha256').update(whole).digest('hex'),
};
const part = (number: number) => ({
  ...{ upload: 'a'.repeat(16), object, part: number, last: number === 1 },
  body: whole.subarray(0, partBytes),
});
const rows = () => Number(database.prepare('SELECT count(*) AS rows FROM object_part').get()?.rows);

describe('an upload while another process writes', () => {
  it('is refused so that it can be tried again, and is whole then', () => {
    const uploads = openObjects(database).uploads('one');
    uploads.put(part(0));
    other.exec('BEGIN IMMEDIATE');
    expect(() => uploads.put(part(1))).toThrow(expect.objectContaining({ code: 'unavailable' }));
    other.exec('ROLLBACK');
    uploads.put(part(0));
    uploads.put(part(1));
    expect(openObjects(database).head('one', 'backup')).toEqual(object);
  });

  it('that its connection leaves behind ends nothing else, and its parts are gone after the next start', () => {
    const uploads = openObjects(database).uploads('one');
    uploads.put(part(0));
    other.exec('BEGIN IMMEDIATE');
    expect(() => uploads.close()).not.toThrow();
    other.exec('ROLLBACK');
    expect(rows()).toBe(1);
    openObjects(database);
    expect(rows()).toBe(0);
  });
});

describe('uploads that nobody finishes', () => {
  it('take no more room than a few: of more the oldest is given up, and the others are whole', () => {
    const objects = openObjects(database);
    const begun = Array.from({ length: 40 }, () => objects.uploads('one'));
    for (const uploads of begun) uploads.put(part(0));
    expect(rows()).toBeLessThanOrEqual(8);
    expect(() => begun[0]?.put(part(1))).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    begun.at(-1)?.put(part(1));
    expect(objects.head('one', 'backup')).toEqual(object);
    for (const uploads of begun) uploads.close();
    expect(rows()).toBe(2);
  });
});
