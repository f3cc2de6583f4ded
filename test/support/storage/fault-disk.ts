/** A disk in front of the real one that fails as it is told: full, read-only, broken, hung, or torn at any byte. */
import { realDisk } from '../../../agent/adapters/disk.ts';
import { type Disk, DiskError, type DiskFault, type DiskFile } from '../../../agent/storage/disk.ts';

export class FaultDisk implements Disk {
  readonly #real = realDisk();
  readonly #faults = new Map<string, { fault: DiskFault; only: string }>();
  readonly #hung = new Map<string, (() => void)[]>();
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
  readonly preallocate: Disk['preallocate'] = (path, bytes) =>
    this.#write(path, () => this.#real.preallocate(path, bytes));
  readonly syncAll: Disk['syncAll'] = (path) => this.#write(path, () => this.#real.syncAll(path));
  readonly deviceType: Disk['deviceType'] = async () => 'unknown';

  #wrap(file: DiskFile, path: string): DiskFile {
    return {
      read: (buffer, position) => this.#read(path, () => file.read(buffer, position)),
      write: async (buffers, position) => {
        await this.#pass(path, true);
        await this.#tearIfTold(file, path, buffers, position);
        await file.write(buffers, position);
      },
      sync: () => this.#write(path, () => file.sync()),
      close: () => file.close(),
    };
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
