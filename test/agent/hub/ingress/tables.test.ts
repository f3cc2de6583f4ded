/** The ingress's tables on the disk: uploads that nobody finishes take little room, and one that is overtaken harms no other. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAccounts } from '../../../../agent/hub/accounts.ts';
import { openDatabase } from '../../../../agent/hub/database.ts';
import { openIngressTables } from '../../../../agent/hub/ingress/tables.ts';
import { createSealer } from '../../../../agent/settings/seal.ts';

let folder: string;
let database: ReturnType<typeof openDatabase>;
const sealer = createSealer(Buffer.alloc(32));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-tables-'));
  database = openDatabase(join(folder, 'hub.db'));
  openAccounts(database).add('one', 0);
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const part = (token: string, number: number, last: boolean) => ({
  ...{ upload: token.repeat(16), version: 1, part: number, last },
  accounts: [
    {
      account: `${token}${number}`,
      name: '',
      key: null,
      requireEncryption: false,
      enabled: true,
      supervisionSeconds: null,
    },
  ],
});
const rows = () => Number(database.prepare('SELECT count(*) AS rows FROM ingress_part').get()?.rows);
const devices = (tables: ReturnType<typeof openIngressTables>) => [
  ...(tables.get('one')?.accounts.keys() ?? []),
];

describe('uploads of a table', () => {
  it('that nobody finishes take the room of a few, begun again or on other connections, and none in the end', () => {
    const tables = openIngressTables(database, sealer);
    const uploads = Array.from({ length: 20 }, () => tables.uploads('one'));
    for (const each of uploads) for (const token of ['a', 'b', 'c']) each.put(part(token, 0, false));
    expect(rows()).toBeLessThanOrEqual(2);
    for (const each of uploads) each.close();
    expect(rows()).toBe(0);
  });

  it('that another overtakes are begun anew, and after a restart the table is whole', () => {
    const tables = openIngressTables(database, sealer);
    const [slow, fast] = [tables.uploads('one'), tables.uploads('one')];
    slow.put(part('a', 0, false));
    fast.put(part('b', 0, true));
    expect(() => slow.put(part('a', 1, true))).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    expect(devices(openIngressTables(database, sealer))).toEqual(['b0']);
    slow.put(part('a', 0, false));
    slow.put(part('a', 1, true));
    expect(devices(tables)).toEqual(['a0', 'a1']);
    expect(devices(openIngressTables(database, sealer))).toEqual(['a0', 'a1']);
  });
});

describe('a table', () => {
  it('goes with its account, and one of the same name that is made anew begins without', async () => {
    const tables = openIngressTables(database, sealer);
    tables.uploads('one').put(part('a', 0, true));
    expect(devices(tables)).toEqual(['a0']);
    const accounts = openAccounts(database);
    await accounts.remove('one', true, async () => {});
    expect(tables.get('one')).toBeNull();
    accounts.add('one', 1);
    expect(tables.get('one')).toBeNull();
  });
});
