/** What control needs from the machine it runs on, as narrow interfaces; the composition root gives the real ones. */
import type { DoctorCheck, FolderEntry } from '../../src/contract/index.ts';

export interface SpacePlan {
  blockBytes: number;
  blocks: number;
  /** Bytes really taken: whole blocks. */
  bytes: number;
}

/** Folders and disks of this node. Every call has a deadline: a NAS that hangs must not hold up control. */
export interface Folders {
  /** Without a path: the mounts. With one: its folders. */
  browse(
    path: string | undefined,
  ): Promise<{ path: string | null; parent: string | null; entries: FolderEntry[] }>;
  /** @throws AppError `not_found` when there is no such folder. */
  inspect(path: string): Promise<FolderEntry>;
  makeFolder(path: string): Promise<void>;
  /** Block size and count for a quota. @throws AppError `invalid_input` when it is too small. */
  plan(quotaBytes: number): SpacePlan;
}

/** One more line of the doctor, from whoever knows. */
export type DoctorProbe = () => Promise<DoctorCheck[]>;
