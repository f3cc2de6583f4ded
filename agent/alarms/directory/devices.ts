/** Devices: every change is checked whole, written in one transaction, and then shown by the index in memory. */
import type { DatabaseSync } from 'node:sqlite';
import type { Device, DeviceChange, DeviceConfig, DeviceQuery } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { DeviceIndex } from './device-index.ts';
import { configOfRow, DeviceRows, rowOfConfig, sameButKey, sealKey } from './device-rows.ts';
import { checkDevice, firstTwice } from './device-rules.ts';
import { Head, type KeyVault } from './head.ts';
import type { DeviceRow } from './schema.ts';
import { devicesMax, type ImportCounts, type LiveDevice } from './types.ts';

/** What a transaction did, for the index to follow after it. */
export interface DeviceChanges {
  readonly put: readonly DeviceRow[];
  readonly gone: readonly string[];
}

export class Devices {
  readonly index = new DeviceIndex();
  readonly rows: DeviceRows;
  readonly #vault: KeyVault;
  readonly #live: (account: string) => LiveDevice;

  constructor(database: DatabaseSync, vault: KeyVault, live: (account: string) => LiveDevice) {
    this.rows = new DeviceRows(database);
    this.#vault = vault;
    this.#live = live;
    for (const row of this.rows.heads()) this.index.set(new Head(row, vault));
  }

  list(query: DeviceQuery): { devices: Device[]; total: number; nextAfter: string | null } {
    const { state } = query;
    const found = this.index.search(query, (head) => state === undefined || this.#stateOf(head) === state);
    const devices = found.heads.flatMap((head) => {
      const row = this.rows.get(head.account);
      return row === null ? [] : [this.#shown(head, row)];
    });
    return { devices, total: found.total, nextAfter: found.more ? (devices.at(-1)?.account ?? null) : null };
  }

  show(account: string): { device: Device; config: DeviceConfig } {
    const { head, row } = this.#existing(account);
    return { device: this.#shown(head, row), config: configOfRow(row, head.hasKey ? '' : null) };
  }

  /** Inside a transaction. */
  add(config: DeviceConfig): DeviceChanges {
    if (this.index.get(config.account) !== null) {
      throw new AppError('conflict', `there is a device ${config.account} already`, {
        hint: 'holdfast device edit changes it.',
      });
    }
    if (config.key === '') {
      throw new AppError('invalid_input', 'a new device has no key that could be kept', {
        hint: 'Give its key, or null for none.',
      });
    }
    this.#checkRoom(1);
    return this.#write([this.#completed(config)], []);
  }

  /** Inside a transaction. */
  edit(account: string, change: DeviceChange): DeviceChanges {
    const { head, row } = this.#existing(account);
    const before = configOfRow(row, head.hasKey ? '' : null);
    const after: DeviceConfig = { ...before, ...withoutUndefined(change) };
    if (after.account === account) return this.#write([this.#completed(after)], []);
    if (this.index.get(after.account) !== null) {
      throw new AppError('conflict', `there is a device ${after.account} already`, {
        hint: 'Choose another account.',
      });
    }
    // A seal is bound to its account.
    const key = after.key === '' ? head.keyHex() : after.key;
    return this.#write([this.#completed({ ...after, key })], [account]);
  }

  /** Inside a transaction. */
  remove(account: string): DeviceChanges {
    this.#existing(account);
    return this.#write([], [account]);
  }

  /** What an import would do; `write` puts it. @throws AppError when one of them cannot be. */
  planImport(configs: readonly DeviceConfig[]): { counts: ImportCounts; put: DeviceRow[] } {
    const twice = firstTwice(configs.map(({ account }) => account));
    if (twice !== null) {
      throw new AppError('invalid_input', `account ${twice} is there twice`, {
        hint: 'Give each device once.',
      });
    }
    let added = 0;
    const put: DeviceRow[] = [];
    for (const config of configs) {
      const row = this.#completed(config);
      const there = this.rows.get(config.account);
      if (there === null) added += 1;
      if (there === null || !this.#isSame(there, row, config.key)) put.push(row);
    }
    this.#checkRoom(added);
    const changed = put.length - added;
    return { counts: { added, changed, unchanged: configs.length - put.length }, put };
  }

  /** Inside a transaction. */
  write(put: readonly DeviceRow[]): DeviceChanges {
    return this.#write(put, []);
  }

  /** After the transaction. */
  follow({ put, gone }: DeviceChanges): void {
    for (const account of gone) this.index.remove(account);
    for (const row of put) this.index.set(new Head(row, this.#vault));
  }

  /** The row of a configuration whose key is open, null, or `''` for the one that is set. */
  rowOf(config: DeviceConfig): DeviceRow {
    return this.#completed(config);
  }

  #completed(config: DeviceConfig): DeviceRow {
    const kept = config.key === '' ? (this.rows.get(config.account)?.key ?? null) : null;
    checkDevice(config, config.key === '' ? kept !== null : config.key !== null);
    const sealed = config.key === '' ? kept : sealKey(this.#vault.sealer, config.account, config.key);
    return rowOfConfig(config, sealed);
  }

  /** `key`: open, as it was given. */
  #isSame(there: DeviceRow, row: DeviceRow, key: string | null): boolean {
    if (!sameButKey(there, row)) return false;
    if (key === '') return true;
    const head = this.index.get(there.account);
    return (head === null || head.key === null ? null : head.keyHex()) === (key?.toLowerCase() ?? null);
  }

  #write(put: readonly DeviceRow[], gone: readonly string[]): DeviceChanges {
    for (const account of gone) this.rows.remove(account);
    for (const row of put) this.rows.put(row);
    return { put, gone };
  }

  #checkRoom(added: number): void {
    if (this.index.size + added <= devicesMax) return;
    throw new AppError('conflict', `more than ${devicesMax} devices`, {
      hint: 'Remove devices that do not report any more.',
    });
  }

  #existing(account: string): { head: Head; row: DeviceRow } {
    const head = this.index.get(account);
    const row = head === null ? null : this.rows.get(account);
    if (head !== null && row !== null) return { head, row };
    throw new AppError('not_found', `there is no device ${account}`, {
      hint: 'holdfast device list shows them.',
    });
  }

  #stateOf(head: Head): Device['state'] {
    if (!head.enabled) return 'disabled';
    if (head.supervisionSeconds === null) return 'unsupervised';
    return this.#live(head.account).watch ?? 'never';
  }

  #shown(head: Head, row: DeviceRow): Device {
    const { key: _, areas, zones, channels, users, ...config } = configOfRow(row, null);
    const { watch: __, ...facts } = this.#live(head.account);
    return {
      ...config,
      ...facts,
      hasKey: head.hasKey,
      counts: {
        areas: areas.length,
        zones: zones.length,
        channels: channels.length,
        users: users.length,
      },
      state: this.#stateOf(head),
    };
  }
}

function withoutUndefined(change: DeviceChange): Partial<DeviceConfig> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
