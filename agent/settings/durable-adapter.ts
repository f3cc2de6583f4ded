/** lowdb adapter that survives a crash at any step: a reader finds the old document or the new one, never neither. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Adapter } from 'lowdb';
import { AppError } from '../../src/errors.ts';

/** The few disk operations that durability needs, so that a test can stop between any two of them. */
export interface SettingsDisk {
  /** The file's text, null when there is none. */
  read(path: string): Promise<string | null>;
  /** Write and fsync; readable by the owner only. */
  writeSynced(path: string, text: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Makes renames and removals inside the folder durable. */
  syncFolder(path: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** Names inside a folder, empty when there is none. */
  list(path: string): Promise<string[]>;
  remove(path: string): Promise<void>;
}

export interface DurableAdapterOptions {
  disk: SettingsDisk;
  /** Folder and name of the file; generations lie in `<name>.generations/` beside it. */
  folder: string;
  fileName: string;
  generationsMax?: number;
  /** Told when the file was damaged and an older generation was taken. */
  onFallback?: (problem: string) => void;
}

const generationsDefaultMax = 10;

interface Envelope {
  serial: number;
  document: unknown;
}

export class DurableAdapter<T> implements Adapter<T> {
  readonly #disk: SettingsDisk;
  readonly #folder: string;
  readonly #path: string;
  readonly #generations: string;
  readonly #generationsMax: number;
  readonly #onFallback: (problem: string) => void;
  #serial = 0;

  constructor(options: DurableAdapterOptions) {
    this.#disk = options.disk;
    this.#folder = options.folder;
    this.#path = join(options.folder, options.fileName);
    this.#generations = join(options.folder, `${options.fileName}.generations`);
    this.#generationsMax = options.generationsMax ?? generationsDefaultMax;
    this.#onFallback = options.onFallback ?? (() => {});
  }

  /**
   * The newest whole document, null when nothing was ever written. The caller validates its shape.
   * @throws AppError `data_loss` when files exist and none of them is whole.
   */
  async read(): Promise<T | null> {
    const text = await this.#disk.read(this.#path);
    const names = await this.#generationNames();
    this.#serial = serialOfName(names.at(-1)) ?? 0;
    const current = text === null ? null : decodeEnvelope(text);
    if (current) return this.#accept(current);
    for (const name of names.reverse()) {
      const older = decodeEnvelope((await this.#disk.read(join(this.#generations, name))) ?? '');
      if (!older) continue;
      if (text !== null) this.#onFallback(`${this.#path} is damaged; generation ${older.serial} was taken`);
      return this.#accept(older);
    }
    if (text === null && names.length === 0) return null;
    throw new AppError('data_loss', `${this.#path} and all its generations are damaged`, {
      hint: 'Restore a backup from the data folder, or move the damaged files away to begin anew.',
    });
  }

  async write(data: T): Promise<void> {
    const serial = this.#serial + 1;
    const text = encodeEnvelope({ serial, document: data });
    await this.#disk.makeFolder(this.#generations);
    await this.#replace(this.#generations, join(this.#generations, nameOfSerial(serial)), text);
    this.#serial = serial;
    await this.#replace(this.#folder, this.#path, text);
    await this.#prune();
  }

  #accept(envelope: Envelope): T {
    this.#serial = Math.max(this.#serial, envelope.serial);
    return envelope.document as T;
  }

  async #replace(folder: string, path: string, text: string): Promise<void> {
    await this.#disk.writeSynced(`${path}.tmp`, text);
    await this.#disk.rename(`${path}.tmp`, path);
    await this.#disk.syncFolder(folder);
  }

  async #prune(): Promise<void> {
    const names = await this.#generationNames();
    for (const name of names.slice(0, Math.max(0, names.length - this.#generationsMax))) {
      await this.#disk.remove(join(this.#generations, name));
    }
  }

  /** Oldest first. */
  async #generationNames(): Promise<string[]> {
    const names = await this.#disk.list(this.#generations);
    return names.filter((name) => serialOfName(name) !== null).sort();
  }
}

function nameOfSerial(serial: number): string {
  return `${String(serial).padStart(12, '0')}.json`;
}

function serialOfName(name: string | undefined): number | null {
  const match = /^(\d{12})\.json$/.exec(name ?? '');
  return match ? Number(match[1]) : null;
}

function checksumOf(serial: number, document: unknown): string {
  return createHash('sha256')
    .update(`${serial}\n${JSON.stringify(document)}`)
    .digest('hex');
}

/** Text of a file: the document with a serial number and a checksum over both. */
export function encodeEnvelope(envelope: Envelope): string {
  const { serial, document } = envelope;
  return `${JSON.stringify({ serial, checksum: checksumOf(serial, document), document }, null, 2)}\n`;
}

/** Null when the text is not a whole envelope. */
export function decodeEnvelope(text: string): Envelope | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null) return null;
  if (!('serial' in parsed && 'checksum' in parsed && 'document' in parsed)) return null;
  const { serial, checksum, document } = parsed;
  if (typeof serial !== 'number' || !Number.isSafeInteger(serial)) return null;
  return checksum === checksumOf(serial, document) ? { serial, document } : null;
}
