/** What the directory promises: who may report, what an event means, and where it is sent. */
import type {
  Alarm,
  AlarmCategory,
  AlarmContent,
  AlarmOutput,
  Device,
  DeviceChange,
  DeviceConfig,
  DeviceQuery,
  EventMapping,
} from '../../../src/contract/index.ts';
import type { AppError } from '../../../src/errors.ts';
import type { Sealer } from '../../settings/seal.ts';
import type { IngressTable } from '../../spare/types.ts';
import type { AlarmEvent, IntakeAccount, IntakeAccounts } from '../types.ts';

export const devicesMax = 100_000;
export const outputsMax = 16;
export const mappingsMax = 1_000;

/** What is kept in memory of a device. */
export interface DeviceHead extends IntakeAccount {
  readonly name: string;
  readonly serial: string;
  readonly mode: DeviceConfig['mode'];
  readonly supervisionSeconds: number | null;
  readonly hasKey: boolean;
}

/** What others know of a device; the directory only shows it. */
export interface LiveDevice {
  /** Null: nobody watches it. */
  readonly watch: 'online' | 'lost' | 'never' | null;
  readonly lastHeardMs: number | null;
  readonly alarms: number;
  readonly firstAlarmMs: number | null;
  readonly lastAlarmMs: number | null;
  readonly activatedMs: number | null;
}

export type DirectoryPart = 'devices' | 'outputs' | 'mappings' | 'all';

export interface ImportCounts {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
}

/** Who edits while `readOnly` has a reason gets `forbidden` with it. Other errors: `invalid_input`, `not_found`, `conflict`. */
export interface Directory extends IntakeAccounts {
  /** A look into a map. A key that its seal does not give up is null, and plain messages are then refused. */
  find(account: string): DeviceHead | null;
  /** In order of account. */
  heads(): IterableIterator<DeviceHead>;
  devices(): number;
  list(query: DeviceQuery): { devices: Device[]; total: number; nextAfter: string | null };
  show(account: string): { device: Device; config: DeviceConfig };
  add(config: DeviceConfig): Device;
  edit(account: string, change: DeviceChange): Device;
  remove(account: string): void;
  /** All or nothing. A key of `''` keeps the one that is set; of a new device it is none. */
  import(devices: readonly DeviceConfig[], dryRun: boolean): ImportCounts;

  /** In their order, keys as `''`. */
  outputs(): AlarmOutput[];
  /** The same with their keys, without those whose key does not open: for who opens connections, never for an answer. */
  outputsWithKeys(): AlarmOutput[];
  setOutput(output: AlarmOutput): AlarmOutput;
  removeOutput(id: string): void;

  mappings(): EventMapping[];
  setMappings(
    mappings: readonly EventMapping[],
    replace: boolean,
  ): { added: number; changed: number; removed: number };
  /** For intake: what an event is, and whether it is forwarded. */
  categorise(format: string, content: AlarmContent): { category: AlarmCategory; forward: boolean };
  /** For screens: the device's name and the event in words. */
  namesOf(event: Pick<AlarmEvent, 'account' | 'content'>): { device: Alarm['device']; words: string };
  /** Of a text to search for: what `AlarmStore.list` wants to know of it. */
  meaningOf(text: string): { accounts: string[]; codes: string[] };
  /** For outputs: the event's data in another format; null when nothing there means the same. */
  convert(event: AlarmEvent, to: 'SIA-DCS' | 'ADM-CID'): string | null;

  /** Grows with each change. */
  version(): number;
  /** Everything, as lines of JSON with the keys open: the same bytes for the same content. Holds nothing up for long. */
  export(): Promise<Uint8Array>;
  /** Takes over what `export` gave, whole or not at all, and its version; goes past `readOnly`. */
  replace(body: Uint8Array, version: number): Promise<void>;
  /** Removes everything; goes past `readOnly`. */
  clear(): void;
  /** Why edits are refused from now on (names the host); null: they are not. */
  readOnly(reason: string | null): void;
  /** The table of a hub's ingress: devices that report through it. */
  ingress(): IngressTable['accounts'];
  close(): void;
}

export interface DirectoryOptions {
  readonly path: string;
  readonly sealer: Sealer;
  readonly live: (account: string) => LiveDevice;
  /** After the change is on the disk. */
  readonly onChange: (part: DirectoryPart) => void;
  /** A key that its seal does not give up; said once a device, and with each look at the outputs. */
  readonly onError: (error: AppError) => void;
}
