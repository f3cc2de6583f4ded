/** What control needs from the machine it runs on, as narrow interfaces; the composition root gives the real ones. */
import type { FolderEntry } from '../../src/contract/index.ts';

/** How a space is cut into blocks. */
export interface SpaceLayout {
  blockBytes: number;
  /** Whole blocks only. */
  quotaBytes: number;
}

/** Folders and disks of this node. Every call has a deadline: a NAS that hangs must not hold up control. */
export interface Folders {
  /** Without a path: the mounts. With one: its folders. */
  browse(
    path: string | undefined,
  ): Promise<{ path: string | null; parent: string | null; entries: FolderEntry[] }>;
  /** `marked`: the layout that a marker in it tells. @throws AppError `not_found` when there is no such folder. */
  inspect(path: string): Promise<{ entry: FolderEntry; marked: SpaceLayout | null }>;
  makeFolder(path: string): Promise<void>;
  /** Layout for a quota. @throws AppError `invalid_input` when it is too small. */
  layout(quotaBytes: number): SpaceLayout;
}
