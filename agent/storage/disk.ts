/** What the block store asks of a disk: positional files, durable small files, preallocation; every failure has a kind. */
import { AppError, type ErrorCode } from '../../src/errors.ts';

/**
 * `full` no room · `read-only` mounted so · `io` the device failed · `gone` no such path or a stale handle · `denied`
 * no permission · `hung` no answer in time · `left`
 * the store itself gave the space up meanwhile · `other` anything else.
 */
export type DiskFault = 'full' | 'read-only' | 'io' | 'gone' | 'denied' | 'hung' | 'left' | 'other';

const codes: Readonly<Record<DiskFault, ErrorCode>> = {
  full: 'disk_full',
  'read-only': 'unavailable',
  io: 'data_loss',
  gone: 'not_found',
  denied: 'forbidden',
  hung: 'timeout',
  left: 'unavailable',
  other: 'internal',
};

const hints: Readonly<Record<DiskFault, string>> = {
  full: 'Free space on the disk, or give the space a smaller quota.',
  'read-only': 'Look at the system log for disk errors, check the file system, and mount it writable again.',
  io: 'Check the cable and the health of the disk (SMART), and replace it when errors return.',
  gone: 'Mount the disk or share at this path again; recording returns to it by itself.',
  denied: 'Give the user that runs the agent write access to the folder.',
  hung: 'Check the network and the storage server; recording returns by itself when it answers.',
  left: 'See the Storage page for the trouble of the space.',
  other: 'Look at the system log, and check the disk and its mount.',
};

/** A failed disk operation; `message` says what was being done, `hint` what to do. */
export class DiskError extends AppError {
  readonly fault: DiskFault;

  constructor(
    fault: DiskFault,
    message: string,
    options: { errno?: string | undefined; cause?: unknown } = {},
  ) {
    super(codes[fault], message, {
      hint: hints[fault],
      ...(options.errno === undefined ? {} : { details: { errno: options.errno } }),
      cause: options.cause,
    });
    this.fault = fault;
  }
}

/** The fault of anything thrown below the store; what is no `DiskError` is `other`. */
export function faultOf(thrown: unknown): DiskFault {
  return thrown instanceof DiskError ? thrown.fault : 'other';
}

/** An open file; all positions are offsets from its start. Every call rejects with `DiskError`. */
export interface DiskFile {
  /** Fills `buffer` from `position`; fewer bytes than asked only at the end of the file. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Writes all of `buffers` one behind the other, or rejects. */
  write(buffers: readonly Uint8Array[], position: number): Promise<void>;
  /** Returns when what was written survives a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface DiskEntry {
  readonly kind: 'file' | 'folder' | 'other';
  readonly sizeBytes: number;
  /** Really taken from the disk; less than `sizeBytes` for a sparse file. */
  readonly allocatedBytes: number;
  readonly deviceId: number;
}

export interface Disk {
  /** `update` opens what exists and never creates: a vanished mount must not grow files. `create` makes or truncates. */
  open(path: string, mode: 'read' | 'update' | 'create'): Promise<DiskFile>;
  /** Null when there is nothing at `path`. */
  stat(path: string): Promise<DiskEntry | null>;
  /** Null when there is no such file; rejects when it is longer than `bytesMax`. */
  readSmall(path: string, bytesMax: number): Promise<Uint8Array | null>;
  /** Replaces a small file as a whole and durably: temporary file, sync, rename, sync of the folder. */
  writeSmall(path: string, bytes: Uint8Array): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** Names in a folder, [] when it does not exist. */
  list(path: string): Promise<string[]>;
  remove(path: string): Promise<void>;
  freeBytes(path: string): Promise<number>;
  /**
   * Makes files of `sizeBytes` whose room is really taken. Tells for each whether it is so; where the system could not do
   * it at once, write zeros.
   */
  preallocate(paths: readonly string[], sizeBytes: number): Promise<boolean[]>;
  /** Makes all that was written below `path` survive a power cut. */
  syncAll(path: string): Promise<void>;
  deviceType(path: string): Promise<DeviceType>;
}

export type DeviceType = 'ssd' | 'hdd' | 'nas' | 'memory' | 'unknown';
