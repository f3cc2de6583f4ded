/** A disk in front of the real one that fails as it is told: full, read-only, broken, hung, or torn at any byte. */
import { realDisk } from '../../../agent/adapters/disk.ts';
import { type Disk, DiskError, type DiskFault, type DiskFile } from '../../../agent/storage/disk.ts';

const sectorBytes = 512;

interface Unsynced {
  readonly path: string;
  readonly position: number;
  readonly old: Uint8Array;
}

export class FaultDisk implements Disk {
  readonly #real = realDisk();
  readonly #faults = new Map<string, { fault: DiskFault; only: string }>();
  readonly #hung = new Map<string, (() => void)[]>();
  /** What unsynced writes replaced, oldest first; kept when asked for. */
  readonly #unsynced: Unsynced[] = [];
  readonly #neverWritten = new Set<Unsynced>();
  readonly #syncsFailing: { path: string; failed: Set<string> }[] = [];
  keepUnsynced = false;
  #tearAt: { path: string; keepBytes: number } | null = null;
  /** Calls under way below each path that hangs. */
  hanging = 0;
  hangingMax = 0;

  /** Everything below `path` whose path contains `only` fails so from now on. */
  break(path: string, fault: DiskFault, only = ''): void {
    this.#faults.set(path, { fault, only });
  }

  /** Every call below `path` waits until `mend`. */
  hang(path: string): void {
    this.#hung.set(path, this.#hung.get(path) ?? []);
  }

  mend(path: string): void {
    this.#faults.delete(path);
    const waiting = this.#hung.get(path) ?? [];
    this.#hung.delete(path);
    for (const go of waiting) go();
  }

  /** The next write of a block below `path` keeps its first bytes only, and fails. */
  tear(path: string, keepBytes: number): void {
    this.#tearAt = { path, keepBytes };
  }

  /** The next sync of each file below `path` fails, and from then on the system takes what it did not write for written. */
  failSyncsOnce(path: string): void {
    this.#syncsFailing.push({ path, failed: new Set() });
  }

  /** The machine loses power: of what was not synced any sector may be the old one. Nothing more must be under way. */
  async powerCut(random: () => number): Promise<void> {
    for (const { path, position, old } of this.#unsynced.splice(0).reverse()) {
      const file = await this.#real.open(path, 'update');
      for (let at = 0; at < old.length; at += sectorBytes) {
        if (random() < 0.5) await file.write([old.subarray(at, at + sectorBytes)], position + at);
      }
      await file.close();
    }
  }

  readonly open: Disk['open'] = async (path, mode) => {
    await this.#pass(path, mode !== 'read');
    return this.#wrap(await this.#real.open(path, mode), path);
  };
  readonly stat: Disk['stat'] = (path) => this.#read(path, () => this.#real.stat(path));
  readonly readSmall: Disk['readSmall'] = (path, bytesMax) =>
    this.#read(path, () => this.#real.readSmall(path, bytesMax));
  readonly writeSmall: Disk['writeSmall'] = (path, bytes) =>
    this.#write(path, () => this.#real.writeSmall(path, bytes));
  readonly makeFolder: Disk['makeFolder'] = (path) => this.#write(path, () => this.#real.makeFolder(path));
  readonly list: Disk['list'] = (path) => this.#read(path, () => this.#real.list(path));
  readonly remove: Disk['remove'] = (path) => this.#write(path, () => this.#real.remove(path));
  readonly freeBytes: Disk['freeBytes'] = (path) => this.#read(path, () => this.#real.freeBytes(path));
  readonly preallocate: Disk['preallocate'] = async (paths, bytes) => {
    for (const path of paths) await this.#pass(path, true);
    return this.#real.preallocate(paths, bytes);
  };
  readonly syncAll: Disk['syncAll'] = (path) => this.#write(path, () => this.#real.syncAll(path));
  readonly deviceType: Disk['deviceType'] = async () => 'unknown';

  #wrap(file: DiskFile, path: string): DiskFile {
    return {
      read: (buffer, position) => this.#read(path, () => file.read(buffer, position)),
      write: async (buffers, position) => {
        await this.#pass(path, true);
        await this.#tearIfTold(file, path, buffers, position);
        if (this.keepUnsynced) await this.#keepOld(file, path, buffers, position);
        await file.write(buffers, position);
      },
      sync: async () => {
        await this.#pass(path, true);
        this.#failSyncIfTold(path);
        const before = this.#unsynced.filter(
          (write) => write.path === path && !this.#neverWritten.has(write),
        );
        await file.sync();
        for (const write of before) this.#written(write);
      },
      close: () => file.close(),
    };
  }

  /** It is on the disk now, and over what never got there. */
  #written(write: Unsynced): void {
    const isOver = (one: Unsynced) =>
      one.path === write.path &&
      one.position >= write.position &&
      one.position + one.old.length <= write.position + write.old.length;
    const gone = this.#unsynced.filter(
      (one) => one === write || (this.#neverWritten.has(one) && isOver(one)),
    );
    for (const one of gone) this.#unsynced.splice(this.#unsynced.indexOf(one), 1);
  }

  async #keepOld(
    file: DiskFile,
    path: string,
    buffers: readonly Uint8Array[],
    position: number,
  ): Promise<void> {
    const old = new Uint8Array(buffers.reduce((sum, buffer) => sum + buffer.length, 0));
    await file.read(old, position);
    this.#unsynced.push({ path, position, old });
  }

  async #tearIfTold(
    file: DiskFile,
    path: string,
    buffers: readonly Uint8Array[],
    position: number,
  ): Promise<void> {
    const tear = this.#tearAt;
    if (tear === null || !path.startsWith(tear.path) || !path.endsWith('.mp4')) return;
    this.#tearAt = null;
    await file.write([Buffer.concat(buffers).subarray(0, tear.keepBytes)], position);
    throw new DiskError('io', 'torn by the test');
  }

  /** As Linux does: the pages that were not written are clean afterwards, so the next sync succeeds and writes nothing. */
  #failSyncIfTold(path: string): void {
    const told = this.#syncsFailing.find((one) => path.startsWith(one.path) && path.endsWith('.mp4'));
    if (told === undefined || told.failed.has(path)) return;
    told.failed.add(path);
    for (const write of this.#unsynced) if (write.path === path) this.#neverWritten.add(write);
    throw new DiskError('io', `sync failed by the test at ${path}`);
  }

  async #read<T>(path: string, run: () => Promise<T>): Promise<T> {
    await this.#pass(path, false);
    return run();
  }

  async #write<T>(path: string, run: () => Promise<T>): Promise<T> {
    await this.#pass(path, true);
    return run();
  }

  /** Full and read-only disks can still be read. */
  async #pass(path: string, writes: boolean): Promise<void> {
    for (const [below, waiting] of this.#hung) {
      if (!path.startsWith(below)) continue;
      this.hanging += 1;
      this.hangingMax = Math.max(this.hangingMax, this.hanging);
      await new Promise<void>((resolve) => waiting.push(resolve));
      this.hanging -= 1;
    }
    for (const [below, { fault, only }] of this.#faults) {
      if (!path.startsWith(below) || !path.includes(only)) continue;
      if (!writes && (fault === 'full' || fault === 'read-only')) continue;
      throw new DiskError(fault, `${fault} by the test at ${path}`);
    }
  }
}
