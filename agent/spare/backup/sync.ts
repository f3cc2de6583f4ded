/** Keeps the group's backup: the host publishes each change, a spare takes it over on notice and looks every minute anyhow. */
import type { GroupBackup } from '../../../src/contract/index.ts';
import { toAppError } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import { createDeadline } from '../../standby/lease/deadline.ts';
import type { DirectoryHooks, GroupNote } from '../group/ports.ts';
import type { GroupStore } from '../types.ts';
import type { BackupSealer } from './seal.ts';

/** Changes that come one after the other are published together. */
const settleMs = 200;
const lookMs = 60_000;
const retryMinMs = 1_000;
const retryMaxMs = 30_000;
/** The largest backup over a slow line; longer, and it begins anew. */
const jobLimitMs = 120_000;
/** Somebody else may have published since we looked. */
const putTriesMax = 4;

/** The copy that a spare has, or what the host has published. */
export interface BackupCopy {
  readonly name: string;
  readonly version: number;
  readonly publishedMs: number;
  readonly updatedMs: number;
  readonly bytes: number;
}

export interface BackupSyncOptions {
  readonly clock: Clock;
  readonly store: () => GroupStore;
  readonly sealer: BackupSealer;
  readonly arcId: string;
  readonly directory: DirectoryHooks;
  readonly copy: BackupCopy | null;
  readonly onNote: (note: GroupNote) => void;
  /** Published, or taken over. */
  readonly onCopy: (copy: BackupCopy) => void;
}

/** `hostId` names the backup; it is this receiver's own on the host. */
export type BackupRole = { readonly kind: 'host' | 'spare'; readonly hostId: string };

export function backupName(arcId: string, hostId: string): string {
  return `HF_Backup_${arcId}_${hostId}`;
}

export class BackupSync {
  readonly #options: BackupSyncOptions;
  #role: BackupRole | null = null;
  #copy: BackupCopy | null;
  #state: GroupBackup['state'] = 'none';
  #problem: string | null = null;
  #lastError: Error | null = null;
  /** Of the directory, when it was last published. */
  #publishedOf: number | null = null;
  /** A look at the store has confirmed what is here since the role was given. */
  #confirmed = false;
  #job: Promise<void> | null = null;
  #again = false;
  #cancel: Cancel = () => {};
  #dueMs = Number.POSITIVE_INFINITY;
  #retryMs = retryMinMs;
  /** Grows with each role, so that what was begun under an earlier one comes to nothing. */
  #generation = 0;

  constructor(options: BackupSyncOptions) {
    this.#options = options;
    this.#copy = options.copy;
  }

