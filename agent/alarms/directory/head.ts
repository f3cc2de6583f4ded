/** A device as it is in memory: its key is opened when it is first needed, and a key that does not open lets nothing in. */
import { AppError, toAppError } from '../../../src/errors.ts';
import type { Sealer } from '../../settings/seal.ts';
import type { HeadRow } from './schema.ts';
import type { DeviceHead } from './types.ts';

export function deviceKeyContext(account: string): string {
  return `device ${account}`;
}

export class Head implements DeviceHead {
  readonly account: string;
  readonly name: string;
  readonly serial: string;
  readonly mode: DeviceHead['mode'];
  readonly supervisionSeconds: number | null;
  readonly enabled: boolean;
  readonly #vault: KeyVault;
  readonly #requireEncryption: boolean;
  readonly #sealed: string | null;
  #key: Uint8Array | null = null;
  #failed = false;

  constructor(row: HeadRow, vault: KeyVault) {
    this.account = row.account;
    this.name = row.name;
    this.serial = row.serial;
    this.mode = row.mode;
    this.supervisionSeconds = row.supervision_seconds;
    this.enabled = row.enabled !== 0;
    this.#requireEncryption = row.require_encryption !== 0;
    this.#sealed = row.key;
    this.#vault = vault;
  }

  get hasKey(): boolean {
    return this.#sealed !== null;
  }

  get key(): Uint8Array | null {
    if (this.#key === null && this.#sealed !== null && !this.#failed) this.#open(this.#sealed);
    return this.#key;
  }

  get requireEncryption(): boolean {
    return this.#requireEncryption || (this.#sealed !== null && this.key === null);
  }

  /** In hex, for a backup or a hub. @throws AppError `data_loss` when it does not open. */
  keyHex(): string | null {
    if (this.#sealed === null) return null;
    if (this.key === null) throw this.#vault.lost(this.account);
    return Buffer.from(this.key).toString('hex');
  }

  #open(sealed: string): void {
    try {
      this.#key = Buffer.from(this.#vault.sealer.openText(sealed, deviceKeyContext(this.account)), 'hex');
    } catch (thrown) {
      this.#failed = true;
      this.#vault.onError(toAppError(thrown));
    }
  }
}

export class KeyVault {
  readonly sealer: Sealer;
  readonly onError: (error: AppError) => void;

  constructor(sealer: Sealer, onError: (error: AppError) => void) {
    this.sealer = sealer;
    this.onError = onError;
  }

  lost(account: string): AppError {
    return new AppError('data_loss', `the key of device ${account} cannot be opened`, {
      hint: 'Put the right key file back into the data folder, or enter the key again.',
    });
  }
}
