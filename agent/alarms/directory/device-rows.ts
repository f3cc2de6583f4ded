/** Devices as rows of `devices.db` and back; keys go in sealed. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DeviceConfig } from '../../../src/contract/index.ts';
import type { Sealer } from '../../settings/seal.ts';
import { deviceKeyContext } from './head.ts';
import { type DeviceRow, deviceRowSchema, type HeadRow, headRowSchema, restSchema } from './schema.ts';

const headColumns = 'account, name, serial, mode, key, require_encryption, supervision_seconds, enabled';

export class DeviceRows {
  readonly #sql: Record<'one' | 'put' | 'remove' | 'after' | 'heads', StatementSync>;

  constructor(database: DatabaseSync) {
    this.#sql = {
      one: database.prepare('SELECT * FROM device WHERE account = ?'),
      put: database.prepare('INSERT OR REPLACE INTO device VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
      remove: database.prepare('DELETE FROM device WHERE account = ?'),
      after: database.prepare('SELECT * FROM device WHERE account > ? ORDER BY account LIMIT ?'),
      heads: database.prepare(`SELECT ${headColumns} FROM device ORDER BY account`),
    };
  }

  *heads(): Generator<HeadRow> {
    for (const row of this.#sql.heads.iterate()) yield headRowSchema.parse(row);
  }

  get(account: string): DeviceRow | null {
    const row = this.#sql.one.get(account);
    return row === undefined ? null : deviceRowSchema.parse(row);
  }

  /** In order of account. */
  after(account: string, limit: number): DeviceRow[] {
    return this.#sql.after.all(account, limit).map((row) => deviceRowSchema.parse(row));
  }

  put(row: DeviceRow): void {
    this.#sql.put.run(
      ...[row.account, row.name, row.serial, row.mode, row.key, row.require_encryption],
      ...[row.supervision_seconds, row.enabled, row.areas, row.zones, row.channels, row.users, row.rest],
    );
  }

  remove(account: string): void {
    this.#sql.remove.run(account);
  }
}

/** `sealed`: the key as it goes into the row. */
export function rowOfConfig(config: DeviceConfig, sealed: string | null): DeviceRow {
  const { areas, zones, channels, users, model, version } = config;
  return {
    account: config.account,
    name: config.name,
    serial: config.serial,
    mode: config.mode,
    key: sealed,
    require_encryption: Number(config.requireEncryption),
    supervision_seconds: config.supervisionSeconds,
    enabled: Number(config.enabled),
    areas: areas.length,
    zones: zones.length,
    channels: channels.length,
    users: users.length,
    rest: JSON.stringify(restSchema.parse({ model, version, areas, zones, channels, users })),
  };
}

/** What of a configuration is not in `rest`; `key` as it is to be shown. */
export function headOfRow(row: Omit<DeviceRow, 'rest'>, key: string | null) {
  return {
    account: row.account,
    name: row.name,
    serial: row.serial,
    mode: row.mode,
    key,
    requireEncryption: row.require_encryption !== 0,
    supervisionSeconds: row.supervision_seconds,
    enabled: row.enabled !== 0,
  };
}

export function configOfRow(row: DeviceRow, key: string | null): DeviceConfig {
  return { ...headOfRow(row, key), ...restSchema.parse(JSON.parse(row.rest)) };
}

export function sealKey(sealer: Sealer, account: string, hex: string | null): string | null {
  return hex === null ? null : sealer.sealText(hex.toLowerCase(), deviceKeyContext(account));
}

/** All but the keys, whose seals differ each time. */
export function sameButKey(a: DeviceRow, b: DeviceRow): boolean {
  return JSON.stringify({ ...a, key: null }) === JSON.stringify({ ...b, key: null });
}