  /** Null: no member any more. */
  setRole(role: BackupRole | null): void {
    if (this.#role?.kind === role?.kind && this.#role?.hostId === role?.hostId) return;
    this.#role = role;
    this.#generation += 1;
    this.#publishedOf = null;
    this.#confirmed = false;
    this.#cancel();
    this.#dueMs = Number.POSITIVE_INFINITY;
    if (role) this.#plan(0);
  }

  /** The directory has changed. */
  changed(): void {
    if (this.#role?.kind !== 'host') return;
    if (this.#options.directory.version() === this.#publishedOf) return;
    this.#state = 'updating';
    this.#plan(settleMs);
  }

  /** What the host says of its backup; a spare fetches what it has not. */
  noticed(version: number, publishedMs: number | null): void {
    if (this.#role?.kind !== 'spare' || version === 0 || publishedMs === null) return;
    if (this.#copy?.version === version && this.#copy.publishedMs === publishedMs) return;
    if (this.#job === null && this.#retryMs === retryMinMs) this.#plan(0);
  }

  /** The store holds something else than it did: everything is looked at anew. */
  storeReplaced(): void {
    this.#publishedOf = null;
    if (this.#role) this.#plan(0);
  }

  /** Publishes or fetches now. @throws AppError when that failed. */
  async synchronise(): Promise<void> {
    this.#publishedOf = null;
    this.#plan(0);
    while (this.#job) await this.#job;
    if (this.#state !== 'failed') return;
    throw this.#lastError ?? toAppError(new Error(this.#problem ?? 'not done'));
  }

  view(): GroupBackup {
    const { directory, arcId } = this.#options;
    const name = this.#role ? backupName(arcId, this.#role.hostId) : null;
    const copy = this.#copy?.name === name ? this.#copy : null;
    return {
      name: copy?.name ?? null,
      version: copy?.version ?? 0,
      publishedMs: copy?.publishedMs ?? null,
      updatedMs: copy?.updatedMs ?? null,
      state: this.#state,
      bytes: copy?.bytes ?? 0,
      devices: directory.devices(),
      problem: this.#problem,
    };
  }

  async close(): Promise<void> {
    this.#generation += 1;
    this.#role = null;
    this.#cancel();
    await this.#job;
  }

  #plan(delayMs: number): void {
    const { clock } = this.#options;
    if (this.#job && delayMs < retryMinMs) this.#again = true;
    const dueMs = clock.monotonicMs() + delayMs;
    if (dueMs >= this.#dueMs) return;
    this.#cancel();
    this.#dueMs = dueMs;
    this.#cancel = clock.after(delayMs, () => this.#run());
    if (delayMs > 0) return;
    this.#cancel();
    this.#run();
  }

  #run(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    const role = this.#role;
    if (!role) return;
    if (this.#job) {
      this.#again = true;
      return;
    }
    this.#again = false;
    const generation = this.#generation;
    this.#job = this.#attempt(role, generation).finally(() => {
      this.#job = null;
      if (this.#role && (this.#again || generation !== this.#generation)) this.#plan(0);
    });
  }

  async #attempt(role: BackupRole, generation: number): Promise<void> {
    const { clock, onNote } = this.#options;
    const isCurrent = () => generation === this.#generation;
    const deadline = createDeadline(clock, jobLimitMs, this.#options.store().name);
    try {
      await deadline.within(
        role.kind === 'host' ? this.#publish(role, isCurrent) : this.#follow(role, isCurrent),
      );
      if (!isCurrent()) return;
      this.#problem = null;
      this.#lastError = null;
      this.#retryMs = retryMinMs;
      this.#plan(lookMs);
    } catch (error) {
      if (!isCurrent()) return;
      const failure = toAppError(error);
      const first = this.#lastError?.message !== failure.message;
      this.#state = 'failed';
      this.#problem = failure.message.slice(0, 256);
      this.#lastError = failure;
      this.#plan(this.#retryMs);
      this.#retryMs = Math.min(retryMaxMs, this.#retryMs * 2);
      const what = role.kind === 'host' ? 'published' : 'taken over';
      if (first)
        onNote({
          level: 'warning',
          event: 'group.backup-failed',
          text: `the backup was not ${what}: ${failure.message}`,
        });
    }
  }

  async #publish(role: BackupRole, isCurrent: () => boolean): Promise<void> {
    const { directory, sealer, clock, arcId } = this.#options;
    const name = backupName(arcId, role.hostId);
    const of = directory.version();
    if (of === this.#publishedOf) {
      this.#state = 'updated';
      return;
    }
    this.#state = 'updating';
    const body = await directory.export();
    if (this.#publishedOf === null && (await this.#isThere(name, body, of))) return;
    let above = Math.max(1, of, (this.#copy?.version ?? 0) + 1);
    for (let tries = putTriesMax; isCurrent(); tries -= 1) {
      const publishedMs = Math.round(clock.nowMs());
      const sealed = await sealer.seal(body, { name, version: above });
      try {
        await this.#options.store().backups.put(name, above, sealed, publishedMs);
      } catch (error) {
        const there =
          toAppError(error).code === 'conflict' &&
          tries > 1 &&
          (await this.#options.store().backups.head(name));
        if (!there) throw error;
        above = there.version + 1;
        continue;
      }
      this.#took({ name, version: above, publishedMs, updatedMs: publishedMs, bytes: sealed.byteLength }, of);
      return;
    }
  }

  /** After a restart of the host nothing may have changed. */
  async #isThere(name: string, body: Uint8Array, of: number): Promise<boolean> {
    const stored = await this.#options.store().backups.get(name);
    if (!stored) return false;
    const { version, publishedMs } = stored.backup;
    const opened = await this.#options.sealer.open(stored.body, { name, version }).catch(() => null);
    if (!opened || Buffer.compare(opened, body) !== 0) return false;
    this.#took({ name, version, publishedMs, updatedMs: publishedMs, bytes: stored.body.byteLength }, of);
    return true;
  }

  async #follow(role: BackupRole, isCurrent: () => boolean): Promise<void> {
    const { directory, sealer, clock, arcId, store } = this.#options;
    const name = backupName(arcId, role.hostId);
    const head = await store().backups.head(name);
    if (!head) {
      this.#state = 'none';
      return;
    }
    const same =
      this.#copy?.name === name &&
      this.#copy.version === head.version &&
      this.#copy.publishedMs === head.publishedMs;
    if (same && (this.#confirmed || directory.version() === head.version)) {
      this.#confirmed = true;
      this.#state = 'updated';
      return;
    }
    this.#state = 'updating';
    const stored = await store().backups.get(name);
    if (!stored) return;
    const { version, publishedMs } = stored.backup;
    const body = await sealer.open(stored.body, { name, version });
    if (!isCurrent()) return;
    await directory.replace(body, version);
    this.#confirmed = true;
    const updatedMs = Math.round(clock.nowMs());
    this.#took({ name, version, publishedMs, updatedMs, bytes: stored.body.byteLength }, null);
    this.#options.onNote({
      level: 'info',
      event: 'group.backup-updated',
      text: `took over version ${version} of the host's backup`,
    });
  }

  #took(copy: BackupCopy, of: number | null): void {
    this.#copy = copy;
    this.#publishedOf = of;
    this.#state = 'updated';
    this.#options.onCopy(copy);
  }
}
