/** The seams of the hot spare: what a group shares through its store, whichever store that is. */
import { z } from 'zod';
import { backupStateSchema, groupRoleSchema, nameSchema } from '../../src/contract/index.ts';
import type { AlarmQueue } from '../alarms/types.ts';
import type { LeaseStore } from '../standby/types.ts';

/** Who belongs to the group, in order of priority: the first is the host. Written by compare-and-set. */
export const rosterSchema = z.strictObject({
  version: z.literal(1),
  members: z
    .array(
      z.strictObject({
        id: z.string().min(1).max(64),
        name: nameSchema,
        role: groupRoleSchema,
        joinedMs: z.number().int().nonnegative(),
      }),
    )
    .max(4),
});
export type Roster = z.infer<typeof rosterSchema>;

/** What a member says of itself, once a second and on each change; only it writes it. Judged by its `seq`, never by its clock. */
export const presenceSchema = z.strictObject({
  memberId: z.string().min(1).max(64),
  /** Of this run. */
  boot: z.string().min(1).max(64),
  seq: z.number().int().nonnegative(),
  version: z.string().max(64),
  working: z.boolean(),
  /** Alive, configured and able to forward: has an output, its queue answers. */
  ready: z.boolean(),
  /** Asks the working one to hand over to it. */
  wants: z.boolean(),
  /** Until the working one has handed over by hand, nobody of higher priority asks back: seconds left. */
  holdSeconds: z.number().int().nonnegative().default(0),
  epoch: z.number().int().nonnegative(),
  backup: z.strictObject({
    version: z.number().int().nonnegative(),
    state: backupStateSchema,
    publishedMs: z.number().int().nonnegative().nullable(),
  }),
  unshared: z.number().int().nonnegative(),
  problem: z.string().max(256).nullable(),
});
export type Presence = z.infer<typeof presenceSchema>;

export interface RegisterValue {
  readonly text: string;
  readonly revision: string;
}

/** One small text with compare-and-set, as `LeaseStore` is for the lease; the same errors. At most 8,192 characters. */
export interface TextRegister {
  read(timeoutMs: number): Promise<RegisterValue | null>;
  write(expected: string | null, text: string, timeoutMs: number): Promise<string>;
}

export interface StoredBackup {
  readonly name: string;
  readonly version: number;
  readonly publishedMs: number;
  readonly bytes: number;
}

export const backupBytesMax = 64 * 1024 * 1024;

/** Objects of a group: the host's backup, sealed by the members before it comes here. Whole or not at all. */
export interface BackupStore {
  /** Replaces the one of the same name. @throws AppError `conflict` when one of the same or a higher version is there. */
  put(name: string, version: number, body: Uint8Array, publishedMs: number): Promise<void>;
  head(name: string): Promise<StoredBackup | null>;
  get(name: string): Promise<{ readonly backup: StoredBackup; readonly body: Uint8Array } | null>;
  remove(name: string): Promise<void>;
}

/** What the hub's DC-09 ingress must know to take events in for the group; without a hub nobody needs it. */
export const ingressTableSchema = z.strictObject({
  version: z.number().int().nonnegative(),
  accounts: z
    .array(
      z.strictObject({
        account: z.string().max(16),
        name: z.string().max(64),
        /** AES key in hex, null for plain. */
        key: z.string().max(64).nullable(),
        requireEncryption: z.boolean(),
        enabled: z.boolean(),
        /** Only of devices that report through the hub. */
        supervisionSeconds: z.number().int().positive().nullable(),
      }),
    )
    .max(100_000),
});
export type IngressTable = z.infer<typeof ingressTableSchema>;

/** Everything a member needs of its group's store. Connects with the first call and again by itself. */
export interface GroupStore {
  /** `the hub at …`, `NATS`. */
  readonly name: string;
  readonly lease: LeaseStore;
  readonly roster: TextRegister;
  /** `slot`: a member's id. */
  presence(memberId: string): TextRegister;
  readonly backups: BackupStore;
  readonly queue: AlarmQueue;
  /** Tells the hub's ingress which accounts it serves; resolves at once where there is no ingress. */
  publishIngress(table: IngressTable): Promise<void>;
  close(): Promise<void>;
}
