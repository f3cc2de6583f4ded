/** The directory of a receiver: devices, outputs and event mappings in `devices.db`, of which each change is one transaction and one version. */
import type { DatabaseSync } from 'node:sqlite';
import type {
  AlarmContent,
  AlarmOutput,
  DeviceChange,
  DeviceConfig,
  DeviceQuery,
  EventMapping,
} from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { inTransaction, openSqlite } from '../../adapters/sqlite.ts';
import { meaningsMax } from '../store/types.ts';
import type { AlarmEvent } from '../types.ts';
import { headOfRow } from './device-rows.ts';
import { type DeviceChanges, Devices } from './devices.ts';
import { KeyVault } from './head.ts';
import { Meanings } from './meanings.ts';
import { Outputs } from './outputs.ts';
import { type DeviceRow, directorySql, directoryVersion } from './schema.ts';
import {
  accountOfLine,
  deviceLine,
  deviceOf,
  headLine,
  linesPerTurn,
  nextTurn,
  readSnapshot,
  type Snapshot,
} from './snapshot.ts';
import type { Directory, DirectoryOptions, DirectoryPart } from './types.ts';

/** An export begins anew when something changed meanwhile; then it does not let anything change any more. */
const exportTries = 5;

/** @throws AppError `unsupported`, `data_loss`, `disk_full`, `unavailable` when the file cannot be opened. */
export function openDirectory(options: DirectoryOptions): Directory {
  const database = openSqlite({ path: options.path, schemaSql: directorySql, version: directoryVersion });
  return new StoredDirectory(database, options);
}

class StoredDirectory implements Directory {
  readonly #database: DatabaseSync;
  readonly #options: DirectoryOptions;
  readonly #devices: Devices;
  readonly #outputs: Outputs;
  readonly #meanings: Meanings;
  #version: number;
  #refusal: string | null = null;
  #replacing = false;
  #closed = false;

  constructor(database: DatabaseSync, options: DirectoryOptions) {
    this.#database = database;
    this.#options = options;
    const vault = new KeyVault(options.sealer, options.onError);
    this.#devices = new Devices(database, vault, options.live);
    this.#outputs = new Outputs(database, options.sealer);
    this.#meanings = new Meanings(database);
    this.#version = Number(database.prepare('SELECT version FROM directory').get()?.version ?? 0);
    void this.#openKeys();
  }

  find(account: string) {
    return this.#devices.index.get(account);
  }

  heads() {
    return this.#devices.index.inOrder();
  }

  devices() {
    return this.#devices.index.size;
  }

  list(query: DeviceQuery) {
    return this.#devices.list(query);
  }

  show(account: string) {
    return this.#devices.show(account);
  }

  add(config: DeviceConfig) {
    this.#changeDevices(`add device ${config.account}`, () => this.#devices.add(config));
    return this.show(config.account).device;
  }

  edit(account: string, change: DeviceChange) {
    this.#changeDevices(`change device ${account}`, () => this.#devices.edit(account, change));
    return this.show(change.account ?? account).device;
  }

  remove(account: string) {
    this.#changeDevices(`remove device ${account}`, () => this.#devices.remove(account));
  }

  import(devices: readonly DeviceConfig[], dryRun: boolean) {
    this.#checkEditable();
    const { counts, put } = this.#devices.planImport(devices);
    if (!dryRun && put.length > 0) this.#changeDevices('import devices', () => this.#devices.write(put));
    return counts;
  }

  outputs() {
    return this.#outputs.shown();
  }

  outputsWithKeys() {
    return this.#outputs.usable(this.#options.onError);
  }

  setOutput(output: AlarmOutput) {
    this.#change('outputs', `set output ${output.id}`, () => this.#outputs.set(output));
    return this.outputs().find(({ id }) => id === output.id) ?? output;
  }

  removeOutput(id: string) {
    this.#change('outputs', `remove output ${id}`, () => this.#outputs.remove(id));
  }

  mappings() {
    return this.#meanings.all();
  }

  setMappings(mappings: readonly EventMapping[], replace: boolean) {
    return this.#change('mappings', 'set event mappings', () => this.#meanings.set(mappings, replace));
  }

  categorise(_format: string, content: AlarmContent) {
    return this.#meanings.categorise(content);
  }

