/** Removing an account of the hub: void at once, a little at a time, without a trace, and done again when it was broken off. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HubAccounts, openAccounts } from '../../../agent/hub/accounts.ts';
import { openDatabase } from '../../../agent/hub/database.ts';
import { openRegisters } from '../../../agent/hub/registers.ts';

const alarms = 1_000;
let folder: string;
let database: ReturnType<typeof openDatabase>;
/** The running hub's. */
let hubs: ReturnType<typeof openDatabase>;
let accounts: HubAccounts;
let key: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-accounts-'));
  database = openDatabase(join(folder, 'hub.db'));
  hubs = openDatabase(join(folder, 'hub.db'));
  accounts = openAccounts(database);
  key = accounts.add('large', 0);
  accounts.add('other', 0);
  database.exec('BEGIN');
  const alarm = database.prepare("INSERT INTO alarm VALUES (?, 'large', 1, 1, 'x')");
  for (let position = 1; position <= alarms; position += 1) alarm.run(position);
  database.exec(`
    INSERT INTO alarm_seen (account, fingerprint, at_ms) SELECT 'large', position, 1 FROM alarm;
    INSERT INTO object VALUES ('large', 'backup', 1, 1, 1, '', 'upload');
    INSERT INTO object_part VALUES ('upload', 0, x'00');
    INSERT INTO ingress_part VALUES ('large', 'table', 0, '');
    COMMIT`);
});
afterEach(() => {
  database.close();
  hubs.close();
  rmSync(folder, { recursive: true, force: true });
});

const count = (table: string) => Number(hubs.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.rows);
const tables = ['alarm', 'alarm_seen', 'object', 'object_part', 'ingress_part'];

describe('an account with a long queue', () => {
  it('is removed a little at a time, and others write their leases meanwhile', async () => {
    const registers = openRegisters(hubs);
    const left: number[] = [];
    let expected: ReturnType<typeof registers.write> | null = null;
    await accounts.remove('large', false, async () => {
      left.push(count('alarm'));
      expected = registers.write('other', 'lease/pair-1', expected, String(left.length));
    });
    const steps = [alarms, ...left].map((each, at) => each - (left[at] ?? 0));
    expect(Math.max(...steps)).toBeLessThan(alarms / 2);
    expect(left.length).toBeGreaterThan(4);
    expect(tables.map(count)).toEqual(tables.map(() => 0));
    expect(accounts.list().map(({ name }) => name)).toEqual(['other']);
  });

  it('is void from the first moment on, and removed by a second try when the first was broken off', async () => {
    const broken = accounts.remove('large', false, () => Promise.reject(new Error('killed')));
    await expect(broken).rejects.toThrow('killed');
    expect(count('alarm')).toBeGreaterThan(0);
    const seen = openAccounts(hubs);
    expect([seen.verify('large', key), seen.verify('large', ''), seen.exists('large')]).toEqual([
      false,
      false,
      false,
    ]);
    expect(seen.list().map(({ name }) => name)).toEqual(['other']);
    expect(() => accounts.add('large', 1)).toThrow(expect.objectContaining({ code: 'conflict' }));
    await accounts.remove('large', false, async () => {});
    expect(tables.map(count)).toEqual(tables.map(() => 0));
    expect(openAccounts(hubs).verify('large', accounts.add('large', 1))).toBe(true);
  });
});