  namesOf({ account, content }: Pick<AlarmEvent, 'account' | 'content'>) {
    return { device: this.find(account)?.name ?? null, words: this.#meanings.wordsOf(content) };
  }

  meaningOf(text: string) {
    const wanted = text.toLowerCase();
    const accounts: string[] = [];
    for (const { account, name } of this.heads()) {
      if (accounts.length >= meaningsMax) break;
      if (name.toLowerCase().includes(wanted)) accounts.push(account);
    }
    return { accounts, codes: this.#meanings.codesWith(text) };
  }

  convert(event: AlarmEvent, to: 'SIA-DCS' | 'ADM-CID') {
    return this.#meanings.convert(event, to);
  }

  version() {
    return this.#version;
  }

  async export() {
    for (let tries = 1; ; tries += 1) {
      const version = this.#version;
      const lines = await this.#lines(() => tries < exportTries);
      if (this.#version === version) return new TextEncoder().encode(lines.join('\n'));
    }
  }

  async replace(body: Uint8Array, version: number) {
    this.#checkFree();
    this.#replacing = true;
    try {
      await this.#takeOver(readSnapshot(body), version);
    } finally {
      this.#replacing = false;
    }
    this.#options.onChange('all');
  }

  clear() {
    this.#checkFree();
    inTransaction(this.#database, 'clear the directory', () => {
      this.#database.exec('DELETE FROM device; DELETE FROM output; DELETE FROM mapping;');
      this.#writeVersion(this.#version + 1);
    });
    this.#version += 1;
    this.#devices.index.clear();
    this.#meanings.reload();
    this.#options.onChange('all');
  }

  readOnly(reason: string | null) {
    this.#refusal = reason;
  }

  ingress() {
    return [...this.heads()]
      .filter(({ mode }) => mode !== 'direct')
      .map((head) => ({
        account: head.account,
        name: head.name,
        key: head.key === null ? null : Buffer.from(head.key).toString('hex'),
        requireEncryption: head.requireEncryption,
        enabled: head.enabled,
        supervisionSeconds: head.supervisionSeconds,
      }));
  }

  close() {
    this.#closed = true;
    this.#database.close();
  }

  #changeDevices(doing: string, work: () => DeviceChanges): void {
    const changes = this.#write(doing, work);
    this.#devices.follow(changes);
    this.#options.onChange('devices');
  }

  #change<Result>(part: DirectoryPart, doing: string, work: () => Result): Result {
    const result = this.#write(doing, work);
    this.#meanings.reload();
    this.#options.onChange(part);
    return result;
  }

  #write<Result>(doing: string, work: () => Result): Result {
    this.#checkEditable();
    const result = inTransaction(this.#database, doing, () => {
      const done = work();
      this.#writeVersion(this.#version + 1);
      return done;
    });
    this.#version += 1;
    return result;
  }

  #writeVersion(version: number): void {
    this.#database.prepare('UPDATE directory SET version = ?').run(version);
  }

  #checkEditable(): void {
    if (this.#refusal !== null) {
      throw new AppError('forbidden', this.#refusal, {
        hint: 'Make the change on the host; its spares follow within seconds.',
      });
    }
    this.#checkFree();
  }

  #checkFree(): void {
    if (!this.#replacing) return;
    throw new AppError('unavailable', "a copy of the host's backup is being taken over", {
      hint: 'Try again in a moment.',
    });
  }

  /** `mayRest`: others get their turn between the pieces. */
  async #lines(mayRest: () => boolean): Promise<string[]> {
    const outputs = this.#outputs.withKeys();
    const mappings = this.mappings();
    const counts = { devices: this.devices(), outputs: outputs.length, mappings: mappings.length };
    const lines = [headLine(counts)];
    let rows = this.#devices.rows.after('', linesPerTurn);
    while (rows.length > 0) {
      for (const row of rows) lines.push(this.#deviceLine(row));
      if (mayRest()) await nextTurn();
      rows = this.#devices.rows.after(rows.at(-1)?.account ?? '', linesPerTurn);
    }
    for (const item of [...outputs, ...mappings]) lines.push(JSON.stringify(item));
    return lines;
  }

  #deviceLine(row: DeviceRow): string {
    const { rest, ...head } = row;
    return deviceLine(headOfRow(head, this.find(row.account)?.keyHex() ?? null), rest);
  }

  /** Only what differs is read and written: most changes are of a few devices. */
  async #takeOver({ deviceLines, outputs, mappings }: Snapshot, version: number): Promise<void> {
    const put: DeviceRow[] = [];
    const wanted = new Set<string>();
    for (const [at, line] of deviceLines.entries()) {
      const there = this.#devices.rows.get(accountOfLine(line));
      if (there === null || !this.#isLineOf(there, line)) put.push(this.#devices.rowOf(deviceOf(line)));
      wanted.add(accountOfLine(line));
      if (at % linesPerTurn === 0) await nextTurn();
    }
    const gone = [...this.heads()].map(({ account }) => account).filter((account) => !wanted.has(account));
    const changes = inTransaction(this.#database, "take over the host's backup", () => {
      for (const account of gone) this.#devices.rows.remove(account);
      this.#outputs.replaceAll(outputs);
      this.#meanings.set(mappings, true);
      this.#writeVersion(version);
      return { ...this.#devices.write(put), gone };
    });
    this.#version = version;
    this.#devices.follow(changes);
    this.#meanings.reload();
  }

  /** A key that does not open here is written anew. */
  #isLineOf(there: DeviceRow, line: string): boolean {
    const head = this.find(there.account);
    const lost = head?.hasKey === true && head.key === null;
    return !lost && this.#deviceLine(there) === line;
  }

  /** After the start, a piece at a time, so that no first message of a device waits for all. */
  async #openKeys(): Promise<void> {
    let at = 0;
    for (const head of this.heads()) {
      if (at++ % linesPerTurn === 0) await nextTurn();
      if (this.#closed) return;
      void head.key;
    }
  }
}
